"""A server that greets like Redis, and answers each other command with the same bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from scout_adapters.store.redis_url import parse_redis_url
from tests.support.redis_server import free_port

GREETINGS = (b"HELLO", b"CLIENT", b"SELECT", b"AUTH")


@contextmanager
def faulty_server(answer: bytes) -> Iterator[str]:
    """Serve on a port of its own; yields the store's address.

    Outages are logged by address. Without an answer, nothing comes back.
    """
    timeout = 30 if answer else 0.1  # a busy machine may take longer than 0.1 s to answer
    with socket.create_server(("127.0.0.1", free_port())) as server:
        threading.Thread(target=_accept, args=(server, answer), daemon=True).start()
        yield f"redis://127.0.0.1:{server.getsockname()[1]}?timeout={timeout}"
        server.shutdown(socket.SHUT_RDWR)


def lines_about(address: str, caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged of a store; threads of tests before may log of theirs meanwhile."""
    label = parse_redis_url(address).label
    return [text for record in caplog.records if label in (text := record.getMessage())]


def _accept(server: socket.socket, answer: bytes) -> None:
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_answer, args=(connection, answer), daemon=True).start()


def _answer(connection: socket.socket, answer: bytes) -> None:
    with connection, suppress(OSError):
        while received := connection.recv(65536):
            for command in received.split(b"*")[1:]:
                words = command.split(b"\r\n")
                is_greeting = len(words) > 2 and words[2].upper() in GREETINGS
                connection.sendall(b"+OK\r\n" if is_greeting else answer)
