"""Tests of what each provider and model refuses."""
