"""The machine of routes, in a process of its own: its examples replay whatever ran before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.waiting import HANG

MACHINE = Path(__file__).with_name("routes.py")


def test_calls_in_any_order_among_faults_follow_the_rules() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, str(MACHINE)], capture_output=True, text=True, check=False, timeout=10 * HANG
    )
    assert done.returncode == 0, done.stdout[-20_000:]
    assert "1 passed" in done.stdout
