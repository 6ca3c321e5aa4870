"""A bank's own data, read from files under a documented contract and handed to the services."""
