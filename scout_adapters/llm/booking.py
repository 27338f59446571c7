"""Who books an outcome: the attempt, while a user's own function runs within one."""

from __future__ import annotations

from contextvars import ContextVar

in_function_call: ContextVar[bool] = ContextVar("scout_in_function_call", default=False)
"""Set while a user's function runs within an attempt: what it books by hand is booked already."""
