"""What callers may ask of this service: load, decide, save, announce."""
