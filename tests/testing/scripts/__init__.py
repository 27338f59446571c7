"""Tests of scripted answers."""
