"""Wires: one package per family of APIs; pure functions that build requests and parse answers."""
