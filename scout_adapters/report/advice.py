"""Who must act after an attempt of the log, and what to do: the most urgent first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from scout_adapters.errors.policy import POLICIES, ErrorKind
from scout_adapters.llm.engine.skip_reasons import refusal_kind
from scout_adapters.report.attempt_row import AttemptRow
from scout_adapters.report.call_row import NO_OUTCOME

URGENCY = ("key", "account", "caller", "provider", "nobody")
"""Who must act, in the order of the lines: what no wait repairs comes first."""


REFUSED_STATES = {"refused": ErrorKind.AUTH_INVALID, "out of credit": ErrorKind.BILLING}
REFUSED_KEYS = re.compile(r" (refused|out of credit) \(([^)]*)\)")
"""In the reason of a skip: which keys their owners must repair."""


class Advice(NamedTuple):
    """Who must act, about which key or model, and what to do."""

    who: str
    about: str
    """`groq key 553aa9f4`, or provider and model where no key is concerned."""

    advice: str
    reason: str


def advice_of(attempt: AttemptRow) -> Advice | None:
    """Return who must act after an attempt; None after an answer and for unknown outcomes."""
    if attempt.outcome == "skipped":
        return _of_skipped(attempt)
    if attempt.outcome == NO_OUTCOME:
        text = "in progress, or its process ended: compare with the provider's bill"
        return Advice("caller", attempt.model, text, "")
    try:
        policy = POLICIES[ErrorKind(attempt.outcome)]
    except ValueError:
        return None
    about_key = policy.actor in {"key", "account"} and attempt.key
    about = f"{attempt.provider} key {attempt.key}" if about_key else attempt.model
    return Advice(policy.actor, about, policy.advice, attempt.outcome)


def _of_skipped(attempt: AttemptRow) -> Advice:
    kind = refusal_kind(attempt.reason)
    if kind is not None:
        policy = POLICIES[kind]
        return Advice(policy.actor, attempt.provider, policy.advice, attempt.reason)
    if attempt.ready_in_s is None:
        return Advice("caller", attempt.model, attempt.reason, attempt.reason)
    return Advice("nobody", attempt.model, "wait", attempt.reason)


def _of_refused_keys(attempt: AttemptRow) -> Iterator[Advice]:
    """Yield who must act for keys that were refused before the call; a skip's reason names them."""
    for state, keys in REFUSED_KEYS.findall(attempt.reason) if not attempt.requested else ():
        policy = POLICIES[REFUSED_STATES[state]]
        about = f"{attempt.provider} key {keys}"
        yield Advice(policy.actor, about, policy.advice, f"{state} before the call")


def to_do(attempts: Sequence[AttemptRow]) -> list[Advice]:
    """Return the advice of all attempts once each: what an owner must mend comes first.

    A candidate that was skipped after a request of its own adds none: the refusal has the reason.
    """
    requested = {attempt.model for attempt in attempts if attempt.requested}
    attempts = [row for row in attempts if row.requested or row.model not in requested]
    refused = [advice for attempt in attempts for advice in _of_refused_keys(attempt)]
    all_advice = dict.fromkeys([*refused, *filter(None, map(advice_of, attempts))])
    return sorted(all_advice, key=lambda advice: URGENCY.index(advice.who))
