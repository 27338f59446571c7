"""What each provider and model refuses of a request, in tables by provider."""
