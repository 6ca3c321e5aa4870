"""Closed months as files: written once, read by account, found by id; no database here."""
