"""Adapters: send the request of one attempt over HTTP, or call a user's own function."""
