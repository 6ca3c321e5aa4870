"""Every SQL statement of this service; rows in, domain values out."""
