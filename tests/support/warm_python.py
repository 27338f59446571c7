"""Programs of users, each in a fork of one process that has imported what such programs import."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.warm_process import WarmProcess

SECONDS = 300
"""Seconds after which a program is killed."""

IMPORTS = (
    "genai_prices.data",
    "genai_prices.data_snapshot",
    "genai_prices.data_units",
    "langchain.agents",
    "langchain_core.messages.block_translators.langchain_v0",
    "langchain_core.output_parsers",
    "langchain_core.prompts",
    "langchain_core.tracers.langchain",
    "langchain_core.tracers.stdout",
    "langchain_core.vectorstores",
    "langchain_openai",
    "langgraph.checkpoint.memory",
    "scout_adapters.agents",
    "scout_adapters.auth",
    "scout_adapters.chat_models.provider_models",
    "scout_adapters.chat_models.router",
    "scout_adapters.chat_models.run_observer",
    "scout_adapters.embeddings",
    "scout_adapters.llm.router.cache_strategy",
    "scout_adapters.strategies",
    "scout_adapters.telemetry",
    "scout_adapters.testing.replay.cassette_session",
    "scout_adapters.testing.emulator.emulator",
)


@dataclass(frozen=True)
class Finished:
    """How a program ended: the exit code, negative for a signal, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


class WarmPython:
    """Runs programs in forks of one process, in which every warning is an error.

    with warm_python() as python:
        assert python.run("print(1)", folder, {}).stdout == "1\n"
    """

    def __init__(self, process: WarmProcess) -> None:
        self._process = process

    def run(self, code: str, folder: Path, variables: Mapping[str, str]) -> Finished:
        """Run a program in a folder, with these environment variables and no others."""
        with (
            tempfile.TemporaryFile() as out,
            self._process.start(
                code, stdout=out, env=variables, folder=str(folder), brief=True
            ) as child,
        ):
            child.stdin.close()
            returncode = child.wait(SECONDS)
            out.seek(0)
            return Finished(returncode, out.read().decode(), child.errors)


@contextlib.contextmanager
def warm_python() -> Iterator[WarmPython]:
    """Start the process; end it at the end of the block."""
    with WarmProcess(*IMPORTS, options=["-W", "error"]) as process:
        yield WarmPython(process)
