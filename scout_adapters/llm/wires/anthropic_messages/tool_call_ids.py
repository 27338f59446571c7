"""Tool-call ids that the API accepts, for calls that were minted elsewhere."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

ACCEPTED = re.compile(r"[a-zA-Z0-9_-]+")


def acceptable_id(call_id: str) -> str:
    """Return the id, or for one that the API refuses (`functions.f:0`) always the same other one.

    It is the one that langchain-anthropic makes, so that both leave the same prompt to be cached.
    """
    if ACCEPTED.fullmatch(call_id):
        return call_id
    digest = hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"toolu_{digest[:24]}"


class CallIds:
    """The ids of one conversation: a call and its results agree, and no two calls share one.

    Some servers number their calls from zero in every answer; the API refuses an id used twice.
    """

    def __init__(self, mapped: Callable[[str], str] | None = None) -> None:
        """Bring ids into the accepted form by `mapped`, if the provider has its own."""
        self._mapped = mapped or acceptable_id
        self._used: set[str] = set()
        self._latest: dict[str, str] = {}

    def called(self, call_id: str) -> str:
        """Return the id to send for a call."""
        base = made = self._mapped(call_id)
        number = 1
        while made in self._used:
            number += 1
            made = f"{base}_{number}"
        self._used.add(made)
        self._latest[call_id] = made
        return made

    def answered(self, call_id: str) -> str:
        """Return the id to send for the result of the latest call of that id."""
        return self._latest.get(call_id) or self._mapped(call_id)
