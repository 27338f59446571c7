"""A real redis-server for tests, on a free port of the loopback; nothing on disk by default."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from tests.support.waiting import until

BINARY = shutil.which("redis-server") or shutil.which("valkey-server")

needs_redis = pytest.mark.skipif(BINARY is None, reason="no redis-server on this machine")


_given: set[int] = set()


def free_port() -> int:
    """Return a port that nothing listens at, and that no system gives to another socket.

    Those that systems give begin at 32768, and 10000 above it is the bus of a cluster's node: a
    server that starts, or starts again, finds both as they were. Each call returns another one.
    """
    while True:
        port = 10_000 + secrets.randbelow(12_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _given:
                _given.add(port)
                return port


class LocalRedis:
    """A server that a test starts, kills, stops and starts again at the same port."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def url(self) -> str:
        """The address of the server as a store; a busy machine is no server that is away."""
        return f"redis://127.0.0.1:{self.port}?timeout=30"

    def start(self) -> None:
        """Start the server, and wait until it has read its data and answers."""
        assert BINARY is not None
        place = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder))
        command = [BINARY, *place, "--save", "", "--loglevel", "warning", *self._options]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(self._accepts)

    def _accepts(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError("redis-server did not start")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)):
                return False
            if "--tls-port" in self._options:
                return True
            probe.sendall(b"PING\r\n")
            return not probe.recv(64).startswith(b"-LOADING")

    @classmethod
    def over_tls(cls, folder: Path, certificate: Path, key: Path) -> LocalRedis | None:
        """Start a server that speaks only TLS; None if the binary cannot."""
        port = free_port()
        files = ("--tls-cert-file", str(certificate), "--tls-key-file", str(key))
        options = ("--tls-port", str(port), *files, "--tls-auth-clients", "no", "--port", "0")
        server = cls.__new__(cls)
        server.port, server._folder, server._options = port, folder, options
        server._process = None
        try:
            server.start()
        except RuntimeError:
            return None
        return server

    def command(self, *words: str) -> bytes:
        """Send one command, and return the bytes of the answer."""
        return self.command_at(self.port, *words)

    @staticmethod
    def command_at(port: int, *words: str) -> bytes:
        """Send one command to a server at a port."""
        parts = "".join(f"${len(word.encode())}\r\n{word}\r\n" for word in words)
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(f"*{len(words)}\r\n{parts}".encode())
            return connection.recv(65536)

    def text(self, *words: str) -> str:
        """Send one command, and return a simple answer."""
        answer = self.command(*words).decode()
        if answer.startswith("$"):
            answer = answer.partition("\r\n")[2]
        return answer.lstrip("+:").removesuffix("\r\n")

    def kill(self) -> None:
        """Kill the server as `kill -9` does."""
        self.resume()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Stop the server's process: connections stay, nothing answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)  # until then it may still answer

    def resume(self) -> None:
        """Let a stopped server go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRedis]:
    if BINARY is None:
        pytest.skip("no redis-server on this machine")
    server = LocalRedis(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


@pytest.fixture
def redis(shared_server: LocalRedis) -> LocalRedis:
    shared_server.command("FLUSHALL")
    return shared_server
