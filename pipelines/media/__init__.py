"""Encoding and decoding shared by the task folders."""
