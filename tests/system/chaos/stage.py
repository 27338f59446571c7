"""The stage: a hurried clock, an emulator that plays the plan, and models that all calls share."""

from __future__ import annotations

import asyncio
import random
import re
import threading
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpx
from langchain_core.runnables import Runnable

from scout_adapters import ScoutRouterChatModel, init_scout_model
from scout_adapters._internal.clock import Clock
from scout_adapters.llm.engine.candidate import Endpoint
from scout_adapters.llm.pricing import price_list
from scout_adapters.llm.timeouts import Timeouts
from scout_adapters.llm.transport.http_transport import Transport
from scout_adapters.testing import Emulator, Fault, reset
from scout_adapters.testing.emulator.routes import EmulatedRoute
from scout_adapters.testing.emulator.transport import EmulatorTransport
from scout_adapters.testing.http_messages import Request
from tests.support.waiting import HANG
from tests.support.weather import get_weather
from tests.system.chaos.faults import KEY_FAULTS, OUTAGES, Unreachable
from tests.system.chaos.plan import HOUSES, PAIRS, ROUTERS, Call, Plan, keys_of

HASTE = 20.0
"""So much faster does time go by for calls in process: a rest of a minute takes three seconds."""

LONGEST = 0.2
"""Real seconds after which a silent emulator in process has exceeded every timeout."""

DEADLINE = 90.0
"""Seconds, by the clock of its model, that a hurried call has."""

BEAT = 0.05
"""Seconds between two beats of the pulse."""

MONTH = 33 * 24 * 3600.0
"""Seconds that go by between two epochs: a key whose spend limit is a month's rests longest."""

NONE = "answered well"
LASTING = {id(fault): name for name, fault in (*KEY_FAULTS.items(), *OUTAGES.items())}
MARKER = re.compile(rb"#c(\d+)#")
PRICES = {
    "groq": {"input": 0.00015, "output": 0.0006},
    "anthropic": {"input": 0.001, "output": 0.005},
    "google": {"input": 0.0003, "output": 0.0025},
}
"""US dollars for 1,000 tokens; the fourth provider names its own."""


WAITS: ContextVar[list[float]] = ContextVar("WAITS")
"""The waits of the current call in real seconds, without the time that a busy machine adds."""


@contextmanager
def counted(seconds: float) -> Iterator[float]:
    """Count a wait, or the part of it before it is cut off, for the current call."""
    began = time.monotonic()
    try:
        yield seconds
    finally:
        if (waits := WAITS.get(None)) is not None:
            waits.append(min(seconds, time.monotonic() - began))


def generous(pace: float) -> Timeouts:
    """Return timeouts that no machine needs, by a clock of this pace.

    A busy machine, or a process that was stopped, is not to look like a silent provider.
    """
    seconds = HANG * pace
    return Timeouts(connect=seconds, first_token=seconds, idle=seconds, total=2 * seconds)


class Pulse:
    """Counts the real seconds in which the threads of this process came to run.

    A process that is stopped adds none, one that waits for a processor adds few.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._over = threading.Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count until the block ends."""
        thread = threading.Thread(target=self._beat)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _beat(self) -> None:
        while not self._over.wait(BEAT):
            self.seconds += BEAT


class Hurry:
    """Monotonic clock that runs faster than real time, and leaps when no call runs."""

    def __init__(self, pace: float, seed: int) -> None:
        self.pace = pace
        self._began = time.monotonic()
        self._leaps = 0.0
        self._random = random.Random(seed).random

    def now(self) -> float:
        return self._began + (time.monotonic() - self._began) * self.pace + self._leaps

    def leap(self, seconds: float) -> None:
        self._leaps += seconds

    def sleep(self, seconds: float) -> None:
        with counted(seconds / self.pace) as real:
            time.sleep(real)

    async def asleep(self, seconds: float) -> None:
        with counted(seconds / self.pace) as real:
            await asyncio.sleep(real)

    def outlast(self, seconds: float) -> None:
        with counted(min(seconds / self.pace, LONGEST)) as real:
            time.sleep(real)

    async def aoutlast(self, seconds: float) -> None:
        with counted(min(seconds / self.pace, LONGEST)) as real:
            await asyncio.sleep(real)

    @property
    def clock(self) -> Clock:
        return Clock(now=self.now, sleep=self.sleep, asleep=self.asleep, random=self._random)


class ChaosEmulator(Emulator):
    """Emulator that plays the plan's faults for each call, by the number in the prompt."""

    def __init__(self, plan: Plan, time_: Hurry) -> None:
        super().__init__(clock=time_.now, sleep=time_.outlast, asleep=time_.aoutlast)
        self.plan = plan
        self.blackout: Mapping[str, Fault] = {}
        self.played: Counter[str] = Counter()
        self.pulse = Pulse()
        self.unheard: Counter[int] = Counter()
        """By call, the requests that did not get here because the line was broken."""

        self._calls: dict[int, Call] = {}
        self._numbers: Counter[tuple[int, str]] = Counter()
        self._asked: dict[tuple[str, bool], list[float]] = {}
        self._counting = threading.Lock()

    def expect(self, calls: list[Call] | tuple[Call, ...], epoch: int) -> None:
        """Begin an epoch, with its weather."""
        weather = self.plan.weather(epoch)
        self.clear()
        self.keys = {house: dict(states) for house, states in weather.keys.items()}
        self.down = dict(self.blackout or weather.down)
        self._calls = {call.index: call for call in calls}
        self._numbers.clear()
        self._asked.clear()
        self.unheard.clear()

    def reach(self, request: httpx.Request) -> None:
        """Raise the connection error that the plan has for a request."""
        house = request.url.path.split("/")[1]
        call = self._calls.get(marked(request.content))
        if call is None or house in self.down:
            return
        with self._counting:
            number = self._numbers[call.index, house] + 1
            drawn = self.plan.fault(call, house, number)
            if drawn is None or not isinstance(drawn[1], Unreachable):
                return
            self._numbers[call.index, house] = number
            self.unheard[call.index] += 1
            self._note(call, house, drawn[0].label)
        raise drawn[1].error(drawn[1].message)

    def _fault(
        self, request: Request, route: EmulatedRoute, key: str, *, stream: bool
    ) -> tuple[Fault | None, float | None]:
        fault, remaining = super()._fault(request, route, key, stream=stream)
        call, house = self._calls.get(marked(request.body)), route.provider.name
        with self._counting:
            if fault is not None or call is None:
                label = "79 blackout" if self.blackout else LASTING.get(id(fault), "unforeseen")
                self._note(call, house, label)
                return fault, remaining
            self._numbers[call.index, house] += 1
            drawn = self.plan.fault(call, house, self._numbers[call.index, house])
            self._note(call, house, drawn[0].label if drawn else NONE)
        return (drawn[1] if drawn else None), None

    def _note(self, call: Call | None, house: str, label: str) -> None:
        self.played[label] += 1
        if call is not None:
            self._asked.setdefault((house, call.sockets), []).append(self.pulse.seconds)

    def last_asked(self, call: Call, house: str, until: float) -> float:
        """Return when a provider received its last request before `until`, by the pulse."""
        times = self._asked.get((house, call.sockets), [])
        at = bisect_right(times, until)
        return times[at - 1] if at else float("-inf")


def marked(body: bytes) -> int:
    """Return the number of the call that a request belongs to, 0 if it names none."""
    match = MARKER.search(body)
    return int(match.group(1)) if match else 0


class Edge(EmulatorTransport):
    """The way to the emulator in process, which may be broken."""

    def __init__(self, emulator: ChaosEmulator) -> None:
        super().__init__(emulator)
        self._reach = emulator.reach

    def _handle(self, request: httpx.Request) -> Any:
        self._reach(request)
        return super()._handle(request)


class Stage:
    """All that the calls of a run share."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.hurried, self.real = Hurry(HASTE, plan.seed), Hurry(1.0, plan.seed)
        self.emulator = ChaosEmulator(plan, self.hurried)
        self.edge = Edge(self.emulator)
        self.network = Transport(trust_env=False)
        self.models: dict[str, ScoutRouterChatModel | Any] = {}
        self.asked: dict[tuple[str, bool], Runnable[Any, Any]] = {}

    @contextmanager
    def open(self) -> Iterator[None]:
        """Serve, with prices in force; forgets health, circuits and prices afterwards."""
        before = {name: dict(table) for name, table in price_list.PRICING.items()}
        inside = {house: self.emulator.url(house) for house in HOUSES}
        for house, price in PRICES.items():
            price_list.PRICING[house] = {HOUSES[house]: price}
        try:
            with self.emulator.pulse.running(), self.emulator.serve():
                self._make(inside, {house: self.emulator.url(house) for house in HOUSES})
                yield
                self.network.close()
        finally:
            reset()
            price_list.PRICING.update(before)

    def _make(self, inside: Mapping[str, str], outside: Mapping[str, str]) -> None:
        quick: dict[str, Any] = {"clock": self.hurried.clock, "timeout": generous(HASTE)}
        everybody = [self._entry(house, inside, self.edge) for house in HOUSES]
        for name in ROUTERS:
            more = {"strategy": name} if name != "hurried" else {"deadline": DEADLINE}
            self.models[name] = ScoutRouterChatModel(models=everybody, **quick, **more)
        for pair in PAIRS:
            two = [self._entry(house, inside, self.edge) for house in pair.split("+")]
            self.models[pair] = ScoutRouterChatModel(models=two, **quick)
        for house in HOUSES:
            entry = self._entry(house, inside, self.edge)
            self.models[house] = init_scout_model(entry.pop("model"), **entry, **quick)
        slow = [self._entry(house, outside, self.network) for house in HOUSES]
        patient: dict[str, Any] = {"clock": self.real.clock, "timeout": generous(1.0)}
        for name in ("weighted", "priority"):
            self.models[f"sockets-{name}"] = ScoutRouterChatModel(
                models=slow, strategy=name, **patient
            )
        for name, over, more in (("fast", everybody, quick), ("sockets-fast", slow, patient)):
            self.models[name] = ScoutRouterChatModel(models=over, max_wait=0, **more)
        for name, model in self.models.items():
            self.asked[name, False] = model
            self.asked[name, True] = model.bind_tools([get_weather])

    def _entry(self, house: str, bases: Mapping[str, str], transport: Any) -> dict[str, Any]:
        return {
            "model": f"{house}/{HOUSES[house]}",
            "api_keys": keys_of(house, self.plan.seed),
            "base_url": bases[house],
            "transport": transport,
        }

    def endpoints(self) -> Iterator[Endpoint]:
        """Yield each address of the models, once for each model that has it."""
        for model in self.models.values():
            for candidate in model._route().candidates:
                yield candidate.endpoint

    def held_resources(self) -> list[str]:
        """Return the resources still held: keys, paces, probes, answers, connection slots."""
        resources: list[str] = []
        for endpoint in self.endpoints():
            resources += [f"key of {endpoint.name}" for state in endpoint.pool if state.in_flight]
            resources += [
                f"load of {name}" for name, load in endpoint.loads.items() if load.in_flight
            ]
            if endpoint.circuit._probe_since is not None:
                resources.append(f"probe of {endpoint.name}")
        return resources + ["an answer"] * self.edge.open_answers

    def rest(self) -> list[str]:
        """Move the clock by a month; return the circuits and keys that are closed even then."""
        self.hurried.leap(MONTH)
        self.real.leap(MONTH)
        closed: list[str] = []
        for model in self.models.values():
            now = model.clock.now()
            for candidate in model._route().candidates:
                endpoint = candidate.endpoint
                resting = any(state.ready_at(candidate.model) > now for state in endpoint.pool)
                if resting or not endpoint.circuit.is_available(now):
                    closed.append(str(candidate))
        return closed
