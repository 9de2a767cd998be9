"""Checks as pure code over texts and graphs."""
