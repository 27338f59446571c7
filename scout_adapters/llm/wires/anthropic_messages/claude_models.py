"""What each generation of Claude accepts, derived from a model's name.

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
"""Matches `claude-opus-4-5-20251101`, `anthropic/claude-sonnet-4.6`; a date is not a version."""

NUMBERED = re.compile(r"claude-(\d)(?:[-.](\d{1,2}))?(?!\d)")
"""Matches `claude-3-7-sonnet-latest`, `claude-2.1`."""

EFFORTS = ("low", "medium", "high", "xhigh", "max")
BUDGETS: Mapping[str, int] = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16_384,
    "xhigh": 32_768,
    "max": 32_768,
}
"""Thinking tokens per reasoning effort, for models that accept a number instead of a level."""

MIN_BUDGET = 1024
"""Tokens: the API refuses a smaller thinking budget."""

UNKNOWN_MAX_TOKENS = 16_384
"""Tokens: the default limit for models that are not Claude."""

Thinking = Literal["never", "budget", "opt_in", "default", "always"]
"""Whether a model thinks: never; with a budget; if requested; unless disabled; always."""


@dataclass(frozen=True, slots=True)
class Claude:
    """A Claude model, as far as its name shows."""

    family: str
    version: tuple[int, int]

    @property
    def max_tokens(self) -> int:
        """Tokens: the limit to send if the caller sets none; the API requires one.

        It is lower than the model's maximum (64,000 since 4.5, 128,000 since 4.6): a whole answer
        must arrive within ten minutes, and budgets reserve the price of every token in the limit.
        """
        if self.version < (3, 5):
            return 4096
        if self.version < (3, 7):
            return 8192
        return 16_384 if self.version < (4, 5) else 32_000

    @property
    def thinking(self) -> Thinking:
        """When the model thinks."""
        if self.version < (3, 7):
            return "never"
        if self.version < (4, 6):
            return "budget"
        if self.version < (5, 0):
            return "opt_in"
        always = self.family in {"fable", "mythos"} or (
            self.family == "opus" and self.version >= (5, 5)
        )
        return "always" if always else "default"

    @property
    def efforts(self) -> tuple[str, ...]:
        """The values of `output_config.effort` that it accepts."""
        if self.version >= (4, 7):
            return EFFORTS
        if self.version == (4, 6):
            return ("low", "medium", "high", "max")
        return EFFORTS[:3] if (self.family, self.version) == ("opus", (4, 5)) else ()

    @property
    def accepts_sampling(self) -> bool:
        """Whether `temperature`, `top_p` and `top_k` are accepted at all."""
        return self.version < (4, 7)

    @property
    def accepts_one_sampler(self) -> bool:
        """Whether `temperature` and `top_p` exclude each other."""
        return self.version >= (4, 1)

    @property
    def accepts_system_anywhere(self) -> bool:
        """Whether system messages may come between the other messages."""
        return self.version >= (4, 8) and (self.family, self.version) != ("sonnet", (5, 0))


@lru_cache(maxsize=256)
def claude(model: str) -> Claude | None:
    """Parse a model's name; None if it is not a Claude. Without a version it counts as new."""
    if match := NAMED.search(model):
        return Claude(match[1], (int(match[2]), int(match[3] or 0)))
    if match := NUMBERED.search(model):
        return Claude("", (int(match[1]), int(match[2] or 0)))
    return Claude("", (5, 0)) if "claude" in model else None


def thinking(model: str, effort: str, max_tokens: int) -> tuple[Json | None, str | None]:
    """Convert a neutral reasoning effort to the fields `thinking` and `output_config.effort`.

    Models of other providers get a thinking budget, the form that Claude 3.7 introduced.
    """
    known = claude(model)
    mode = known.thinking if known else "budget"
    if effort == "none":
        return _no_thinking(known)
    level = _nearest(effort, known.efforts) if known else None
    if mode == "never":
        return None, level
    if mode == "budget":
        return _budget(effort, max_tokens), level
    # Since 4.7, thinking blocks are empty unless a summary is requested.
    display = {} if known and known.version < (4, 7) else {"display": "summarized"}
    return {"type": "adaptive", **display}, level


def _no_thinking(known: Claude | None) -> tuple[Json | None, str | None]:
    if known is None:
        return {"type": "disabled"}, None
    if known.thinking == "always":
        return None, "low"  # it cannot stop thinking; "low" is the least
    if known.thinking != "default":
        return None, None
    if known.family == "sonnet" and known.version >= (5, 5):
        return {"type": "between_tools"}, None
    return {"type": "disabled"}, None


def _nearest(effort: str, levels: tuple[str, ...]) -> str | None:
    """Return the highest level that is not above `effort`; the lowest for `minimal`."""
    if effort not in EFFORTS:
        return levels[0] if levels and effort == "minimal" else None
    not_above = [level for level in levels if EFFORTS.index(level) <= EFFORTS.index(effort)]
    return not_above[-1] if not_above else None


def _budget(effort: str, max_tokens: int) -> Json | None:
    """Return the field `thinking` with at most half of `max_tokens`; None below the minimum."""
    tokens = min(BUDGETS.get(effort, BUDGETS["medium"]), max_tokens // 2)
    if tokens < MIN_BUDGET:
        return None
    return {"type": "enabled", "budget_tokens": tokens}
