"""The federation router's configuration, supergraph and trusted documents."""
