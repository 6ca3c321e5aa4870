"""The subgraph: translates between GraphQL and this service; decides nothing."""
