"""How to talk: one module pair per family of APIs, pure functions from values to values."""
