"""How to talk: one package per family of APIs, pure functions from values to values."""
