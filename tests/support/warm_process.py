"""Programs in processes of their own that share what they import.

A new interpreter reads LangChain for a second before its program begins. A child of a process that
has read it begins at once, and shares nothing else with its siblings: each has its own memory,
threads and files, may kill itself, and ends as an interpreter does. What a test shows of imports
that are not shared, a program in a new interpreter must show.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from types import ModuleType
from typing import IO, Any, Self

from tests.support.processes import environment
from tests.support.waiting import HANG

BARE = (
    "aiohttp",
    "genai_prices",
    "httpcore",
    "langchain_core.callbacks.manager",
    "langchain_core.embeddings",
    "langchain_core.language_models.chat_models",
    "langchain_core.output_parsers.openai_tools",
    "langchain_core.tracers.event_stream",
    "langchain_core.tracers.langchain",
    "langchain_core.utils.function_calling",
    "pydantic.v1",
    "respx",
    "tenacity",
    "yaml",
)
"""What of other packages ours import. Children of a process with these import ours themselves."""


@dataclass
class Child:
    """A program that runs, with what of `subprocess.Popen` the tests need.

    What it writes to standard error is read with `errors` when it has ended.
    """

    pid: int
    end: socket.socket
    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]
    returncode: int | None = field(default=None, init=False)

    def send_signal(self, number: int) -> None:
        """Send a signal; nothing happens if the program has just ended."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def poll(self) -> int | None:
        """Return how it ended, or None while it runs."""
        try:
            return self.wait(0)
        except BlockingIOError:
            return None

    def wait(self, timeout: float = HANG) -> int:
        """Wait for the end; return the exit code, or the negative number of a signal."""
        if self.returncode is None:
            self.end.settimeout(timeout)
            self.returncode = os.waitstatus_to_exitcode(int(self.end.recv(16)))
            self.end.close()
        return self.returncode

    def communicate(self, text: bytes = b"", timeout: float = HANG) -> bytes:
        """Write to standard input, wait for the end, and return what was written."""
        self.stdin.write(text)
        self.stdin.close()
        written = self.stdout.read()
        self.wait(timeout)
        return written

    @cached_property
    def errors(self) -> str:
        """What stands in standard error."""
        self.stderr.seek(0)
        return self.stderr.read().decode()

    def close(self) -> None:
        for stream in (self.stdin, self.stdout, self.stderr, self.end):
            stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self.poll() is None:
                self.kill()
        finally:
            self.close()


class WarmProcess:
    """A process that has imported some modules, and forks a child for each program.

    with WarmProcess("tests.audit.writer") as warm, warm.start(writer, path) as child:
        child.kill()
    """

    def __init__(self, *modules: str, options: Sequence[str] = ()) -> None:
        """Start it; `options` are those of the interpreter."""
        self._requests, theirs = socket.socketpair()
        self._lock = Lock()
        line = [
            sys.executable,
            *options,
            "-m",
            "tests.support.fork_server",
            str(theirs.fileno()),
            *modules,
        ]
        with theirs:
            self._server = subprocess.Popen(
                line, env=environment(), stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
            )

    def start(
        self,
        program: ModuleType | str,
        *arguments: object,
        stdout: IO[bytes] | None = None,
        env: Mapping[str, str] | None = None,
        path: str = "",
        folder: str = "",
        brief: bool = False,
    ) -> Child:
        """Run a module, or code, as its main program; `path` is searched for modules first.

        With `brief` it ends without taking its modules apart, for tests of what it does before.
        """
        is_code = isinstance(program, str)
        request = {
            "code": program if is_code else "",
            "module": "" if is_code else program.__name__,
            "arguments": [str(argument) for argument in arguments],
            "environment": dict(environment() if env is None else env),
            "path": [path] if path else [],
            "folder": folder,
            "brief": brief,
        }
        return self._send(json.dumps(request).encode(), stdout)

    def output(self, code: str, text: bytes = b"", **options: Any) -> str:
        """Run code that succeeds, and return what it printed."""
        with self.start(code, brief=True, **options) as child:
            printed = child.communicate(text).decode()
            assert child.returncode == 0, printed + child.errors
            return printed

    def _send(self, request: bytes, stdout: IO[bytes] | None) -> Child:
        mine, theirs = socket.socketpair()
        (read_in, write_in), (read_out, write_out) = os.pipe(), os.pipe()
        stderr = tempfile.TemporaryFile()  # noqa: SIM115  # the child closes it
        out = write_out if stdout is None else stdout.fileno()
        descriptors = [theirs.fileno(), read_in, out, stderr.fileno()]
        with theirs, self._lock:
            self._requests.sendall(b"%8d" % len(request))
            sent = socket.send_fds(self._requests, [request], descriptors)
            self._requests.sendall(request[sent:])
            pid = self._pid(mine)
        os.close(read_in)
        os.close(write_out)
        streams = os.fdopen(write_in, "wb", 0), os.fdopen(read_out, "rb")
        return Child(pid, mine, *streams, stderr)

    def _pid(self, report: socket.socket) -> int:
        digits = b""
        report.settimeout(HANG)
        while byte := report.recv(1).strip():
            digits += byte
        assert digits, f"the process has ended with {self._server.poll()}"
        return int(digits)

    def close(self) -> None:
        """End the process; children that still run go on."""
        self._requests.close()
        self._server.wait(HANG)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
