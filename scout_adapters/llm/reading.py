"""Sends a request and reads what comes back, each read no longer than the exchange allows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Self

import httpx

from scout_adapters.errors import ErrorKind, provider_error
from scout_adapters.llm.bodies import CappedBody
from scout_adapters.llm.exchange import Exchange, ReadTimeouts
from scout_adapters.llm.network import reading

GRACE_SECONDS = 0.25
"""How long a server may take to end a stream after its last event."""


def sent(client: httpx.Client, request: httpx.Request) -> httpx.Response:
    """Send, and read the headers of the answer."""
    token = reading.set(request.extensions["timeout"])
    try:
        return client.send(request, stream=True)
    finally:
        reading.reset(token)


async def asent(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Twin of `sent`."""
    token = reading.set(request.extensions["timeout"])
    try:
        return await client.send(request, stream=True)
    finally:
        reading.reset(token)


class Pieces:
    """Iterates over the decoded body as it comes.

    No generator: one that is left early would be closed by a task of its own.
    """

    def __init__(self, response: httpx.Response) -> None:
        """Take the response of a request that went through `sent`."""
        self._patience: ReadTimeouts = response.request.extensions["timeout"]
        self._pieces = response.iter_bytes()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        token = reading.set(self._patience)
        try:
            return next(self._pieces)
        finally:
            reading.reset(token)


class AsyncPieces:
    """Twin of `Pieces`."""

    def __init__(self, response: httpx.Response) -> None:
        """Take the response of a request that went through `asent`."""
        self._patience: ReadTimeouts = response.request.extensions["timeout"]
        self._pieces = response.aiter_bytes()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        token = reading.set(self._patience)
        try:
            return await anext(self._pieces)
        finally:
            reading.reset(token)


def read(exchange: Exchange, response: httpx.Response) -> CappedBody:
    """Read a whole answer, as much of it as we take."""
    body, began = CappedBody(response.status_code), exchange.now()
    for piece in Pieces(response):
        body.add(piece)
        if body.enough:
            break
        _check_total(exchange, began)
    return body


async def aread(exchange: Exchange, response: httpx.Response) -> CappedBody:
    """Twin of `read`."""
    body, began = CappedBody(response.status_code), exchange.now()
    async for piece in AsyncPieces(response):
        body.add(piece)
        if body.enough:
            break
        _check_total(exchange, began)
    return body


def _check_total(exchange: Exchange, began: float) -> None:
    """Fail an answer that drips: each piece in time, all of them together not."""
    total = exchange.timeouts.total
    if total is not None and exchange.now() - began > total:
        raise provider_error(ErrorKind.TIMEOUT_RESPONSE, f"no whole answer within {total:g} s")


def hang_up_soon(response: httpx.Response, pieces: Iterator[bytes]) -> None:
    """Read to the end, so that the connection can be used again; but wait for it only shortly."""
    if response.extensions.get("network_stream") is None:
        return
    patience: ReadTimeouts = response.request.extensions["timeout"]
    patience.hurry(GRACE_SECONDS)
    with suppress(httpx.HTTPError):
        for _ in pieces:
            if patience.over:
                return


async def ahang_up_soon(response: httpx.Response, pieces: AsyncIterator[bytes]) -> None:
    """Twin of `hang_up_soon`."""
    if response.extensions.get("network_stream") is None:
        return
    patience: ReadTimeouts = response.request.extensions["timeout"]
    patience.hurry(GRACE_SECONDS)
    with suppress(httpx.HTTPError):
        async for _ in pieces:
            if patience.over:
                return
