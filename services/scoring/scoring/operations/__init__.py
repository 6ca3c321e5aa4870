"""What may be asked of this service: load, decide, save, announce; one transaction each."""
