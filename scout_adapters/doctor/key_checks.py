"""State of keys, by one request with each key."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace

from langchain_core.messages import HumanMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ConfigurationError, InvalidRequest, ProviderError, ScoutError
from scout_adapters.llm.engine.audit_rows import environment_audit
from scout_adapters.llm.engine.calls import acomplete
from scout_adapters.llm.engine.candidate import Candidate, RetryBudget
from scout_adapters.llm.engine.retry import Attempts
from scout_adapters.llm.engine.retry_policy import RetryPolicy
from scout_adapters.llm.health.circuit_breaker import CircuitBreaker
from scout_adapters.llm.health.key_places import KeyPlace
from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.providers.client import ProviderClient
from scout_adapters.llm.timeouts import Timeouts
from scout_adapters.llm.types import ChatRequest

PROMPT = "Answer with the word OK."
MAX_TOKENS = 64
"""Tokens. Enough for short reasoning; most models answer with two."""

AT_ONCE = 8
"""Requests at the same time to one provider."""

PROBE_SECONDS = 60.0
"""Deadline of one request."""

WORKS, ACCEPTED = "works", "accepted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of one request with one key. Seconds and US dollars; None is unknown."""

    provider: str
    model: str
    key_id: str | None
    source: str | None = None
    """The file, variable or function that the key comes from; None for a plain key."""

    outcome: str
    """`works`; `accepted` (the key is, the request is not); or the kind of the error."""

    who: str = ""
    """Who must act: `key`, `account`, `provider`, `caller`, `nobody`."""

    advice: str = ""
    reason: str = ""
    latency_s: float | None = None
    cost_usd: float | None = None
    billed: str | None = None
    """`no` or `unknown`, if the request failed."""

    @property
    def failed(self) -> bool:
        """Whether the key could not be used."""
        return self.outcome not in {WORKS, ACCEPTED}


async def probe(clients: Iterable[ProviderClient], model: str | None = None) -> list[Verdict]:
    """Send one request with each key of each provider, concurrently and without fallback.

    Each answer costs a few tokens. `model` defaults to the provider's default model.

    Raises:
        ConfigurationError: if a provider has no default model and `model` is not given.
    """
    probes = [_probe_keys(client, model or client.spec.default_model) for client in clients]
    return [verdict for verdicts in await asyncio.gather(*probes) for verdict in verdicts]


async def _probe_keys(client: ProviderClient, model: str) -> list[Verdict]:
    if not model:
        raise ConfigurationError(f"{client.name} has no default model: name one with --model")
    slots = asyncio.Semaphore(AT_ONCE)

    async def probe_key(key: KeyState | None) -> Verdict:
        async with slots:
            return await _probe_key(client, key, model)

    keys: list[KeyState | None] = [*client.keys]
    return list(await asyncio.gather(*map(probe_key, keys or [None])))


async def _probe_key(client: ProviderClient, key: KeyState | None, model: str) -> Verdict:
    """Send a request with exactly this key, whatever its state and the provider's circuit."""
    state = KeyState(key.origin, key.id) if key else None
    circuit = CircuitBreaker(client.name)
    place = client.endpoint.pool.places.get(key) if key else None
    places = {state: KeyPlace(place.address, circuit)} if state and place else {}
    endpoint = replace(
        client.endpoint,
        pool=KeyPool(client.name, [state] if state else [], places=places),
        circuit=circuit,
        retries=RetryBudget(),
    )
    request = ChatRequest(model=model, messages=[HumanMessage(PROMPT)], max_tokens=MAX_TOKENS)
    once = RetryPolicy(max_retries=0, deadline=PROBE_SECONDS, timeouts=Timeouts())
    candidate = Candidate(endpoint=endpoint, model=model)
    attempts = Attempts([candidate], request, once, observer=environment_audit())
    fields: Json = {"provider": client.name, "model": model, "key_id": state.id if state else None}
    fields["source"] = state.source.label if state and state.source else None
    try:
        scout = (await acomplete(attempts)).response_metadata["scout"]
    except ScoutError as error:
        return _failed(error, fields)
    fields |= {"latency_s": scout["latency_s"], "cost_usd": scout["cost_usd"]}
    return Verdict(outcome=WORKS, **fields)


def _failed(error: ScoutError, fields: Json) -> Verdict:
    sent = [row for row in error.attempts if row.get("latency_s") is not None]
    if sent:
        fields |= {"latency_s": sent[-1]["latency_s"], "billed": sent[-1].get("billed")}
    if not isinstance(error, ProviderError):
        return Verdict(outcome=type(error).__name__, who="caller", reason=str(error), **fields)
    outcome = ACCEPTED if isinstance(error, InvalidRequest) else str(error.kind)
    policy = error.policy
    return Verdict(
        outcome=outcome, who=policy.actor, advice=policy.advice, reason=error.message, **fields
    )
