"""Share what is left of a key's rate limits, as answers state it, with the processes of a store.

An answer is published only if others would choose keys differently after it: when little is left,
when half of that is used, and when there is more again. So a key with much left costs nothing, and
one that is used up a few facts until its limit resets.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from scout_adapters.llm.health.key_accounts import account_digest, join_quotas
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.health.quota_left import Counts, QuotaLeft, QuotaLeftByModel, SharedQuotas
from scout_adapters.llm.health.remembered_models import remember
from scout_adapters.store.facts import Fact

SCARCE = {"requests": 16, "tokens": 16_000}
"""Requests and tokens: a limit of which more is left is not published."""

MIN_SECONDS = 0.25
"""Seconds: a limit that resets sooner is not shared; the fact would arrive too late."""

MAX_SECONDS = 32 * 24 * 3600.0
"""Seconds: the longest window of a limit."""


def share_quota(state: KeyState, model: str, left: tuple[QuotaLeft, ...], now: float) -> None:
    """Publish the quota left that an answer states, if other processes need it."""
    subject = state.shared
    if subject is None or not subject.shares_quotas:
        return
    shared = _shared(state.quotas)
    remember(shared.answered_at, model, now)
    if _is_news(shared.published.get(model, ()), left, now):
        remember(shared.published, model, left)
        details = _quota_details(left, now, account_digest(state.account))
        seconds = max(quota.until for quota in left) - now
        subject.publish(Fact(subject.subject, f"quota {model}", "quota", seconds, details=details))


def set_aside(state: KeyState, left: tuple[QuotaLeft, ...]) -> tuple[QuotaLeft, ...]:
    """Return the quota left without one request for each other process, at most without its half.

    Other processes may use the key at the same moment, which no process knows of another. The last
    request is left to all: set aside by each, it would be used by none.
    """
    others = state.shared.others() if state.shared and state.shared.shares_quotas else 0
    if not others:
        return left
    return tuple(
        replace(quota, left=quota.left - min(others, quota.left // 2))
        if quota.counts == "requests"
        else quota
        for quota in left
    )


def adopt_quota(state: KeyState, fact: Fact, now: float) -> None:
    """Apply the quota left that another process published, unless a newer answer was received here.

    Call it with `health_lock` acquired.
    """
    subject, at, model = state.shared, now - fact.age, fact.place.partition(" ")[2]
    left = _quota_left(fact.details, at)
    if not left or subject is None or not subject.shares_quotas:
        return
    if (account := fact.details.get("account")) and not state.account:
        join_quotas(state, subject.provider, subject.address, account)
    shared = _shared(state.quotas)
    remember(shared.published, model, left)
    if at > shared.answered_at.get(model, -math.inf):
        remember(shared.answered_at, model, at)
        state.quotas.store(model, set_aside(state, left))
        state.notify()


def _shared(quotas: QuotaLeftByModel) -> SharedQuotas:
    if quotas.shared is None:
        quotas.shared = SharedQuotas()
    return quotas.shared


def _quota_details(left: tuple[QuotaLeft, ...], now: float, account: int) -> dict[str, int]:
    """Return the quota left as details of a fact: of each limit the number, and milliseconds."""
    details = {"account": account} if account else {}
    for number, quota in enumerate(left):
        name = f"{quota.counts} {number}"
        details[name] = quota.left
        details[f"{name} ms"] = round((quota.until - now) * 1000)
    return details


def _quota_left(details: Mapping[str, int], at: float) -> tuple[QuotaLeft, ...]:
    """Return the quota left that a fact contains; limits without both of their numbers are omitted.

    `at` is when the fact happened, in monotonic seconds.
    """
    quotas = []
    for name, left in details.items():
        seconds = details.get(f"{name} ms", 0) / 1000
        counts: Counts = "requests" if name.startswith("requests") else "tokens"
        if left >= 0 and 0 < seconds <= MAX_SECONDS:
            quotas.append(QuotaLeft(counts=counts, left=left, until=at + seconds))
    return tuple(quotas)


def _is_news(before: tuple[QuotaLeft, ...], left: tuple[QuotaLeft, ...], now: float) -> bool:
    """Return whether other processes need what is left now; `before` is what they have."""
    if [quota.counts for quota in before] == [quota.counts for quota in left]:
        return any(_has_changed(old, new, now) for old, new in zip(before, left, strict=True))
    return any(quota.until > now for quota in before) or any(_is_scarce(q, now) for q in left)


def _has_changed(before: QuotaLeft, quota: QuotaLeft, now: float) -> bool:
    """Return whether half is used since then, or twice as much is left."""
    if before.until <= now:
        return _is_scarce(quota, now)
    is_half_used = quota.left < before.left and 2 * quota.left <= before.left
    return is_half_used or quota.left > 2 * before.left


def _is_scarce(quota: QuotaLeft, now: float) -> bool:
    return quota.left <= SCARCE[quota.counts] and quota.until - now >= MIN_SECONDS
