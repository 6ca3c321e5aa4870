"""A cooperative bank that never existed, with its truth known."""

from simulator.bank import write_bank

__all__ = ["write_bank"]
