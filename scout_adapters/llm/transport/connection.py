"""HTTP request and response as bytes: the interface between response reader and connection."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import NamedTuple, Protocol

import httpx

ReadTimeout = Callable[[], float | None]
"""Function that returns the seconds for the read that begins now; None for no limit."""

MAX_LABEL = 63
"""Characters of one part of a host name. https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4"""

MAX_PORT = 65535
NOT_IN_HOSTS = frozenset(" %<>|^\\\"'{}`")

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, eq=False)
class Address:
    """A parsed URL; `address_of` returns the same object for the same URL."""

    url: httpx.URL
    host: str
    """Value of the `Host` header."""

    server: str
    """Scheme, host and port: requests to the same server can share a connection."""


@lru_cache(maxsize=256)
def address_of(url: str) -> Address:
    """Parse a URL. Raises `httpx.InvalidURL` and `httpx.UnsupportedProtocol`."""
    parsed = httpx.URL(url)
    if parsed.scheme not in {"http", "https"}:
        raise httpx.UnsupportedProtocol(
            f"the URL of an API begins with http or https, not {parsed.scheme}"
        )
    _check_host(parsed)
    host = parsed.netloc.decode("ascii")
    return Address(parsed, host, f"{parsed.scheme}://{host}")


def is_host(host: str) -> bool:
    """Return whether the socket library accepts a host name or IP address."""
    if ":" in host:  # an IPv6 address
        return True
    labels = host.removesuffix(".").split(".")
    return all(0 < len(label) <= MAX_LABEL and not set(label) & NOT_IN_HOSTS for label in labels)


def _check_host(url: httpx.URL) -> None:
    """Raise `httpx.InvalidURL` for a host or port that the socket library would refuse."""
    if not is_host(url.host):
        raise httpx.InvalidURL("the address has no valid host name")
    if url.port is not None and not 0 < url.port <= MAX_PORT:
        raise httpx.InvalidURL(f"port {url.port} does not exist")


@dataclass(slots=True, eq=False)
class WireRequest:
    """A request. `repr` leaves out the headers, which contain the key."""

    address: Address
    headers: Mapping[str, str] = field(repr=False)
    """All headers but `content-length`; see `framed_headers`."""

    content: bytes = field(repr=False)
    timeouts: Mapping[str, float | None]
    """httpx's `timeout` extension: seconds by name (`connect`, `read`, `write`, `pool`)."""

    read_timeout: ReadTimeout
    method: str = "POST"

    @property
    def has_body(self) -> bool:
        """Whether the request has a body, which may be empty."""
        return self.method != "GET"

    def framed_headers(self) -> Mapping[str, str]:
        """Return all headers, `content-length` included."""
        if not self.has_body:
            return self.headers
        return {**self.headers, "content-length": str(len(self.content))}


class WireResponse(NamedTuple):
    """A response whose headers have arrived; the body follows in `pieces`."""

    status: int
    headers: Headers
    pieces: Iterator[bytes]
    close: Callable[[], None]
    reusable: bool
    """Whether the connection can serve another request once the body has been read."""


class AsyncWireResponse(NamedTuple):
    """Twin of `WireResponse`."""

    status: int
    headers: Headers
    pieces: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]
    reusable: bool


class Connection(Protocol):
    """Sends one request at a time; opens itself on first use, and again after it was closed.

    Each read calls the request's `read_timeout`.
    """

    def send(self, request: WireRequest) -> WireResponse:
        """Send a request, and read the headers of its response."""

    def is_stale(self) -> bool:
        """Return whether the server has closed the connection, or it is too old to be used."""

    def close(self) -> None:
        """Close the connection."""


class AsyncConnection(Protocol):
    """Twin of `Connection`."""

    async def send(self, request: WireRequest) -> AsyncWireResponse:
        """Send a request, and read the headers of its response."""

    def is_stale(self) -> bool:
        """Return whether the server has closed the connection, or it is too old to be used."""

    async def aclose(self) -> None:
        """Close the connection."""


class StripTraceback:
    """Context manager that removes an HTTP library's frames from errors.

    The locals of these frames contain headers with the API key. Cancellations are re-raised to the
    user unchanged, so they would show them.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            raise error.with_traceback(None)


STRIP_TRACEBACK = StripTraceback()
