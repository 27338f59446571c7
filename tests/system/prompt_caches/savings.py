"""Play threads of agents against caches per account, and compare what the emulator bills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from time import thread_time
from typing import Any

from scout_adapters import ScoutAnthropicChatModel, ScoutGoogleChatModel, ScoutOpenAIChatModel
from scout_adapters.llm.engine.affinity import CallConversation
from scout_adapters.llm.engine.candidate import Candidate
from scout_adapters.llm.providers import registry
from scout_adapters.llm.types import ChatRequest
from scout_adapters.testing import Emulator, RateLimited, reset
from scout_adapters.testing.emulator.request_log import Exchange
from tests.support.clock import FakeTime
from tests.system.prompt_caches.threads import Thread
from tests.system.reconciliation.plan import PRICES

KEYS = 5
LIMITED = 0.1
"""Share of requests that are answered with a 429."""

GAP = 60.0
"""Seconds between two turns of a thread, on average."""

MODELS: dict[str, tuple[Any, str]] = {
    "openai": (ScoutOpenAIChatModel, "gpt-4.1-mini"),
    "anthropic": (ScoutAnthropicChatModel, "claude-sonnet-4-6"),
    "google": (ScoutGoogleChatModel, "gemini-2.5-flash"),
}


@dataclass(frozen=True)
class Played:
    """What the emulator counted for one way to choose keys."""

    reads: int
    """Tokens that were read from caches."""

    cost: int
    """Nano-dollars, by the emulator's bill."""

    calls_by_key: Counter[str]

    def __add__(self, other: Played) -> Played:
        calls = self.calls_by_key + other.calls_by_key
        return Played(self.reads + other.reads, self.cost + other.cost, calls)

    @property
    def unevenness(self) -> float:
        """The largest difference of a key's calls from the mean, as a share of the mean."""
        mean = self.calls_by_key.total() / KEYS
        return max(abs(self.calls_by_key[key] - mean) for key in keys_of()) / mean


def keys_of(count: int = KEYS) -> list[str]:
    """Return so many keys."""
    return [f"key-{number}" for number in range(count)]


def play(
    provider: str,
    threads: Sequence[Thread],
    *,
    affinity: str = "auto",
    keys: int = KEYS,
    seed: int,
    rest: float = 2.0,
) -> Played:
    """Send every turn of the threads when it is due; a tenth of the requests are refused by 429.

    `rest` is the seconds that a 429 states. With one key no request is refused: its reads are
    those that the others are compared with.
    """
    reset()
    random, time = Random(seed), FakeTime()
    emulator = Emulator(clock=lambda: time.now)
    kind, name = MODELS[provider]
    model = kind(
        model=name,
        api_keys=keys_of(keys),
        transport=emulator.transport(),
        clock=time.clock,
        key_affinity=affinity,
        max_tokens=200,
    )
    start = time.now
    for due, thread, turn in schedule(threads):
        time.now = max(time.now, start + due)
        if keys > 1 and random.random() < LIMITED:
            emulator.script(provider, [RateLimited(rest)])
        model.invoke(thread.messages(turn, marked=provider == "anthropic"))
    good = [exchange for exchange in emulator.log if exchange.billed]
    return Played(
        sum(exchange.spent.cached.read for exchange in good),
        sum(map(bill, good)),
        Counter(exchange.key for exchange in emulator.log if exchange.billed),
    )


def schedule(threads: Iterable[Thread]) -> list[tuple[float, Thread, int]]:
    plan = [(due, thread, turn) for thread in threads for turn, due in enumerate(thread.due)]
    return sorted(plan, key=lambda entry: entry[0])


def set_due(threads: Sequence[Thread], random: Random) -> Sequence[Thread]:
    """Give each thread a start, and its turns their times."""
    for thread in threads:
        now = random.uniform(0, 10 * GAP)
        for _ in thread.turns:
            thread.due.append(now)
            now += random.expovariate(1 / GAP)
    return threads


def bill(exchange: Exchange) -> int:
    """Return what an answer costs, in nano-dollars."""
    price, spent = PRICES[exchange.provider], exchange.spent
    cached = spent.cached
    plain = spent.input - cached.read - cached.written
    written = cached.written * price.get("cache_write", price["input"])
    read = cached.read * price["cache_read"]
    return plain * price["input"] + written + read + spent.output * price["output"]


@dataclass(frozen=True)
class Savings:
    """One provider: a single key, keys in turn, and keys that conversations keep to."""

    provider: str
    alone: Played
    in_turn: Played
    affine: Played

    def __add__(self, other: Savings) -> Savings:
        ways = ("alone", "in_turn", "affine")
        sums = (getattr(self, way) + getattr(other, way) for way in ways)
        return Savings(self.provider, *sums)

    @property
    def reads(self) -> float:
        """Cache reads, as a share of those with one key alone."""
        return self.affine.reads / self.alone.reads

    @property
    def saved(self) -> float:
        """The share of the cost that keys in turn would have."""
        return 1 - self.affine.cost / self.in_turn.cost

    def __str__(self) -> str:
        shares = f"{self.reads:7.1%} {self.in_turn.reads / self.alone.reads:9.1%}"
        dollars = f"{self.affine.cost / 1e9:9.4f} {self.in_turn.cost / 1e9:9.4f}"
        return f"{self.provider:10} {shares} {dollars} {self.saved:7.1%}"


def compare(provider: str, threads: Sequence[Thread], seed: int) -> Savings:
    """Play the same threads in three ways."""
    return Savings(
        provider,
        play(provider, threads, keys=1, seed=seed),
        play(provider, threads, affinity="off", seed=seed),
        play(provider, threads, seed=seed),
    )


def affinity_microseconds(thread: Thread, rounds: int = 50, calls: int = 100) -> float:
    """Return the CPU time to find and to remember the key of a long conversation, at its best."""
    client = registry.client("openai", api_keys=tuple(keys_of()))
    candidate = Candidate(endpoint=client.endpoint, model="gpt-4.1-mini")
    messages = thread.messages(len(thread.turns) - 1, marked=True)
    request, tokens = ChatRequest(model=candidate.model, messages=messages), thread.characters // 4
    best = float("inf")
    for _ in range(rounds):
        began = thread_time()
        for _ in range(calls):
            keys = CallConversation(request).at(candidate, tokens)
            assert keys is not None
            keys.keys(1.0)
            keys.remember("0123456789ab", 1.0)
        best = min(best, (thread_time() - began) / calls)
    return best * 1e6
