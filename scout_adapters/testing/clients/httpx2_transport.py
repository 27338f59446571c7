"""The emulator's transport for clients of httpx2, which the SDKs of OpenAI and Anthropic use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import httpx2

if TYPE_CHECKING:
    from scout_adapters.testing.emulator.transport import EmulatorTransport


class Httpx2Transport(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Answers requests of httpx2 by a transport of httpx."""

    def __init__(self, transport: EmulatorTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        with _renamed(request):
            response = self._transport.handle_request(_as_httpx(request, request.read()))
        return _as_httpx2(response, _SyncBody(response, request))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        with _renamed(request):
            body = await request.aread()
            response = await self._transport.handle_async_request(_as_httpx(request, body))
        return _as_httpx2(response, _AsyncBody(response, request))


def _as_httpx(request: httpx2.Request, body: bytes) -> httpx.Request:
    headers = list(request.headers.multi_items())
    return httpx.Request(
        request.method,
        str(request.url),
        headers=headers,
        content=body,
        extensions=dict(request.extensions),
    )


def _as_httpx2(response: httpx.Response, stream: Any) -> httpx2.Response:
    headers = list(response.headers.multi_items())
    return httpx2.Response(response.status_code, headers=headers, stream=stream)


@contextmanager
def _renamed(request: httpx2.Request) -> Iterator[None]:
    """Raise httpx2's error of the same name."""
    try:
        yield
    except httpx.HTTPError as error:
        kind: Any = getattr(httpx2, type(error).__name__)
        raise kind(str(error), request=request) from None


class _SyncBody(httpx2.SyncByteStream):
    def __init__(self, response: httpx.Response, request: httpx2.Request) -> None:
        self._response, self._request = response, request

    def __iter__(self) -> Iterator[bytes]:
        with _renamed(self._request):
            yield from self._response.stream  # type: ignore[misc]  # a sync one

    def close(self) -> None:
        self._response.close()


class _AsyncBody(httpx2.AsyncByteStream):
    def __init__(self, response: httpx.Response, request: httpx2.Request) -> None:
        self._response, self._request = response, request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _renamed(self._request):
            async for part in self._response.stream:  # type: ignore[union-attr]  # an async one
                yield part

    async def aclose(self) -> None:
        await self._response.aclose()
