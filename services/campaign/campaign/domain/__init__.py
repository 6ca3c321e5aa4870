"""Decisions about audiences, campaigns and offers: values in, values out, no I/O."""
