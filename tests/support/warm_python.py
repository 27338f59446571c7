"""A Python process that has imported what programs of users import, and forks to run each of them.

A new interpreter takes seconds to import LangChain; a fork of this one takes milliseconds and
starts from the same state. Nothing but imports runs before the fork: there are no threads to lose.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import linecache
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from tests.support.paths import ROOT

SECONDS = 60
"""Seconds after which a program is ended by SIGALRM."""

IMPORTS = (
    "genai_prices.data_snapshot",
    "langchain.agents",
    "langchain_core.output_parsers",
    "langchain_core.prompts",
    "langchain_core.tracers.langchain",
    "langchain_core.vectorstores",
    "langchain_openai",
    "langgraph.checkpoint.memory",
    "scout_adapters.agents",
    "scout_adapters.auth",
    "scout_adapters.chat_models.run_observer",
    "scout_adapters.embeddings",
    "scout_adapters.llm.router.cache_strategy",
    "scout_adapters.strategies",
    "scout_adapters.telemetry",
    "scout_adapters.testing.cassette_session",
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

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def run(self, code: str, folder: Path, variables: Mapping[str, str]) -> Finished:
        """Run a program in a folder, with these environment variables and no others."""
        assert self._process.stdin
        assert self._process.stdout
        job = {"code": code, "folder": str(folder), "variables": dict(variables)}
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        self._process.stdin.flush()
        return Finished(**json.loads(self._process.stdout.readline()))


@contextlib.contextmanager
def warm_python() -> Iterator[WarmPython]:
    """Start the process; end it at the end of the block."""
    command = [sys.executable, "-W", "error", "-m", __name__]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        yield WarmPython(process)
        process.stdin.close()


def _child(job: Mapping[str, Any], out: BinaryIO, errors: BinaryIO) -> int:
    """Run a program as `__main__`; return its exit code."""
    signal.alarm(SECONDS)
    for descriptor, target in ((os.open(os.devnull, os.O_RDONLY), 0), (out.fileno(), 1)):
        os.dup2(descriptor, target)
    os.dup2(errors.fileno(), 2)
    os.chdir(job["folder"])
    os.environ.clear()
    os.environ.update(job["variables"])
    module = types.ModuleType("__main__")
    sys.modules["__main__"], sys.argv = module, ["program.py"]
    # By its lines, tracebacks and `inspect` show the source.
    linecache.cache["program.py"] = (
        len(job["code"]),
        None,
        job["code"].splitlines(keepends=True),
        "",
    )
    code = 0
    try:
        exec(compile(job["code"], "program.py", "exec"), vars(module))  # its purpose
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001  # printed, as an interpreter does
        traceback.print_exc()
        code = 1
    return code


def _finish() -> None:
    """Do what an interpreter does at its end: wait for threads, call what was registered."""
    threading._shutdown()  # has no public name
    atexit._run_exitfuncs()  # as above
    sys.stdout.flush()
    sys.stderr.flush()


def _fork(job: Mapping[str, Any]) -> Finished:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        if not (pid := os.fork()):
            code = 1
            try:
                code = _child(job, out, errors)
                _finish()
            finally:
                os._exit(code)
        returncode = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        texts = [(file.seek(0), file.read().decode())[1] for file in (out, errors)]
    return Finished(returncode, *texts)


def main() -> None:
    """Import, then run a program for each line of stdin, until there is none."""
    for name in IMPORTS:
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        print(json.dumps(vars(_fork(json.loads(line)))), flush=True)  # noqa: T201  # the answer


if __name__ == "__main__":
    main()
