"""Rows in, domain values out. Every statement of this service is in this package."""
