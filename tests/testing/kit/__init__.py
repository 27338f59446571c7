"""Tests of the fixtures and markers around the emulator, in projects of their own."""
