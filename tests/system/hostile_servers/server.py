"""A server that sends the given bytes, valid or not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from tests.support.waiting import HANG

ENOUGH = 64 * 1024 * 1024
"""Bytes that a server may push at a client that should have hung up long ago."""


class Liar:
    """Listens on loopback; every connection gets the same bytes after its request's head."""

    def __init__(
        self, pieces: Iterable[bytes], pause: float = 0.0, *, linger: bool = False
    ) -> None:
        self.pieces = pieces
        self.pause = pause
        self.linger = linger
        self.heads: list[bytes] = []
        self.pushed = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    def serve(self) -> None:
        while not self._over.is_set():
            with suppress(OSError):
                line, _ = self._socket.accept()
                with line:
                    line.settimeout(0.7 if self.linger else HANG)
                    while self._answer(line):
                        pass

    def _answer(self, line: socket.socket) -> bool:
        """Read a request, send the bytes, and return whether another request may come."""
        received = b""
        while b"\r\n\r\n" not in received:
            if not (piece := line.recv(65536)):
                return False
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        size = next(
            int(h[15:]) for h in head.lower().split(b"\r\n") if h[:15] == b"content-length:"
        )
        while len(body) < size:
            body += line.recv(65536)
        self.heads.append(head)
        for piece in self.pieces:
            if self._over.is_set() or self.pushed > ENOUGH:
                return False
            line.sendall(piece)
            self.pushed += len(piece)
            if self.pause:
                time.sleep(self.pause)
        return self.linger

    def stop(self) -> None:
        self._over.set()
        with suppress(OSError):
            socket.create_connection(self._socket.getsockname(), 1).close()
        self._socket.close()


@contextmanager
def lying(pieces: Iterable[bytes], pause: float = 0.0, *, linger: bool = False) -> Iterator[Liar]:
    server = Liar(pieces, pause, linger=linger)
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(HANG)
        assert not thread.is_alive()
