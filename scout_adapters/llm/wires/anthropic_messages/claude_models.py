"""What each generation of Claude accepts, read from a model's name.

https://platform.claude.com/docs/en/build-with-claude/thinking
https://platform.claude.com/docs/en/build-with-claude/effort
https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages
https://platform.claude.com/docs/en/api/errors
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from scout_adapters._internal.json_values import Json

NAMED = re.compile(r"claude-([a-z]+)-(\d+)(?:[-.](\d{1,2}))?(?!\d)")
"""`claude-opus-4-5-20251101`, `anthropic/claude-sonnet-4.6`; a date is no minor version."""

NUMBERED = re.compile(r"claude-(\d)(?:[-.](\d{1,2}))?(?!\d)")
"""`claude-3-7-sonnet-latest`, `claude-2.1`."""

EFFORTS = ("low", "medium", "high", "xhigh", "max")
BUDGETS: Mapping[str, int] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16_384,
    "xhigh": 32_768,
    "max": 32_768,
}
"""Tokens for thinking, where a model takes a number and not a word."""

LEAST_BUDGET = 1024
"""The API refuses less."""

UNKNOWN_MAX_TOKENS = 16_384

Thinks = Literal["never", "budget", "asked", "unasked", "always"]


@dataclass(frozen=True, slots=True)
class Claude:
    """A Claude model, as far as its name tells."""

    family: str
    version: tuple[int, int]

    @property
    def max_tokens(self) -> int:
        """The limit to send where the caller set none; the API insists on one.

        Below what the model could write (64,000 from 4.5, 128,000 from 4.6): a whole answer must
        arrive within ten minutes, and budgets reserve the price of every token asked for.
        """
        if self.version < (3, 5):
            return 4096
        if self.version < (3, 7):
            return 8192
        return 16_384 if self.version < (4, 5) else 32_000

    @property
    def thinks(self) -> Thinks:
        """How the model comes to think, and whether it can be told not to."""
        if self.version < (3, 7):
            return "never"
        if self.version < (4, 6):
            return "budget"
        if self.version < (5, 0):
            return "asked"
        always = self.family in {"fable", "mythos"} or (
            self.family == "opus" and self.version >= (5, 5)
        )
        return "always" if always else "unasked"

    @property
    def efforts(self) -> tuple[str, ...]:
        """The words that `output_config.effort` takes."""
        if self.version >= (4, 7):
            return EFFORTS
        if self.version == (4, 6):
            return ("low", "medium", "high", "max")
        return EFFORTS[:3] if (self.family, self.version) == ("opus", (4, 5)) else ()

    @property
    def samples(self) -> bool:
        """Whether `temperature`, `top_p` and `top_k` are accepted at all."""
        return self.version < (4, 7)

    @property
    def takes_one_sampler(self) -> bool:
        """Whether `temperature` and `top_p` exclude each other."""
        return self.version >= (4, 1)

    @property
    def hears_system_anywhere(self) -> bool:
        """Whether system messages may stand between the others."""
        return self.version >= (4, 8) and (self.family, self.version) != ("sonnet", (5, 0))


@lru_cache(maxsize=256)
def claude(model: str) -> Claude | None:
    """Read a model's name; None if it is not a Claude. A Claude of no number counts as new."""
    if match := NAMED.search(model):
        return Claude(match[1], (int(match[2]), int(match[3] or 0)))
    if match := NUMBERED.search(model):
        return Claude("", (int(match[1]), int(match[2] or 0)))
    return Claude("", (5, 0)) if "claude" in model else None


def thinking(model: str, effort: str, max_tokens: int) -> tuple[Json | None, str | None]:
    """Say a neutral reasoning effort in the model's words: `thinking`, and the word for effort.

    Models of other makers take the form that Claude 3.7 introduced, which all of them copied.
    """
    known = claude(model)
    thinks = known.thinks if known else "budget"
    if effort == "none":
        return _no_thinking(known)
    word = _nearest(effort, known.efforts) if known else None
    if thinks == "never":
        return None, word
    if thinks == "budget":
        return _budget(effort, max_tokens), word
    # From 4.7 on thoughts come back empty unless one asks for their summary.
    show = {} if known and known.version < (4, 7) else {"display": "summarized"}
    return {"type": "adaptive", **show}, word


def _no_thinking(known: Claude | None) -> tuple[Json | None, str | None]:
    if known is None:
        return {"type": "disabled"}, None
    if known.thinks == "always":
        return None, "low"  # it cannot be told to stop, only to think little
    if known.thinks != "unasked":
        return None, None
    if known.family == "sonnet" and known.version >= (5, 5):
        return {"type": "between_tools"}, None
    return {"type": "disabled"}, None


def _nearest(effort: str, words: tuple[str, ...]) -> str | None:
    """Return the strongest of `words` that is not stronger than `effort`, or the weakest."""
    if effort not in EFFORTS:
        return words[0] if words and effort == "minimal" else None
    upto = [word for word in words if EFFORTS.index(word) <= EFFORTS.index(effort)]
    return upto[-1] if upto else None


def _budget(effort: str, max_tokens: int) -> Json | None:
    """Leave at least half of the tokens to the answer; without room for thought, no thought."""
    tokens = min(BUDGETS.get(effort, BUDGETS["medium"]), max_tokens // 2)
    if tokens < LEAST_BUDGET:
        return None
    return {"type": "enabled", "budget_tokens": tokens}
