"""What is known of keys: from the audit log, or by asking with each of them once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from langchain_core.messages import HumanMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.audit import read_rows
from scout_adapters.audit.process_log import audit_path
from scout_adapters.errors import ConfigurationError, InvalidRequest, ProviderError, ScoutError
from scout_adapters.llm.engine.audit_rows import environment_audit
from scout_adapters.llm.engine.calls import acomplete
from scout_adapters.llm.engine.candidate import Candidate, RetryBudget
from scout_adapters.llm.engine.retry import Attempts
from scout_adapters.llm.engine.retry_policy import RetryPolicy
from scout_adapters.llm.health.circuit_breaker import CircuitBreaker
from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.providers.client import ProviderClient
from scout_adapters.llm.timeouts import Timeouts
from scout_adapters.llm.types import ChatRequest

PROMPT = "Answer with the word OK."
MAX_TOKENS = 64
"""Enough for a model that thinks a little; most of them answer with two."""

AT_ONCE = 8
"""Keys of one provider that are asked at the same time."""

PROBE_SECONDS = 60.0
WORKS, ACCEPTED = "works", "accepted"


@dataclass(frozen=True, slots=True)
class LastOutcome:
    """The last row about a key in an audit log; times with their zone."""

    outcome: str
    at: datetime
    model: str | None = None
    rests_until: datetime | None = None
    """Until when the provider said that the key must rest, if it did."""


def last_outcomes(path: Path | None = None) -> dict[tuple[str, str], LastOutcome]:
    """Read from an audit log, by provider and key's fingerprint, what came of the last attempt.

    A log that is not there knows nothing; torn and foreign lines are passed over.
    """
    known: dict[tuple[str, str], LastOutcome] = {}
    for row in read_rows(audit_path(path)):
        match row:
            case {
                "event": "llm_attempt",
                "provider": str(provider),
                "key_id": str(key),
                "outcome": str(outcome),
                "time": str(time),
            }:
                if last := _last(outcome, time, row):
                    known[provider, key] = last
    return known


def _last(outcome: str, time: str, row: Mapping[str, Any]) -> LastOutcome | None:
    wait, model = row.get("retry_after"), row.get("model")
    try:
        at = datetime.fromisoformat(time)
        told = isinstance(wait, int | float) and outcome != "ok"
        until = at + timedelta(seconds=float(wait or 0)) if told else None
    except (ValueError, OverflowError):
        return None  # not of our writing
    return LastOutcome(outcome, at, model if isinstance(model, str) else None, until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of asking with one key. Seconds and US dollars; None is unknown."""

    provider: str
    model: str
    key_id: str | None
    outcome: str
    """`works`; `accepted` (the key, though not the request); or the kind of the error."""

    who: str = ""
    """Who must act: `key`, `account`, `provider`, `caller`, `nobody`."""

    advice: str = ""
    reason: str = ""
    latency_s: float | None = None
    cost_usd: float | None = None
    billed: str | None = None
    """`no` or `unknown`, where it did not work."""

    @property
    def failed(self) -> bool:
        """Whether the key could not be used."""
        return self.outcome not in {WORKS, ACCEPTED}


async def probe(clients: Iterable[ProviderClient], model: str | None = None) -> list[Verdict]:
    """Ask each provider once with each of its keys, all at a time, and nobody else instead.

    Each answer is paid for: some tokens. `model` is the provider's default one if left out.
    """
    asked = [_provider(client, model or client.spec.default_model) for client in clients]
    return [verdict for verdicts in await asyncio.gather(*asked) for verdict in verdicts]


async def _provider(client: ProviderClient, model: str) -> list[Verdict]:
    if not model:
        raise ConfigurationError(f"{client.name} has no default model: name one with --model")
    places = asyncio.Semaphore(AT_ONCE)

    async def ask(key: str | None) -> Verdict:
        async with places:
            return await _key(client, key, model)

    keys: list[str | None] = [state.key for state in client.keys]
    return list(await asyncio.gather(*map(ask, keys or [None])))


async def _key(client: ProviderClient, key: str | None, model: str) -> Verdict:
    """Ask with exactly this key, whatever is known of it and of the provider."""
    state = KeyState(key) if key else None
    endpoint = replace(
        client.endpoint,
        pool=KeyPool(client.name, [state] if state else []),
        circuit=CircuitBreaker(client.name),
        retries=RetryBudget(),
    )
    request = ChatRequest(model=model, messages=[HumanMessage(PROMPT)], max_tokens=MAX_TOKENS)
    once = RetryPolicy(max_retries=0, deadline=PROBE_SECONDS, timeouts=Timeouts())
    candidate = Candidate(endpoint=endpoint, model=model)
    attempts = Attempts([candidate], request, once, observer=environment_audit())
    known: Json = {"provider": client.name, "model": model, "key_id": state.id if state else None}
    try:
        scout = (await acomplete(attempts)).response_metadata["scout"]
    except ScoutError as error:
        return _failed(error, known)
    known |= {"latency_s": scout["latency_s"], "cost_usd": scout["cost_usd"]}
    return Verdict(outcome=WORKS, **known)


def _failed(error: ScoutError, known: Json) -> Verdict:
    asked = [row for row in error.attempts if row.get("latency_s") is not None]
    if asked:
        known |= {"latency_s": asked[-1]["latency_s"], "billed": asked[-1].get("billed")}
    if not isinstance(error, ProviderError):
        return Verdict(outcome=type(error).__name__, who="caller", reason=str(error), **known)
    outcome = ACCEPTED if isinstance(error, InvalidRequest) else str(error.kind)
    policy = error.policy
    return Verdict(
        outcome=outcome, who=policy.actor, advice=policy.advice, reason=error.message, **known
    )
