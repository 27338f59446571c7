"""Starts the canned server, and ends it; makes the environment that every measured process gets."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "SYSTEMROOT")


def clean_environment(**more: str) -> dict[str, str]:
    """Return an environment without proxies, keys or tracing; `PYTHONPATH` stays.

    With it another checkout of the library can be measured.
    """
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    # LiteLLM would fetch its table of prices when it is imported.
    return {
        **inherited,
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "LANGSMITH_TRACING": "false",
        **more,
    }


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    port: int

    @property
    def address(self) -> str:
        """The root of every URL."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def canned_server(python: str) -> Iterator[Served]:
    """Run the server, with that interpreter, while the block runs."""
    process = subprocess.Popen(
        [python, "-m", "canned.server"],
        cwd=HERE,
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Served(int(process.stdout.readline()))
    finally:
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()
