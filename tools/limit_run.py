"""Callers against an emulator that enforces 600 requests and 200,000 tokens per minute and key.

Each line is a run in virtual time: 8 models with 50 callers each that never pause, with the limits
as `limits=` and without. `share` is of what the provider allows in the time.

With `--store redis` or `--store sqlite` the models are eight processes that share their limits, in
real time; `--store none`: that do not share them. `--minutes`, `--keys`, `--callers` and `--seed`
change what is played.
"""

from __future__ import annotations

import argparse
import logging
import sys

from tests.system.limits.crowd import Load, Throughput, play
from tests.system.limits.processes import play_processes

SHARE, REFUSALS = 0.97, 0.005
"""The bounds for runs with limits: at least this share, at most this share of refused requests."""

HEAD = (
    f"{'':12} {'window':7} {'answers':>7} {'tokens':>9} {'share':>8} {'refused':>15} {'failed':>7}"
)
PROMPTS = {"short prompts: requests are scarce": 30, "long prompts: tokens are scarce": 500}


def main() -> int:
    """Print the table; return 1 if a bound does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--keys", type=int, default=1)
    parser.add_argument("--callers", type=int, default=50, help="of each model")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", choices=["redis", "sqlite", "none"])
    options = parser.parse_args()
    store = vars(options).pop("store")
    logging.disable()
    failed = False
    for title, words in PROMPTS.items():
        print(f"{title}\n{HEAD}")
        for window in ("minute", "bucket"):
            for reserves in (True, False):
                load = Load(window=window, words=words, reserves=reserves, **vars(options))
                throughput = _play(load, store)
                print(throughput, flush=True)
                holds = throughput.share >= SHARE and throughput.refusals <= REFUSALS
                failed |= reserves and store != "none" and not holds
    return int(failed)


def _play(load: Load, store: str | None) -> Throughput:
    if store is None:
        return play(load)
    return play_processes(load, "" if store == "none" else store)


if __name__ == "__main__":
    sys.exit(main())
