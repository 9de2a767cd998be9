"""Everyday work the Director does in the chat, without a plan: answers about texts, rewording, lists, sums, code."""
