"""Makers of words, and of the finished values that makers of media receive."""
