"""Play threads of agents against caches per account, and compare what the emulator bills."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from scout_adapters import ScoutAnthropicChatModel, ScoutGoogleChatModel, ScoutOpenAIChatModel
from scout_adapters.testing import Emulator, RateLimited, reset
from scout_adapters.testing.emulator.request_log import Exchange
from tests.support.clock import FakeTime
from tests.system.prompt_caches.threads import Thread, recorded, synthetic
from tests.system.reconciliation.plan import PRICES

KEYS = 5
LIMITED = 0.1
"""Share of requests that are answered with a 429."""

READS, SAVED, UNEVEN = 0.95, 0.3, 0.25
"""The bounds: at least this share of one key's reads, and of the cost of keys in turn; at most this
difference of a key's calls from the mean."""

AGENT_READS = 0.9
"""The bound for agents whose first provider is down for one turn in twenty: a prompt that moves to
another provider is read there without a cache."""

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


HEAD = f"{'':10} {'reads':>7} {'in turn':>9} {'dollars':>9} {'in turn':>9} {'saved':>7}"


def compare(provider: str, threads: Sequence[Thread], seed: int) -> Savings:
    """Play the same threads in three ways."""
    return Savings(
        provider,
        play(provider, threads, keys=1, seed=seed),
        play(provider, threads, affinity="off", seed=seed),
        play(provider, threads, seed=seed),
    )


def _print_litellm(python: str, threads: Sequence[Thread]) -> None:
    """Print the reads through LiteLLM's router, of which no request is refused."""
    from tests.system.prompt_caches.litellm_peer import play_litellm  # it uses this module

    print("LiteLLM's router, as a share of one key's reads: as it is, and with prompt_caching")  # noqa: T201  # the output
    for provider in ("openai", "anthropic"):
        alone = play(provider, threads, keys=1, seed=0).reads
        checks: tuple[tuple[str, ...], ...] = ((), ("prompt_caching",))
        played = [play_litellm(python, provider, threads, checks=each) for each in checks]
        print(f"{provider:10}", *(f"{each.reads / alone:7.1%}" for each in played))  # noqa: T201  # the output


def _print_agents(threads: int, turns: int, seed: int) -> bool:
    """Print what agents save over a route of three providers; return whether a bound fails."""
    from tests.system.prompt_caches.agents import compare_agents  # it uses this module

    print(f"agents over three providers: {threads} threads, {turns} turns of two calls or more")  # noqa: T201  # the output
    print(HEAD)  # noqa: T201  # the output
    failed = False
    for provider in MODELS:
        savings = compare_agents(provider, threads, turns, seed)
        print(savings)  # noqa: T201  # the output
        failed |= savings.reads < AGENT_READS or savings.saved < SAVED
    return failed


def main() -> int:
    """Print the tables; return 1 if a bound does not hold."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=20)
    parser.add_argument("--turns", type=int, default=30)
    parser.add_argument("--litellm", help="the Python of an environment that has litellm")
    options = parser.parse_args()
    random = Random(options.seed)
    threads = set_due(synthetic(random, options.threads, options.turns), random)
    real = set_due(recorded(20), random)
    failed = False
    for title, played in (("synthetic threads", threads), ("recorded conversations", real)):
        turns = sum(len(thread.turns) for thread in played)
        print(f"{title}: {len(played)} threads, {turns} turns; cache reads as a share of one key's")  # noqa: T201  # the output
        print(HEAD)  # noqa: T201  # the output
        for provider in MODELS if played else ():
            savings = compare(provider, played, options.seed)
            print(savings)  # noqa: T201  # the output
            good = savings.reads >= READS and savings.saved >= SAVED
            failed |= played is threads and not good
    if options.litellm:
        _print_litellm(options.litellm, threads[:3])
    failed |= _print_agents(options.threads // 2, options.turns // 3, options.seed)
    many = set_due(synthetic(random, 200, 5), random)
    load = play("openai", many, seed=options.seed)
    print(f"load of 200 threads: {dict(load.calls_by_key)}, off the mean by {load.unevenness:.1%}")  # noqa: T201  # the output
    return int(failed or load.unevenness > UNEVEN)
