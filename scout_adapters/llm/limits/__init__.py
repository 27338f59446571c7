"""Limits that the user sets: requests and tokens per minute, and requests at once."""
