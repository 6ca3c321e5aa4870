"""A cooperative bank that never existed."""
