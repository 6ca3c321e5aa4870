"""The engine: a whole bank's contribution as dataframe expressions, equal to domain to the fen."""
