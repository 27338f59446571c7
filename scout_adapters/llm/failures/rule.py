"""A classification rule: conditions on an error body, and the kind of failure they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from scout_adapters.errors import ErrorKind

Until = Literal["stated", "never", "month", "pacific_day"]
"""When a limit ends: as the response states, never, or by the provider's calendar."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; all of its conditions must hold."""

    kind: ErrorKind
    codes: frozenset[str] = frozenset()
    """Codes, types and reasons, of which the error must have one; see `normalize_code`."""

    pattern: str = ""
    """Pattern of the beginning of the provider's message.

    Only the beginning: the rest of a message may repeat the prompt, which may contain any words.
    """

    status: frozenset[int | None] = frozenset()
    """Statuses, of which the error must have one; None is an error inside a 200."""

    until: Until = "stated"

    def matches(self, words: frozenset[str], message: str, status: int | None) -> bool:
        """Return whether the rule applies; `status` is None for an error inside a 200."""
        return (
            (not self.status or status in self.status)
            and (not self.codes or not self.codes.isdisjoint(words))
            and (
                not self.pattern
                or re.match(self.pattern, message, re.IGNORECASE | re.DOTALL) is not None
            )
        )


def rule(
    kind: ErrorKind,
    codes: str = "",
    pattern: str = "",
    status: tuple[int | None, ...] = (),
    until: Until = "stated",
) -> Rule:
    """Return a rule, written on one line; `codes` are separated by blanks."""
    return Rule(kind, frozenset(codes.split()), pattern, frozenset(status), until)


def normalize_code(word: str) -> str:
    """Return a code in lower case with underscores: `RATE-LIMIT` becomes `rate_limit`."""
    return word.lower().replace("-", "_")
