"""Cut one of two sides off from their Redis server, in network namespaces; needs Linux and root.

Each cut is played twice: the side has no route, or its packets are lost without a word. What must
hold is asserted; the figures are of the side that is cut off. `--seconds` is how long it is.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from scout_adapters.budget.redis_budgets import ALLOWED_DELAY
from tests.support.network_namespaces import Cut, reason_against
from tests.support.warm_process import WarmProcess
from tests.system.partition import partition_caller
from tests.system.partition.partition_run import Partition, check, play_partition

CUTS: dict[Cut, str] = {"unreachable": "no route to the server", "silent": "packets are lost"}


def main() -> int:
    """Play both cuts, and print what they came to; return 1 where they cannot be played."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    if reason := reason_against():
        print(reason)
        return 1
    with WarmProcess(partition_caller.__name__) as warm:
        for how, title in CUTS.items():
            with tempfile.TemporaryDirectory() as folder:
                partition = play_partition(warm, Path(folder), how, options.seconds)
            check(partition)
            print(f"{title}:\n{_figures(partition)}", flush=True)
    return 0


def _figures(partition: Partition) -> str:
    cut_off = partition.cut_off
    waits = [each["seconds"] for each in cut_off["tries"] if each["timeout"] == ALLOWED_DELAY]
    money = {name: amounts[0] / 1e9 for name, amounts in partition.books.items()}
    return "\n".join(
        (
            f"  calls in {cut_off['seconds']:.1f} s, by budget: {cut_off['outcomes']}",
            f"  waits of on_store_error='allow': {len(waits)}, {max(waits) * 1000:.1f} ms at most",
            f"  log lines of the side: {len(partition.lines[0])}, of the other: 0",
            f"  both know both refused keys {partition.merged_after:.1f} s after the link is up",
            f"  spent in US dollars, as billed: {money}",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
