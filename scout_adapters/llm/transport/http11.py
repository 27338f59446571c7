"""HTTP/1.1 of one connection, without I/O: bytes to write, and events read from bytes."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeGuard

import h11
import httpcore

from scout_adapters.llm.transport.connection import Address, WireRequest

MAX_HEAD_BYTES = 100 * 1024
"""Bytes of a status line with its headers, or of a chunk's header; httpcore has the same limit."""

HTTPS_PORT, HTTP_PORT = 443, 80
UPGRADE = 101
"""The status of a change to another protocol: no response follows it."""

END = h11.EndOfMessage()
END_OF_LINE = b"\r\n"

Event = h11.Event | type[h11.PAUSED]
Head = h11.Response | h11.InformationalResponse


class Place(NamedTuple):
    """Host, port and TLS for the socket of an address, and the target for the request line."""

    host: str
    port: int
    is_tls: bool
    target: bytes


@lru_cache(maxsize=256)
def place_of(address: Address) -> Place:
    """Return host, port, TLS and request target of an address."""
    url = address.url
    is_tls = url.scheme == "https"
    port = url.port or (HTTPS_PORT if is_tls else HTTP_PORT)
    return Place(url.raw_host.decode("ascii"), port, is_tls, url.raw_path)


@lru_cache(maxsize=256)
def _head(method: str, target: bytes, headers: tuple[tuple[str, str], ...]) -> h11.Request:
    """Return the head of a request without its length, checked by h11; raises its error.

    Cached, because the calls of a route with one key have the same head.
    """
    coded = [(name.encode(), value.encode()) for name, value in headers]
    return h11.Request(method=method.encode(), target=target, headers=coded)


class Http11:
    """HTTP/1.1 protocol state of one connection, over h11.

    Errors are httpcore's: `LocalProtocolError` for a request that cannot be sent,
    `RemoteProtocolError` for a response that is no HTTP.
    """

    def __init__(self) -> None:
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD_BYTES)
        self.is_cut = False
        """Whether a request was written only in part, so that no other request can follow."""

    def request_bytes(self, request: WireRequest) -> bytes:
        """Return headers and body of a request as bytes to write.

        h11 gets the head only: it has nothing to check in a body whose length is known.
        """
        target = place_of(request.address).target
        try:
            head = self._h11.send(_head(request.method, target, tuple(request.headers.items())))
            self._h11.send(END)
        except h11.LocalProtocolError as error:
            raise httpcore.LocalProtocolError(error) from error
        if not request.has_body:
            return head
        length = b"content-length: %d\r\n\r\n" % len(request.content)
        return b"".join((head.removesuffix(END_OF_LINE), length, request.content))

    def next_event(self) -> Event | None:
        """Return the next event of the response; None if more bytes are needed."""
        try:
            event = self._h11.next_event()
        except h11.RemoteProtocolError as error:
            raise httpcore.RemoteProtocolError(error) from error
        return None if event is h11.NEED_DATA else event  # type: ignore[return-value]  # h11 types it as any sentinel

    def receive(self, data: bytes) -> None:
        """Add bytes that were read; b"" means that the server has closed the connection."""
        if not data and self._h11.their_state is h11.SEND_RESPONSE:
            raise httpcore.RemoteProtocolError("Server disconnected without sending a response.")
        self._h11.receive_data(data)

    def next_cycle(self) -> bool:
        """End an exchange. Return whether the connection can serve another request.

        It cannot if extra bytes follow a complete response: h11 would read them as the response to
        the next request, which may be another caller's.
        """
        done = self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE
        if not done or self.is_cut or self._h11.trailing_data[0]:
            return False
        self._h11.start_next_cycle()
        return True


def is_final(event: Event) -> TypeGuard[Head]:
    """Return whether an event is the head of the final response, not of an interim one."""
    if type(event) is h11.Response:
        return True
    return isinstance(event, h11.InformationalResponse) and event.status_code == UPGRADE
