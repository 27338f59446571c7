"""Let an emulator answer what httpx and httpx2 would send to providers, in this process.

Our models and the SDKs of OpenAI, Anthropic, Google, Groq and Mistral send over these libraries.
Requests to other hosts pass; so do those of other libraries, for which `Emulator.serve()` has an
address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import httpx

from scout_adapters.testing.emulated_providers import provider_at
from scout_adapters.testing.isolation.live_calls import GUARD

if TYPE_CHECKING:
    from scout_adapters.testing.emulator.emulator import Emulator
    from scout_adapters.testing.emulator.transport import EmulatorTransport

Handler = Callable[[Any, Any], Any]


@contextmanager
def emulated_clients(emulator: Emulator) -> Iterator[None]:
    """Let the emulator answer requests to the hosts of providers until the end."""
    transport = emulator.transport()
    with ExitStack() as stack:
        for replaced in (_httpx_handlers(transport), _httpx2_handlers(transport)):
            for holder, name, handler in replaced:
                stack.enter_context(patch.object(holder, name, handler))
        yield


def _httpx_handlers(transport: EmulatorTransport) -> Iterator[tuple[Any, str, Handler]]:
    send = httpx.HTTPTransport.handle_request
    asend = httpx.AsyncHTTPTransport.handle_async_request

    def handle(original: Any, request: httpx.Request) -> httpx.Response:
        return transport.answer(request) if _is_provider(request) else send(original, request)

    async def ahandle(original: Any, request: httpx.Request) -> httpx.Response:
        if _is_provider(request):
            return await transport.aanswer(request)
        return await asend(original, request)

    yield httpx.HTTPTransport, "handle_request", handle
    yield httpx.AsyncHTTPTransport, "handle_async_request", ahandle


def _httpx2_handlers(transport: EmulatorTransport) -> Iterator[tuple[Any, str, Handler]]:
    if find_spec("httpx2") is None:
        return
    import httpx2  # noqa: PLC0415  # comes with the SDKs of OpenAI and Anthropic

    from scout_adapters.testing.clients.httpx2_transport import Httpx2Transport  # noqa: PLC0415  # needs it

    emulated = Httpx2Transport(transport)
    send = httpx2.HTTPTransport.handle_request
    asend = httpx2.AsyncHTTPTransport.handle_async_request

    def handle(original: Any, request: Any) -> Any:
        return (
            emulated.handle_request(request) if _is_provider(request) else send(original, request)
        )

    async def ahandle(original: Any, request: Any) -> Any:
        if _is_provider(request):
            return await emulated.handle_async_request(request)
        return await asend(original, request)

    yield httpx2.HTTPTransport, "handle_request", handle
    yield httpx2.AsyncHTTPTransport, "handle_async_request", ahandle


def _is_provider(request: Any) -> bool:
    """Return whether a request of either library is for a provider that the emulator plays.

    One of a thread whose test has ended is not answered: the guard of live calls refuses it.
    """
    if GUARD.test_of_thread() is not None:
        return False
    url = request.url
    host = url.host if url.port in {None, 80, 443} else f"{url.host}:{url.port}"
    return provider_at(host, url.path) is not None
