"""Who the customer is, decided: values in, values out, no I/O."""
