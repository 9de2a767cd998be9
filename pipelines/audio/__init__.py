"""Makers and readers of sound."""
