"""Tests of the OpenAI Responses wire."""
