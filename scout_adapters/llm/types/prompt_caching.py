"""How a provider caches the prompts of an account, as data on its card."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptCaching:
    """How a provider caches the beginning of prompts, for each account by itself.

    Calls of one conversation then keep to one key: with another account's key the provider would
    read, and bill, the whole prompt again.
    """

    shortest: int = 1024
    """Tokens of the shortest prefix that is cached."""

    by_model: Sequence[tuple[re.Pattern[str], int]] = ()
    """Tokens of the shortest prefix, for models that match from the start; first match counts."""

    seconds: float = 3600.0
    """Seconds without use for which a prefix may stay cached."""

    models: re.Pattern[str] | None = None
    """The models (matched from the start) that cache; None for all."""

    key_field: str = ""
    """The body field that names a conversation: the provider then sends all its requests to the
    servers that have its prefix. Empty if there is none, or some models refuse it."""

    key_header: str = ""
    """The header that does the same; empty if there is none."""

    def shortest_for(self, model: str) -> int | None:
        """Return the tokens of the shortest prefix that a model caches; None if it caches none."""
        if self.models is not None and not self.models.match(model):
            return None
        for pattern, tokens in self.by_model:
            if pattern.match(model):
                return tokens
        return self.shortest
