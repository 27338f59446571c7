"""Broken servers: silent, abrupt, or with the certificate of another host."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CERTIFICATES = Path(__file__).parent / "certificates"
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER for nought seconds: closing sends a reset."""

Handler = Callable[[socket.socket], None]


class Accepting:
    """Accepts on loopback and has each connection handled in a thread; counts them."""

    def __init__(self, handler: Handler, tls: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._tls = tls
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._run, daemon=True)]
        self.accepted = 0
        self.port: int = self._socket.getsockname()[1]
        self._threads[0].start()

    def _run(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._socket.accept()
                self.accepted += 1
                self._open.append(connection)
                thread = threading.Thread(target=self._handle, args=[connection], daemon=True)
                self._threads.append(thread)
                thread.start()

    def _handle(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError):  # the client hangs up, or is hung up on
            if self._tls is None:
                self._handler(connection)
            else:
                self._handler(self._tls.wrap_socket(connection, server_side=True))

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        for thread in self._threads:
            thread.join()


@contextmanager
def accepting(handler: Handler, tls: ssl.SSLContext | None = None) -> Iterator[Accepting]:
    server = Accepting(handler, tls)
    try:
        yield server
    finally:
        server.close()


def reset(connection: socket.socket) -> None:
    """Hang up when something has come, but before it was read."""
    connection.recv(1, socket.MSG_PEEK)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


def slam(connection: socket.socket) -> None:
    """Hang up at once, whether something has come or not."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    connection.close()


def ignore(connection: socket.socket) -> None:
    """Take a few bytes into a small buffer, and read none of them."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)


def read_request(connection: socket.socket) -> bytes:
    """Read one request with a content-length."""
    received = b""
    while b"\r\n\r\n" not in received:
        if not (more := connection.recv(65536)):
            return received
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    size = next(int(x[15:]) for x in lines if x.startswith(b"content-length:"))
    while len(body) < size:
        body += connection.recv(65536)
    return received


def answering(*pieces: bytes) -> Handler:
    """Make a server that sends the same bytes to every request on a connection."""

    def handle(connection: socket.socket) -> None:
        while read_request(connection):
            for piece in pieces:
                connection.sendall(piece)

    return handle


@contextmanager
def refusing() -> Iterator[int]:
    """Yield a port that refuses connections: it is taken, and nothing listens at it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@contextmanager
def blackhole() -> Iterator[int]:
    """Yield a port whose queue is full: the kernel drops new connections."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(0)
    port: int = server.getsockname()[1]
    waiting = [socket.socket() for _ in range(4)]
    for one in waiting:
        one.setblocking(False)  # noqa: FBT003  # the socket module's signature
        one.connect_ex(("127.0.0.1", port))
    try:
        yield port
    finally:
        for one in (*waiting, server):
            one.close()


def certified(name: str) -> ssl.SSLContext:
    """Make a server's side of TLS with one of the certificates of the test authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{name}.pem")
    return context
