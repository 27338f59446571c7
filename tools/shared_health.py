"""Eight processes with one pool of keys and one budget, beside the same without a store.

`--calls`, `--slow-calls`, `--budget-calls`, `--latency-calls` and `--rounds` change what is played.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.support.redis_server import BINARY, LocalRedis
from tests.support.warm_process import WarmProcess
from tests.system.shared_health import shared_caller
from tests.system.shared_health.shared_run import (
    PROCESSES,
    play_budget,
    play_keys,
    play_latency,
    play_news,
)


def main() -> int:
    """Play all, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300, help="calls of each process")
    parser.add_argument("--slow-calls", type=int, default=250, help="the same, of a provider")
    parser.add_argument("--budget-calls", type=int, default=10_000)
    parser.add_argument("--latency-calls", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if BINARY is None:
        print("no redis-server on this machine")
        return 1
    with (
        tempfile.TemporaryDirectory() as folder,
        WarmProcess(shared_caller.__name__) as warm,
    ):
        server = LocalRedis(Path(folder))
        for name, store in (("with a store", server.url), ("without", "")):
            title = f"{PROCESSES} processes, 50 calls at once each, 20 keys, {name}"
            print(f"{title}, answers after two to three seconds:")
            print(play_keys(warm, store, options.slow_calls, slow=True), flush=True)
            print(f"{title}, answers at once:")
            print(play_keys(warm, store, options.calls), flush=True)
        print("a key that one process finds refused:")
        print(play_news(warm, server.url), flush=True)
        print(f"a budget of $1.00 over {PROCESSES} processes, {options.budget_calls} calls:")
        own = Path(folder) / "own"
        own.mkdir()
        print(play_budget(warm, own, options.budget_calls), flush=True)
        print("one process, one call at a time; then 100 at once:")
        print(play_latency(server, options.latency_calls, options.rounds), flush=True)
        server.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main())
