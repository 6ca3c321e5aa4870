"""Plumbing every service shares; it holds no bank word."""
