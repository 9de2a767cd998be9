"""Marks in files: one module for each family of containers, the signature, and what reads them back."""
