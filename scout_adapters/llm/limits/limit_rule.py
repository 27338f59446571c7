"""A rule: limits with the name that they are for, and the counts that a request belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from scout_adapters.llm.limits.gcra import wait_of
from scout_adapters.llm.limits.usage_limits import MINUTE, Limits

TAG = "tag:"
"""Begins the name of limits for the calls with a tag."""


@dataclass(frozen=True, slots=True)
class LimitRule:
    """Limits of a provider, a model or a tag, with the seconds that requests and tokens cost."""

    name: str
    limits: Limits
    per: str = field(init=False)
    id: str = field(init=False)
    """Equal for equal limits of the same name: they share their counts."""

    request_seconds: float = field(init=False)
    token_seconds: float = field(init=False)
    request_burst: float = field(init=False)
    """Seconds of the limit; at least one request."""

    token_burst: float = field(init=False)

    def __post_init__(self) -> None:
        limits, name = self.limits, self.name
        per = limits.per or ("tag" if name.startswith(TAG) else "key")
        cost = MINUTE / limits.rpm if limits.rpm else 0.0
        values = {
            "per": per,
            "id": f"{name}|{limits.rpm}|{limits.tpm}|{limits.concurrency}"
            f"|{limits.burst_seconds:g}|{per}",
            "request_seconds": cost,
            "token_seconds": MINUTE / limits.tpm if limits.tpm else 0.0,
            "request_burst": max(limits.burst_seconds, cost),
            "token_burst": limits.burst_seconds,
        }
        for field_name, value in values.items():
            object.__setattr__(self, field_name, value)

    def scope(self, place: RequestPlace) -> str:
        """Return the name of the count that a request belongs to."""
        if self.per == "key":
            return f"{self.id}|{place.address}|{place.key_id}"
        if self.per == "account":
            return f"{self.id}|{place.address}|{place.account or place.key_id}"
        if self.per == "tag":
            return self.id
        model = f"/{place.model}" if self.per == "model" else ""
        return f"{self.id}|{place.provider}{model}"

    def longest_wait(self, requests: float, used: float, tokens: int) -> tuple[float, str]:
        """Return the seconds that a request must wait, and the limit; 0 if it may pass.

        `requests` and `used` are the backlogs of requests and tokens in seconds.
        """
        cost, of_tokens = self.request_seconds, tokens * self.token_seconds
        wait = wait_of(requests, cost, self.request_burst) if cost else 0.0
        wait_tokens = wait_of(used, of_tokens, self.token_burst) if self.token_seconds else 0.0
        return (wait_tokens, "tpm") if wait_tokens > wait else (wait, "rpm")

    def text(self, name: str) -> str:
        """Return one of its limits for a message, such as "rpm=30 of groq (per key)"."""
        number = f"{getattr(self.limits, name):g}"
        per = "" if self.per == "tag" else f" (per {self.per})"
        return f"{name}={number} of {self.name}{per}"


class RequestPlace(NamedTuple):
    """Where a request goes: what its counts are named after."""

    provider: str
    model: str
    address: str
    key_id: str
    account: str
