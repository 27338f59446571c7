"""Processes that share a pool of keys, and the log of the emulator that they call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from scout_adapters.testing import Emulator
from tests.support.warm_process import Child, WarmProcess
from tests.system.shared_health import shared_caller
from tests.system.shared_health.shared_caller import KEYS, PRICE

NANO = 1_000_000_000


@dataclass
class Callers:
    """Running processes; lines to them are answered in order."""

    children: list[Child]

    def send(self, line: str) -> None:
        for child in self.children:
            child.stdin.write(f"{line}\n".encode())

    def answers(self) -> list[dict[str, Any]]:
        return [self.answer(child) for child in self.children]

    @staticmethod
    def answer(child: Child) -> dict[str, Any]:
        line = child.stdout.readline()
        assert line, child.errors
        return json.loads(line)

    def run(self, line: str) -> list[dict[str, Any]]:
        self.send(line)
        return self.answers()


@contextmanager
def callers(
    warm: WarmProcess, emulator: Emulator, number: int, store: str = "", limit_usd: str = ""
) -> Iterator[Callers]:
    """Run processes whose calls go to a served emulator."""
    with ExitStack() as stack:
        base = emulator.url("groq")
        children = [
            stack.enter_context(warm.start(shared_caller, n, base, store, limit_usd))
            for n in range(number)
        ]
        running = Callers(children)
        running.answers()  # each has built its model
        yield running
        for child in children:
            child.communicate()


def pool() -> Emulator:
    """Return an emulator that accepts all keys of the callers, and no other."""
    return Emulator(keys={"groq": KEYS})


@dataclass(frozen=True)
class Spread:
    """Requests with a bad key after the first one, by the emulator's log."""

    requests: int
    processes: int
    """Processes that sent one."""

    late: int
    """Requests that were sent more than 100 ms after the first was refused."""

    @classmethod
    def of(cls, emulator: Emulator, key: str) -> Spread:
        exchanges = emulator.requests("groq", key)
        refused = [each for each in exchanges if each.status in {401, 429}]
        first = emulator._start + min((each.at for each in refused), default=0.0)
        senders = {each.headers.get("x-process") for each in refused}
        late = sum(float(each.headers["x-sent"]) > first + 0.1 for each in refused)
        return cls(len(refused), len(senders), late)


def billed(emulator: Emulator) -> int:
    """Return what the provider bills in nano-dollars."""
    tokens = sum(each.input_tokens + each.output_tokens for each in emulator.log if each.billed)
    return round(tokens * PRICE * NANO / 1000)
