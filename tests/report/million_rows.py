"""Makes the page of a seeded log of a million rows; prints its time, memory and size."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.report import seeded_log


def main() -> int:
    """Make the log, make its page in a process of its own, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--html", type=Path, help="Where to keep the page.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "audit.jsonl")
        seeded_log.write(log, arguments.rows, arguments.seed)
        page = arguments.html or Path(folder, "out.html")
        command = [sys.executable, "-m", "scout_adapters.cli", "report", "--html", page, log]
        began = time.perf_counter()
        subprocess.run(command, check=True)
        took = time.perf_counter() - began
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        sys.stdout.write(
            f"{arguments.rows} rows of {log.stat().st_size >> 20} MiB: {took:.1f} s,"
            f" {memory:.0f} MiB resident at most, a page of {page.stat().st_size >> 10} KiB\n"
        )
    return 0
