"""The chat models of single providers; each adds its provider's name to the base class.

`init=False` is for type checkers. Without it they derive an `__init__` from the pydantic fields,
which accepts no plain string as a key and no option of a provider's own.
"""
