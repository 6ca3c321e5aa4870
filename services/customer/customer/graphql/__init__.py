"""The subgraph: translates between GraphQL and `operations`; decides nothing."""
