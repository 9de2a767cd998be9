"""Makers on a Ray cluster: the studio's end of it (executor, link), what runs on its nodes (node, replica), and what they share."""
