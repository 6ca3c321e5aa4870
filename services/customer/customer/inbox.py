"""What other services' events mean here: nothing, this service follows no other."""
