"""Many callers against providers that enforce their limits."""
