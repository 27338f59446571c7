"""Tool-call ids that the API accepts, for calls of other providers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

ACCEPTED = re.compile(r"[a-zA-Z0-9_-]+")


def acceptable_id(call_id: str) -> str:
    """Return the id, or a hash of it if the API refuses it (`functions.f:0`).

    The hash is that of langchain-anthropic, so that prompts of both share one cache.
    """
    if ACCEPTED.fullmatch(call_id):
        return call_id
    digest = hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).hexdigest()
    return f"toolu_{digest[:24]}"


class CallIds:
    """The ids of one conversation: each call has its own, and its result has the same.

    Some servers number calls from zero in every answer; the API refuses a repeated id.
    """

    def __init__(self, convert: Callable[[str], str] | None = None) -> None:
        """`convert`: the provider's own conversion of ids, if it has one."""
        self._convert = convert or acceptable_id
        self._used: set[str] = set()
        self._latest: dict[str, str] = {}

    def call_id(self, original: str) -> str:
        """Return the id to send for a call."""
        base = unique = self._convert(original)
        number = 1
        while unique in self._used:
            number += 1
            unique = f"{base}_{number}"
        self._used.add(unique)
        self._latest[original] = unique
        return unique

    def result_id(self, original: str) -> str:
        """Return the id to send for the result of the latest call with that original id."""
        return self._latest.get(original) or self._convert(original)
