"""A route on its stage: the house, a clock, a model over both, and the rules as the audience."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import orjson
from langchain_core.callbacks import BaseCallbackHandler

from scout_adapters import ScoutRouterChatModel
from scout_adapters._internal.clock import Clock
from scout_adapters.llm.engine.candidate import Candidate, Endpoint, RetryBudget
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.llm.pricing import price_list
from scout_adapters.llm.providers import registry
from scout_adapters.testing import reset
from tests.llm.router.machine.health import LOST, PlainCircuit, PlainKey, PlainProvider, Try
from tests.llm.router.machine.providers import House, HouseTransport, calling
from tests.llm.router.machine.rules import CrowdedCall, PlainCall

CANDIDATES = [
    ("groq", "big"),
    ("groq", "small"),
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("cerebras", "big"),
]
STRATEGIES = ["priority", "shuffled", "weighted", "cheapest", "fastest", "least_busy"]
PER_THOUSAND = {"input": 0.5, "output": 1.0}


class StageTime:
    """Stands still until somebody sleeps; whose sleep it is, is written down."""

    def __init__(self) -> None:
        self.now = 1000.0

    def read(self) -> float:
        """Tell the time; a call begins when it first asks for it."""
        call = calling.get(None)
        if call is not None and not call.looked:
            call.looked, call.began = True, self.now
        return self.now

    def sleep(self, seconds: float) -> None:
        calling.get().sleeps(seconds)
        self.now += seconds

    async def asleep(self, seconds: float) -> None:
        self.sleep(seconds)
        await asyncio.sleep(0)

    def go_by(self, seconds: float) -> None:
        self.now += seconds


class Audience(BaseCallbackHandler):
    """Hears of attempts as every handler may, and holds them against the rules."""

    run_inline = True
    raise_error = True

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def on_scout_attempt_start(self, run: Any, attempt: Any) -> None:
        call, stage = calling.get(), self.stage
        call.run_ids.add(run.id)
        candidate = (attempt["provider"], attempt["model"])
        stage.begun[str(run.id), attempt["number"]] += 1
        stage.guard(call.starts, candidate, stage.ids[attempt["key_id"]])

    def on_scout_attempt_end(self, run: Any, record: Any) -> None:
        call, stage = calling.get(), self.stage
        if record.outcome == "skipped":
            return
        stage.ended[str(run.id), record.number] += 1
        one = call.live
        stage.guard(call.ends, record)
        stage.guard(stage.rest_on, one, record.outcome)
        stage.overtaken(one)
        if not isinstance(call, CrowdedCall):
            stage.compare()


class Stage:
    """The model, what is known of its surroundings, and what the rules make of it."""

    def __init__(self, options: dict[str, Any], path: Path) -> None:
        reset()
        os.environ["SCOUT_AUDIT_PATH"] = str(path)
        self.path = path
        self.time = StageTime()
        self.house = House(lambda: self.time.now, self.time.go_by)
        self.random = Random(options["seed"])
        self.candidates: list[tuple[str, str]] = options["candidates"]
        self.max_retries: int = options["max_retries"]
        self.max_wait: float = options["max_wait"]
        self.deadline: float | None = options["deadline"]
        self.begun: Counter[Any] = Counter()
        self.ended: Counter[Any] = Counter()
        self.calls: list[PlainCall] = []
        self.known: dict[tuple[str, str], float] = {}
        self.failed_at: dict[str, float] = {}
        self.blamed: list[AssertionError] = []
        self.price = (10 * PER_THOUSAND["input"] + 5 * PER_THOUSAND["output"]) / 1000
        self._set(options)

    def _set(self, options: dict[str, Any]) -> None:
        names = dict.fromkeys(provider for provider, _ in self.candidates)
        held = {name: [f"{name}_{n}" for n in range(options["keys"][name])] for name in names}
        self.ids = {fingerprint(key): key for several in held.values() for key in several}
        for provider, model in self.candidates:
            price_list.PRICING.setdefault(provider, {})[model] = PER_THOUSAND
        transport, strategy = HouseTransport(self.house), options["strategy"]
        self.strategy = strategy
        self.model = ScoutRouterChatModel(
            models=[
                {
                    "model": f"{provider}/{model}",
                    "api_keys": held[provider],
                    "transport": transport,
                    "weight": weight,
                }
                for (provider, model), weight in zip(self.candidates, (3, 1, 2), strict=False)
            ],
            strategy=self._shuffled if strategy == "shuffled" else strategy,
            clock=self._clock(),
            max_retries=self.max_retries,
            max_wait=self.max_wait,
            deadline=self.deadline,
        )
        self._open(options, held)

    def _open(self, options: dict[str, Any], held: dict[str, list[str]]) -> None:
        self.endpoints: dict[str, Endpoint] = {
            client.name: client.endpoint for client in self._clients()
        }
        self.providers: dict[str, PlainProvider] = {}
        for name, names in held.items():
            endpoint = self.endpoints[name]
            endpoint.circuit.threshold = options["threshold"]
            endpoint.retries = RetryBudget(capacity=options["capacity"])
            self.providers[name] = PlainProvider(
                keys={key: PlainKey(key) for key in names},
                circuit=PlainCircuit(options["threshold"]),
                capacity=options["capacity"],
                tokens=options["capacity"],
            )

    def _clock(self) -> Clock:
        time = self.time
        return Clock(now=time.read, sleep=time.sleep, asleep=time.asleep, random=lambda: 0.5)

    def _clients(self) -> Sequence[Any]:
        self.model._route()  # opened on first use
        return list(registry._all_special)

    def _shuffled(self, candidates: Sequence[Candidate], _request: Any) -> list[Candidate]:
        order = self.random.sample(list(candidates), len(candidates))
        calling.get().order = [(one.endpoint.name, one.model) for one in order]
        return order

    def call(self, *, stream: bool, crowded: bool = False) -> PlainCall:
        made = CrowdedCall if crowded else PlainCall
        call = made(len(self.calls), self, stream, self.time.now)
        if self.strategy == "priority":
            call.order = list(self.candidates)
        self.calls.append(call)
        return call

    def guard(self, check: Callable[..., Any], *given: Any) -> None:
        """Keep what is wrong: the product takes an error that is raised here for its caller's."""
        try:
            check(*given)
        except AssertionError as error:
            self.blamed.append(error)
            raise

    def rest_on(self, one: Try, outcome: str) -> None:
        """A rest ends no earlier than was known, but for a success that began after its cause."""
        before, self.known = self.known, self.rests()
        earned = outcome == "ok" and one.began >= self.failed_at.get(one.key, 0.0)
        acquitted = one.candidate[0] if outcome == "auth_invalid" else None
        for (key, model), until in before.items():
            freed = (earned and key == one.key) or key.partition("_")[0] == acquitted
            assert freed or self.known[key, model] >= until, f"{key} rests shorter for {model}"
        states = (state for endpoint in self.endpoints.values() for state in endpoint.pool)
        self.failed_at = {state.key: state.last_failure for state in states}

    def rests(self) -> dict[tuple[str, str], float]:
        """Return until when each key rests for each model, as the product has it."""
        return {
            (state.key, model): state.ready_at(model)
            for name, endpoint in self.endpoints.items()
            for state in endpoint.pool
            for provider, model in self.candidates
            if provider == name
        }

    def compare(self) -> None:
        """Hold the product's health of everything against the rules'."""
        now = self.time.now
        for name, plain in self.providers.items():
            endpoint = self.endpoints[name]
            self.guard(same, "circuit", endpoint.circuit.open_until, plain.circuit.open_until)
            self.guard(same, "second tries", endpoint.retries._tokens, plain.tokens)
            for state in endpoint.pool:
                key = plain.keys[state.key]
                told = state.failures, state.marks, state.in_flight, state.permanently_failed
                known = key.failures, key.marks, key.busy, key.refused_until is not None
                self.guard(same, f"{state.key}: failures, marks, in flight, refused", told, known)
        for (key_name, model), until in self.rests().items():
            key = self.providers[key_name.partition("_")[0]].keys[key_name]
            self.guard(same, key_name, max(until, now), max(key.ready_at(model), now))

    def overtaken(self, one: Try) -> None:
        """Believe the product's circuit where the rules cannot know whether a permit still held."""
        lost = one.probe_circuit and self.time.now - one.began >= LOST
        if lost or one.overtaken:
            name = one.candidate[0]
            self.providers[name].circuit.take_over(self.endpoints[name].circuit)

    def live(self) -> list[Try]:
        return [call.live for call in self.calls if call.live is not None]

    def take_over(self) -> None:
        """Begin anew with what the product knows, after calls that came between each other."""
        for one in self.live():
            one.overtaken = True
        for name, plain in self.providers.items():
            endpoint = self.endpoints[name]
            tokens = endpoint.retries._tokens
            assert 0 <= tokens <= plain.capacity, "more second tries than there were tokens"
            plain.tokens = tokens
            plain.circuit.take_over(endpoint.circuit)
            for state in endpoint.pool:
                plain.keys[state.key].take_over(state)

    def settled(self, held: int) -> None:
        """Nothing is held but by the streams that are open."""
        live = self.live()
        assert len(live) <= held, "an attempt is open that nobody reads"
        opened = [one for one in self.house.log if one.open]
        kept = [one.heard for one in live]
        assert all(one in kept for one in opened), "an answer is open that nobody reads"
        paces = sum(p.in_flight for e in self.endpoints.values() for p in e.loads.values())
        assert paces == len(live), "somebody counts as busy who is not"
        for name, endpoint in self.endpoints.items():
            probed = endpoint.circuit._probe_since is not None
            assert probed <= (self.providers[name].circuit.probe is not None), "a probe is held"

    def audited(self) -> None:
        """Every attempt has one intent and one outcome, and every request has an attempt."""
        assert self.begun == self.ended, "attempts begun are not those that were booked"
        assert not self.begun or set(self.begun.values()) == {1}
        rows = [orjson.loads(line) for line in self.path.read_bytes().splitlines()]
        made = [row for row in rows if row.get("outcome") != "skipped"]
        for event in ("llm_intent", "llm_attempt"):
            pairs = Counter((r["run_id"], r["number"]) for r in made if r["event"] == event)
            assert pairs == self.begun, f"the audit log's {event} rows are not the attempts"
        sent = [one.heard for call in self.calls for one in call.tries if one.heard]
        assert len(sent) == len(self.house.log), "a request belongs to no attempt"
        ended = (row for row in made if row["event"] == "llm_attempt")
        paid = [row["cost"] for row in ended if row["outcome"] == "ok"]
        answered = sum(call.answered for call in self.calls)
        assert paid == [self.price] * answered, f"answered {answered}, paid for {paid}"


def same(what: str, told: object, known: object) -> None:
    assert told == known, f"{what}: {told}, and by the rules {known}"
