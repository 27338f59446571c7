"""The form of a rule: what must be there, and which kind of failure it then is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from scout_adapters.errors import ErrorKind

Until = Literal["said", "never", "month", "pacific_day"]
"""When the limit is lifted: as the answer says, not by waiting, or by the provider's calendar."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; all that it names must hold."""

    kind: ErrorKind
    codes: frozenset[str] = frozenset()
    """Any of these among the answer's codes, types and reasons, in the form of `plain`."""

    says: str = ""
    """A pattern for the beginning of the provider's message.

    Only the beginning: further on, a message may repeat the prompt, which may say anything.
    """

    status: frozenset[int | None] = frozenset()
    until: Until = "said"

    def fits(self, words: frozenset[str], message: str, status: int | None) -> bool:
        """Tell whether this rule decides; `status` is None inside a 200 that names none."""
        return (
            (not self.status or status in self.status)
            and (not self.codes or not self.codes.isdisjoint(words))
            and (
                not self.says or re.match(self.says, message, re.IGNORECASE | re.DOTALL) is not None
            )
        )


def rule(
    kind: ErrorKind,
    codes: str = "",
    says: str = "",
    status: tuple[int | None, ...] = (),
    until: Until = "said",
) -> Rule:
    """Write a rule on one line; `codes` are separated by blanks."""
    return Rule(kind, frozenset(codes.split()), says, frozenset(status), until)


def plain(word: str) -> str:
    """Bring a code into one form; they come as `RateLimitReached`, `rate-limit`, `RATE_LIMIT`."""
    return word.lower().replace("-", "_")
