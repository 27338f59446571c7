"""An attempt's row of the log as typed values; fields of another form are unknown."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from typing import Any, NamedTuple

LONGEST_NAME, LONGEST_REASON = 120, 300
"""Characters that are kept."""

MAX_COUNT = 10**11
"""Tokens. Larger counts are taken for errors, and are unknown."""

NOT_REQUESTED = frozenset({"skipped", "not_sent"})
"""Outcomes of attempts without a request."""

UNCERTAIN = frozenset({"yes", "unknown"})
"""Values of `billed` with which a failed request may be on the provider's bill."""


class AttemptRow(NamedTuple):
    """One attempt; "" and None are unknown. US dollars, tokens, seconds."""

    time: str
    bucket: str
    run_id: str
    provider: str
    model: str
    """Provider and model: `groq/openai/gpt-oss-120b`."""

    key: str
    tags: tuple[str, ...]
    user: str
    outcome: str
    reason: str
    cost: Decimal | None
    saved: Decimal | None
    """How much more the tokens that were read from the cache would have cost as fresh tokens."""

    input_t: int | None
    output_t: int | None
    cache_read_t: int
    cache_write_t: int
    reasoning_t: int
    latency_s: float | None
    first_token_s: float | None
    uncertain: bool
    """Whether it failed and may be on the provider's bill."""

    estimated: bool
    ok: bool
    """Whether the attempt was answered."""

    requested: bool
    """Whether a request was sent."""

    number: int | None
    status: int | None
    code: str
    waited_s: float
    """Seconds that the call waited before the attempt; 0 if it is unknown."""

    retry_after: float | None
    ready_in_s: float | None
    """Of a skipped candidate: seconds until it could be tried."""

    request_id: str


def attempt_row(row: Mapping[str, Any], time: str, bucket: str) -> AttemptRow:
    """Return a row `llm_attempt` as values; missing fields and other types are unknown."""
    get = row.get
    provider, outcome, read = (
        name(get("provider")),
        name(get("outcome")),
        count(get("cache_read_t")),
    )
    ok, reason, tags = outcome == "ok", get("reason"), get("tags")
    return AttemptRow(
        time,
        bucket,
        name(get("run_id")),
        provider,
        f"{provider or '?'}/{name(get('model')) or '?'}",
        name(get("key_id")),
        _distinct(tuple([name(tag) for tag in tags])) if type(tags) is list else (),
        name(get("user_id")),
        outcome,
        reason[:LONGEST_REASON] if type(reason) is str else "",
        dollars(get("cost")),
        _saved(get("price"), read) if read else None,
        count(get("input_t")),
        count(get("output_t")),
        read or 0,
        count(get("cache_write_t")) or 0,
        count(get("reasoning_t")) or 0,
        _seconds(get("latency_s")),
        _seconds(get("first_token_s")),
        not ok and name(get("billed")) in UNCERTAIN,
        get("estimated") is True,
        ok,
        outcome not in NOT_REQUESTED,
        count(get("number")),
        count(get("status")),
        name(get("code")),
        _seconds(get("waited_s")) or 0.0,
        _seconds(get("retry_after")),
        _seconds(get("ready_in_s")),
        name(get("request_id")),
    )


def dollars(value: Any) -> Decimal | None:
    """Return a number of the log as the decimal that is written there; None for everything else."""
    return Decimal(repr(value)) if _is_number(value) else None


def name(value: Any) -> str:
    """Return a name, cut to its first characters; "" for everything but text."""
    return value[:LONGEST_NAME] if type(value) is str else ""


def count(value: Any) -> int | None:
    """Return a count; None for everything else."""
    return value if type(value) is int and 0 <= value < MAX_COUNT else None


def _seconds(value: Any) -> float | None:
    return float(value) if _is_number(value) and value >= 0 else None


def _is_number(value: Any) -> bool:
    return (type(value) is float and isfinite(value)) or type(value) is int


@lru_cache(maxsize=1024)
def _distinct(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _saved(price: Any, read: int) -> Decimal | None:
    if type(price) is not dict:
        return None
    fresh, cached = price.get("input"), price.get("cache_read")
    if not (_is_number(fresh) and _is_number(cached)):
        return None
    return read * _difference(fresh, cached)


@lru_cache(maxsize=1024)
def _difference(fresh: float, cached: float) -> Decimal:
    """Return the difference between two prices per million tokens, per token."""
    return (Decimal(repr(fresh)) - Decimal(repr(cached))).scaleb(-6)
