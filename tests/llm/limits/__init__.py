"""Tests of the user's limits."""
