"""Tests of the pytest plugin, by pytest runs inside of pytest."""
