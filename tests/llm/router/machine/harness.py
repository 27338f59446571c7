"""A router over a scripted server and a clock; a callback handler checks it against the rules."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import orjson
from langchain_core.callbacks import BaseCallbackHandler

from scout_adapters import ScoutRouterChatModel
from scout_adapters.llm.engine.candidate import Candidate, Endpoint, RetryBudget
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.llm.pricing import price_list
from scout_adapters.llm.providers import registry
from scout_adapters.testing import reset
from tests.llm.router.machine.health import LOST, PlainCircuit, PlainKey, PlainProvider, Try
from tests.llm.router.machine.providers import ScriptedServer, ScriptedTransport, calling
from tests.llm.router.machine.rules import CrowdedCall, PlainCall
from tests.support.clock import FakeTime

CANDIDATES = [
    ("groq", "big"),
    ("groq", "small"),
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("cerebras", "big"),
]
STRATEGIES = ["priority", "shuffled", "weighted", "cheapest", "fastest", "least_busy"]
PER_THOUSAND = {"input": 0.5, "output": 1.0}


class HarnessTime(FakeTime):
    """Clock that moves only in a sleep; the sleeping call is recorded."""

    def read(self) -> float:
        """Return the time; a call begins at its first reading."""
        call = calling.get(None)
        if call is not None and not call.looked:
            call.looked, call.began = True, self.now
        return self.now

    def sleep(self, seconds: float) -> None:
        calling.get().sleeps(seconds)
        super().sleep(seconds)


class RulesHandler(BaseCallbackHandler):
    """Callback handler that checks each attempt against the rules."""

    run_inline = True
    raise_error = True

    def __init__(self, harness: RouteHarness) -> None:
        self.harness = harness

    def on_scout_attempt_start(self, run: Any, attempt: Any) -> None:
        call, harness = calling.get(), self.harness
        call.run_ids.add(run.id)
        candidate = (attempt["provider"], attempt["model"])
        harness.begun[str(run.id), attempt["number"]] += 1
        harness.guard(call.starts, candidate, harness.ids[attempt["key_id"]])

    def on_scout_attempt_end(self, run: Any, record: Any) -> None:
        call, harness = calling.get(), self.harness
        if record.outcome == "skipped":
            return
        harness.ended[str(run.id), record.number] += 1
        attempt = call.live
        harness.guard(call.ends, record)
        harness.guard(harness.rest_on, attempt, record.outcome)
        harness.overtaken(attempt)
        if not isinstance(call, CrowdedCall):
            harness.compare()


class RouteHarness:
    """The router under test, the expected state of its providers, and the violations of rules."""

    def __init__(self, options: dict[str, Any], path: Path) -> None:
        reset()
        os.environ["SCOUT_AUDIT_PATH"] = str(path)
        self.path = path
        self.time = HarnessTime()
        self.server = ScriptedServer(lambda: self.time.now, self.time.go_by)
        self.random = Random(options["seed"])
        self.candidates: list[tuple[str, str]] = options["candidates"]
        self.max_retries: int = options["max_retries"]
        self.max_wait: float = options["max_wait"]
        self.deadline: float | None = options["deadline"]
        self.begun: Counter[Any] = Counter()
        self.ended: Counter[Any] = Counter()
        self.calls: list[PlainCall] = []
        self.rests_before: dict[tuple[str, str], float] = {}
        self.failed_at: dict[str, float] = {}
        self.violations: list[AssertionError] = []
        self.price = (10 * PER_THOUSAND["input"] + 5 * PER_THOUSAND["output"]) / 1000
        self._set(options)

    def _set(self, options: dict[str, Any]) -> None:
        names = dict.fromkeys(provider for provider, _ in self.candidates)
        keys_of = {name: [f"{name}_{n}" for n in range(options["keys"][name])] for name in names}
        self.ids = {fingerprint(key): key for several in keys_of.values() for key in several}
        for provider, model in self.candidates:
            price_list.PRICING.setdefault(provider, {})[model] = PER_THOUSAND
        transport, strategy = ScriptedTransport(self.server), options["strategy"]
        self.strategy = strategy
        self.model = ScoutRouterChatModel(
            models=[
                {
                    "model": f"{provider}/{model}",
                    "api_keys": keys_of[provider],
                    "transport": transport,
                    "weight": weight,
                }
                for (provider, model), weight in zip(self.candidates, (3, 1, 2), strict=False)
            ],
            strategy=self._shuffled if strategy == "shuffled" else strategy,
            clock=self.time.clock,
            max_retries=self.max_retries,
            max_wait=self.max_wait,
            deadline=self.deadline,
        )
        self._open(options, keys_of)

    def _open(self, options: dict[str, Any], keys_of: dict[str, list[str]]) -> None:
        self.endpoints: dict[str, Endpoint] = {
            client.name: client.endpoint for client in self._clients()
        }
        self.providers: dict[str, PlainProvider] = {}
        for name, names in keys_of.items():
            endpoint = self.endpoints[name]
            endpoint.circuit.threshold = options["threshold"]
            endpoint.retries = RetryBudget(capacity=options["capacity"])
            self.providers[name] = PlainProvider(
                keys={key: PlainKey(key) for key in names},
                circuit=PlainCircuit(options["threshold"]),
                capacity=options["capacity"],
                tokens=options["capacity"],
            )

    def _clients(self) -> Sequence[Any]:
        self.model._route()  # opened on first use
        return list(registry._all_special)

    def _shuffled(self, candidates: Sequence[Candidate], _request: Any) -> list[Candidate]:
        order = self.random.sample(list(candidates), len(candidates))
        calling.get().order = [(candidate.endpoint.name, candidate.model) for candidate in order]
        return order

    def call(self, *, stream: bool, crowded: bool = False) -> PlainCall:
        kind = CrowdedCall if crowded else PlainCall
        call = kind(len(self.calls), self, stream, self.time.now)
        if self.strategy == "priority":
            call.order = list(self.candidates)
        self.calls.append(call)
        return call

    def guard(self, check: Callable[..., Any], *arguments: Any) -> None:
        """Record a violation: the router treats an error raised in a handler as the caller's."""
        try:
            check(*arguments)
        except AssertionError as error:
            self.violations.append(error)
            raise

    def rest_on(self, attempt: Try, outcome: str) -> None:
        """Check that a rest is shortened only by a success that began after its cause."""
        before, self.rests_before = self.rests_before, self.rests()
        earned = outcome == "ok" and attempt.began >= self.failed_at.get(attempt.key, 0.0)
        acquitted = attempt.candidate[0] if outcome == "auth_invalid" else None
        for (key, model), until in before.items():
            freed = (earned and key == attempt.key) or key.partition("_")[0] == acquitted
            assert freed or self.rests_before[key, model] >= until, (
                f"{key} rests shorter for {model}"
            )
        states = (state for endpoint in self.endpoints.values() for state in endpoint.pool)
        self.failed_at = {state.key: state.last_failure for state in states}

    def rests(self) -> dict[tuple[str, str], float]:
        """Return the end of each key's rest for each model, from the router's state."""
        return {
            (state.key, model): state.ready_at(model)
            for name, endpoint in self.endpoints.items()
            for state in endpoint.pool
            for provider, model in self.candidates
            if provider == name
        }

    def compare(self) -> None:
        """Compare the router's health of keys and circuits with the rules'."""
        now = self.time.now
        for name, plain in self.providers.items():
            endpoint = self.endpoints[name]
            self.guard(same, "circuit", endpoint.circuit.open_until, plain.circuit.open_until)
            self.guard(same, "second tries", endpoint.retries._tokens, plain.tokens)
            for state in endpoint.pool:
                key = plain.keys[state.key]
                actual = state.failures, state.marks, state.in_flight, state.permanently_failed
                expected = key.failures, key.marks, key.busy, key.refused_until is not None
                self.guard(
                    same, f"{state.key}: failures, marks, in flight, refused", actual, expected
                )
        for (key_name, model), until in self.rests().items():
            key = self.providers[key_name.partition("_")[0]].keys[key_name]
            self.guard(same, key_name, max(until, now), max(key.ready_at(model), now))

    def overtaken(self, attempt: Try) -> None:
        """Copy the router's circuit where the rules cannot decide if a permit was still valid."""
        lost = attempt.probe_circuit and self.time.now - attempt.began >= LOST
        if lost or attempt.overtaken:
            name = attempt.candidate[0]
            self.providers[name].circuit.take_over(self.endpoints[name].circuit)

    def live(self) -> list[Try]:
        return [call.live for call in self.calls if call.live is not None]

    def take_over(self) -> None:
        """Copy the router's state into the rules, after calls that ran at the same time."""
        for attempt in self.live():
            attempt.overtaken = True
        for name, plain in self.providers.items():
            endpoint = self.endpoints[name]
            tokens = endpoint.retries._tokens
            assert 0 <= tokens <= plain.capacity, "more second tries than there were tokens"
            plain.tokens = tokens
            plain.circuit.take_over(endpoint.circuit)
            for state in endpoint.pool:
                plain.keys[state.key].take_over(state)

    def settled(self, open_streams: int) -> None:
        """Check that only open streams hold leases, permits and answers."""
        live = self.live()
        assert len(live) <= open_streams, "an attempt is open without a reader"
        opened = [received for received in self.server.log if received.open]
        of_attempts = [received.received for received in live]
        assert all(received in of_attempts for received in opened), (
            "an answer is open without a reader"
        )
        paces = sum(p.in_flight for e in self.endpoints.values() for p in e.loads.values())
        assert paces == len(live), "a candidate counts as busy and is idle"
        for name, endpoint in self.endpoints.items():
            probed = endpoint.circuit._probe_since is not None
            assert probed <= (self.providers[name].circuit.probe is not None), "a probe is held"

    def audited(self) -> None:
        """Check that each attempt has one intent and one outcome, and each request one attempt."""
        assert self.begun == self.ended, "attempts begun are not those that were booked"
        assert not self.begun or set(self.begun.values()) == {1}
        rows = [orjson.loads(line) for line in self.path.read_bytes().splitlines()]
        sent_rows = [row for row in rows if row.get("outcome") != "skipped"]
        for event in ("llm_intent", "llm_attempt"):
            pairs = Counter((r["run_id"], r["number"]) for r in sent_rows if r["event"] == event)
            assert pairs == self.begun, f"the audit log's {event} rows are not the attempts"
        sent = [
            attempt.received for call in self.calls for attempt in call.tries if attempt.received
        ]
        assert len(sent) == len(self.server.log), "a request belongs to no attempt"
        ended = (row for row in sent_rows if row["event"] == "llm_attempt")
        paid = [row["cost"] for row in ended if row["outcome"] == "ok"]
        answered = sum(call.answered for call in self.calls)
        assert paid == [self.price] * answered, f"answered {answered}, paid for {paid}"


def same(what: str, actual: object, expected: object) -> None:
    assert actual == expected, f"{what}: {actual}, and by the rules {expected}"
