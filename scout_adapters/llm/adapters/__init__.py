"""How one attempt reaches a provider: over HTTP with a wire, or through a user's own function."""
