"""Makers of laid-out pages and banners."""
