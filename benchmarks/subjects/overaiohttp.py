"""httpx over aiohttp, with as many connections as there are calls."""

from __future__ import annotations

from functools import cache

from aiohttp import ClientSession, TCPConnector
from httpx_aiohttp import AiohttpTransport


def _session() -> ClientSession:
    return ClientSession(connector=TCPConnector(limit=0))


@cache
def unlimited_transport() -> AiohttpTransport:
    """Make the one transport of this process.

    `Limits(max_connections=None)` would not do: it leaves aiohttp's own limit of 100 in force.
    """
    return AiohttpTransport(client=_session)
