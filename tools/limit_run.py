"""Callers against an emulator that enforces 600 requests and 200,000 tokens per minute and key.

Each line is a run in virtual time: 8 models with 50 callers each that never pause, with the limits
as `limits=` and without. `share` is of what the provider allows in the time.

`--minutes`, `--keys` and `--seed` change what is played.
"""

from __future__ import annotations

import argparse
import logging
import sys

from tests.system.limits.crowd import Load, play

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
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    logging.disable()
    failed = False
    for title, words in PROMPTS.items():
        print(f"{title}\n{HEAD}")
        for window in ("minute", "bucket"):
            for reserves in (True, False):
                load = Load(window=window, words=words, reserves=reserves, **vars(options))
                throughput = play(load)
                print(throughput, flush=True)
                holds = throughput.share >= SHARE and throughput.refusals <= REFUSALS
                failed |= reserves and not holds
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
