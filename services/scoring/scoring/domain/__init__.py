"""What a customer is worth: values in, values out, exact integers, no I/O."""
