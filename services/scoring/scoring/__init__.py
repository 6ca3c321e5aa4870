"""What the customer is worth, in exact money."""
