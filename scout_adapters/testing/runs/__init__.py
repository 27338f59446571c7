"""What the models of a test did: calls, attempts, tokens, costs and requests."""
