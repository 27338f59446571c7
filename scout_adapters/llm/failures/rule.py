"""A classification rule: conditions on an error body, and the kind of failure they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from scout_adapters.errors import ErrorKind

Until = Literal["stated", "never", "month", "pacific_day"]
"""When a limit ends: as the response states, never, or by the provider's calendar."""

MAX_WRAPPERS = 6
_WRAPPER = re.compile(
    r"(?:litellm\.)?[A-Z][A-Za-z_]{2,40}(?:Error|Exception)(?: [A-Z]\w{2,40})?(?: -|:)\s{1,9}"
    r"|(?:Error|Provider returned error|Streaming response failed|Upstream error from \w{1,30}"
    r"|Bad Request"
    r"|Error from provider(?: \([^)]{1,40}\))?|Invalid (?:request|parameter)|Validation"
    r"|Input validation error|The model returned the following errors): "
    r"|An error occurred \(\w{1,60}\) when calling the \w{1,40} operation(?: \([^)]{1,40}\))?: "
    r"|(?:invalid params|failed to process inputs?)[,:] "
    r"|\d{1,3} (?:request )?validation errors?(?: for \w{1,40})?:?\s{1,4}(?:[\w.]{1,60}\n\s{1,4})?"
    r"|\[\{'type': '\w{1,40}', 'loc': \([^)]{0,120}\), 'msg': [\"'](?:Value error, )?"
    r"|Invalid request\. Please check the parameters and try again\. Details: (?:/\S{1,200} )?"
    r"|Error code: \d{3} - |code=\d{3}, message=|[<\[][45]\d\d[>\]] |InternalError\.[\w.]{1,60}: "
    r"|b?['\"]?\{[^{}]{0,120}(?:\{[^{}]{0,200}?)?['\"]message['\"]:\s{0,9}b?['\"]",
    re.IGNORECASE,
)
"""Matches a prefix that a gateway or SDK adds to a server's message."""


def unwrap(message: str) -> tuple[str, ...]:
    """Return a message, then the message without one, two, … prefixes of gateways and SDKs."""
    messages = [message]
    while len(messages) <= MAX_WRAPPERS and (wrapper := _WRAPPER.match(messages[-1])):
        messages.append(messages[-1][wrapper.end() :])
    return tuple(messages)


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule; all of its conditions must hold."""

    kind: ErrorKind
    codes: frozenset[str] = frozenset()
    """Codes, types and reasons; the error must have one of them. Empty: any error matches."""

    pattern: str = ""
    """Pattern of the beginning of the provider's message, or of a part that `unwrap` returns.

    Only the beginning: the rest of a message may repeat the prompt, which may contain any words.
    """

    status: frozenset[int | None] = frozenset()
    """HTTP statuses; the error must have one of them (None: inside a 200). Empty: any matches."""

    until: Until = "stated"

    def matches(self, words: frozenset[str], messages: tuple[str, ...], status: int | None) -> bool:
        """Return whether the rule applies.

        `messages` is the result of `unwrap`; `status` is None for an error inside a 200.
        """
        return (
            (not self.status or status in self.status)
            and (not self.codes or not self.codes.isdisjoint(words))
            and (not self.pattern or any(map(_compiled(self.pattern).match, messages)))
        )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


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
