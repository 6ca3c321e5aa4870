"""Whom to approach, with what, and how it went."""
