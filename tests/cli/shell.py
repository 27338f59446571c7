"""Commands as a shell runs them, in this process or in one of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from typer import testing
from typer.testing import CliRunner

from scout_adapters.cli import app
from tests.support.paths import ROOT

# All commands are built once, as in a shell, and not again for each one that runs.
testing._get_command = cache(testing._get_command)


class Done(NamedTuple):
    """What a command left: its exit code and both of its outputs."""

    code: int
    out: str
    err: str


def run(*arguments: str | Path, columns: int | None = None) -> Done:
    """Run a command without a terminal; `columns` is the variable COLUMNS."""
    env = {"COLUMNS": str(columns)} if columns else {}
    result = CliRunner().invoke(app, [*map(str, arguments)], env=env)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    """Start a command in a process of its own, which Ctrl-C can end.

    The tests may run in the background of a shell, whose processes ignore SIGINT.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "scout_adapters.cli", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no threads
    )
