"""Compare prompt caches and bills: conversations that keep to a key, keys in turn, and one key.

The same conversations also go through LiteLLM's router, with its check `prompt_caching` and
without. Then agents of `langchain.agents` over a route of three providers, with five keys each.

`--seed`, `--threads` and `--turns` change what is played.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from random import Random

from tests.system.prompt_caches.agents import compare_agents
from tests.system.prompt_caches.litellm_peer import play_litellm
from tests.system.prompt_caches.savings import (
    MODELS,
    Savings,
    affinity_microseconds,
    compare,
    play,
    set_due,
)
from tests.system.prompt_caches.threads import Thread, recorded, synthetic

READS, SAVED, UNEVEN = 0.95, 0.3, 0.25
"""The bounds: at least this share of one key's reads, and of the cost of keys in turn; at most this
difference of a key's calls from the mean."""

DOWN, READS_AFTER_MOVES = 0.05, 0.9
"""The share of turns during which the first provider is down, and the bound for its agents' reads:
a prompt that moves to another provider is read there without a cache."""

AFFINITY_US = 15
"""The bound for what it takes to find and to remember the key of a conversation."""

HEAD = f"{'':10} {'reads':>7} {'in turn':>9} {'dollars':>9} {'in turn':>9} {'saved':>7}"


def _print_litellm(threads: Sequence[Thread]) -> None:
    """Print the reads through LiteLLM's router, of which no request is refused."""
    print("LiteLLM's router, as a share of one key's reads: as it is, and with prompt_caching")
    for provider in ("openai", "anthropic"):
        alone = play(provider, threads, keys=1, seed=0).reads
        checks: tuple[tuple[str, ...], ...] = ((), ("prompt_caching",))
        played = [play_litellm(sys.executable, provider, threads, checks=each) for each in checks]
        print(f"{provider:10}", *(f"{each.reads / alone:7.1%}" for each in played))


def _print_agents(threads: int, turns: int, seed: int) -> bool:
    """Print what agents save over a route of three providers; return whether a bound fails."""
    failed = False
    for down, reads in ((0.0, READS), (DOWN, READS_AFTER_MOVES)):
        print(
            f"agents over three providers: {threads} threads, {turns} turns of two calls or more,"
        )
        print(f"the first provider is down in {down:.0%} of the turns")
        print(HEAD)
        for provider in MODELS:
            savings = compare_agents(provider, threads, turns, seed, down=down)
            print(savings)
            failed |= savings.reads < reads or savings.saved < SAVED
    return failed


def _print_affinity(thread: Thread) -> bool:
    """Print what affinity adds to a call; return whether the bound fails."""
    took = affinity_microseconds(thread)
    print(f"affinity takes {took:.1f} µs of a call with {thread.characters} characters")
    return took > AFFINITY_US


def _print_threads(title: str, threads: Sequence[Thread], seed: int) -> list[Savings]:
    """Print what each provider's conversations save, and return it."""
    turns = sum(len(thread.turns) for thread in threads)
    print(f"{title}: {len(threads)} threads, {turns} turns; cache reads as a share of one key's")
    rows = [compare(provider, threads, seed) for provider in MODELS if threads]
    print(HEAD, *rows, sep="\n")
    return rows


def _print_together(made: Sequence[Savings], real: Sequence[Savings]) -> bool:
    """Print what all conversations save together; return whether a bound fails."""
    rows = [a + b for a, b in zip(made, real, strict=True)] if real else made
    print("both together", HEAD, *rows, sep="\n")
    return any(row.reads < READS or row.saved < SAVED for row in rows)


def _print_load(random: Random, seed: int) -> bool:
    """Print how many calls each key had; return whether the bound fails."""
    load = play("openai", set_due(synthetic(random, 200, 5), random), seed=seed)
    print(f"load of 200 threads: {dict(load.calls_by_key)}, off the mean by {load.unevenness:.1%}")
    return load.unevenness > UNEVEN


def main() -> int:
    """Print the tables; return 1 if a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=20)
    parser.add_argument("--turns", type=int, default=30)
    options = parser.parse_args()
    random = Random(options.seed)  # noqa: S311  # no secret
    threads = set_due(synthetic(random, options.threads, options.turns), random)
    made = _print_threads("synthetic threads", threads, options.seed)
    real = set_due(recorded(20), random)
    failed = _print_together(made, _print_threads("recorded conversations", real, options.seed))
    _print_litellm(threads[:3])
    failed |= _print_agents(options.threads // 2, options.turns // 3, options.seed)
    failed |= _print_affinity(threads[0])
    failed |= _print_load(random, options.seed)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
