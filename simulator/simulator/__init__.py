"""A cooperative bank that never existed."""

from simulator.writer import write_bank

__all__ = ["write_bank"]
