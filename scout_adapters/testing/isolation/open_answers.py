"""Answers that a test has neither read to their end nor closed."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import httpx

from scout_adapters.testing.isolation.live_calls import user_place


class OpenAnswers:
    """The answers of httpx within a test, as long as the test keeps them."""

    def __init__(self) -> None:
        self._answers: WeakKeyDictionary[httpx.Response, str] = WeakKeyDictionary()

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Follow what the transports of httpx return, sync and async."""
        sync, later = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport
        asynchronous = later.handle_async_request

        def handle(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
            return self._add(request, sync(transport, request))

        async def ahandle(
            transport: httpx.AsyncHTTPTransport, request: httpx.Request
        ) -> httpx.Response:
            return self._add(request, await asynchronous(transport, request))

        holders: list[tuple[Any, str, Any, Any]] = [
            (httpx.HTTPTransport, "handle_request", handle, sync),
            (later, "handle_async_request", ahandle, asynchronous),
        ]
        for holder, name, function, _ in holders:
            setattr(holder, name, function)
        try:
            yield
        finally:
            for holder, name, _, original in holders:
                setattr(holder, name, original)

    def _add(self, request: httpx.Request, response: httpx.Response) -> httpx.Response:
        address = request.url.copy_with(query=None)
        self._answers[response] = f"{request.method} {address}{user_place()}"
        return response

    def left(self) -> list[str]:
        """Return the requests whose answers are still open, with their lines in the test."""
        if self._open():
            gc.collect()  # generators in cycles close their answer when they are collected
        return self._open()

    def _open(self) -> list[str]:
        return [text for answer, text in list(self._answers.items()) if not answer.is_closed]
