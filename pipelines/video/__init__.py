"""Makers of video. None yet."""
