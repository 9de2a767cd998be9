"""A dialogue as files of game engines, as a table of strings and as a picture. Pure renderers: the same document gives the same bytes."""
