"""A request and its answer as bytes, between those who know what to ask and those who carry it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import TracebackType
from typing import NamedTuple, Protocol

import httpx

ReadTimeout = Callable[[], float | None]
"""Returns the seconds for the read that begins now; None is any time."""

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True, eq=False)
class Address:
    """Where a request goes; there is one for each URL."""

    url: httpx.URL
    host: str
    """The header of that name."""

    server: str
    """What two addresses share that can share a connection: scheme, host and port."""


@lru_cache(maxsize=256)
def address_of(url: str) -> Address:
    """Read a URL. Raises `httpx.InvalidURL` and `httpx.UnsupportedProtocol`."""
    read = httpx.URL(url)
    if read.scheme not in {"http", "https"}:
        raise httpx.UnsupportedProtocol(f"{read.scheme}:// is no address of an API")
    host = read.netloc.decode("ascii")
    return Address(read, host, f"{read.scheme}://{host}")


@dataclass(slots=True, eq=False)
class WireRequest:
    """A POST request. The headers hold the key, and are not shown."""

    address: Address
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    timeouts: Mapping[str, float | None]
    """httpx's `timeout` extension: seconds by the name of a step."""

    allowed: ReadTimeout


class WireResponse(NamedTuple):
    """An answer of which the headers are there, and the body comes."""

    status: int
    headers: Headers
    pieces: Iterator[bytes]
    close: Callable[[], None]
    reusable: bool
    """Whether there is a connection that could serve again."""


class AsyncWireResponse(NamedTuple):
    """Twin of `WireResponse`."""

    status: int
    headers: Headers
    pieces: AsyncIterator[bytes]
    close: Callable[[], Awaitable[None]]
    reusable: bool


class Connection(Protocol):
    """Carries one request at a time; opens itself when needed, and again when it is gone.

    Each read asks anew how long it may take.
    """

    def ask(self, asked: WireRequest) -> WireResponse:
        """Send, and read the headers of the answer."""

    def close(self) -> None:
        """Close the connection."""


class AsyncConnection(Protocol):
    """Twin of `Connection`."""

    async def ask(self, asked: WireRequest) -> AsyncWireResponse:
        """Send, and read the headers of the answer."""

    async def aclose(self) -> None:
        """Close the connection."""


class StripTraceback:
    """Lets no frame of a library below go out: they hold the headers, and with them the key.

    A cancellation would carry them to the user.
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
