"""Makers of pictures."""
