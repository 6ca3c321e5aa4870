"""The sheaf command: the whole system on one machine."""
