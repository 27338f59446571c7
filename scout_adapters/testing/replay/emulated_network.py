"""Let an emulator answer what a cassette would record from the network, whichever client sends it.

vcrpy calls the replaced functions for requests that it records: of httpx and httpx2, of aiohttp,
and of everything over `http.client` (requests, urllib3, botocore, httplib2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

# vcrpy comes without types.
import vcr.patch
from vcr.request import Request as Recorded
from vcr.stubs import VCRConnection, VCRHTTPResponse

from scout_adapters.testing.emulated_providers import is_emulated, provider_at
from scout_adapters.testing.http_messages import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

    from scout_adapters.testing.emulator.emulator import Emulator

_NOT_EMULATED = (
    "_HttpxCurlTransport_handle_request",
    "_HttpxAsyncCurlTransport_handle_async_request",
    "_HttpxSyncPyreqwestTransport_handle_request",
    "_HttpxPyreqwestTransport_handle_async_request",
    "_SimpleAsyncHTTPClient_fetch_impl",
    "_CurlAsyncHTTPClient_fetch_impl",
)
"""Functions of vcrpy that send over other clients."""


class NotEmulated(AssertionError):
    """A recording sends a request that the emulator cannot answer: record it with live APIs."""


@contextmanager
def emulated_network(emulator: Emulator) -> Iterator[None]:
    """Let the emulator answer, and raise `NotEmulated` for what it does not play.

    No request reaches the network. Begin it before the cassette: vcrpy looks the functions up then.
    """
    transport = emulator.transport()

    def handle(_: Any, request: httpx.Request) -> httpx.Response:
        _check_host(str(request.url))
        return transport.answer(request)

    async def ahandle(_: Any, request: httpx.Request) -> httpx.Response:
        _check_host(str(request.url))
        return await transport.aanswer(request)

    functions = {
        "_HttpxHttpTransport_handle_request": handle,
        "_HttpxAsyncHttpTransport_handle_async_request": ahandle,
        **_httpx2_functions(emulator),
        "_AiohttpClientSessionRequest": _aiohttp_function(emulator),
        **dict.fromkeys(_NOT_EMULATED, _refuse),
    }
    with ExitStack() as stack:
        for name, function in functions.items():
            stack.enter_context(_replaced(vcr.patch, name, function))
        stack.enter_context(_replaced(VCRConnection, "connect", _connect))
        stack.enter_context(_replaced(VCRConnection, "getresponse", _http_client(emulator)))
        yield


@contextmanager
def _replaced(holder: Any, name: str, function: Any) -> Iterator[None]:
    """Replace an attribute; nothing where the client's library is not installed."""
    before = getattr(holder, name, None)
    if before is None:
        yield
        return
    setattr(holder, name, function)
    try:
        yield
    finally:
        setattr(holder, name, before)


def _refuse(*_: Any, **__: Any) -> Any:
    raise NotEmulated(
        "SCOUT_RECORD=emulator answers httpx, aiohttp and http.client (requests, urllib3, botocore)"
        " only; record this cassette with SCOUT_RECORD=live, or use another HTTP client"
    )


def _connect(*_: Any, **__: Any) -> None:
    """Open no connection."""


def _check_host(url: str) -> None:
    """Raise `NotEmulated` for a host that is no provider, unless its path names one."""
    parts = urlsplit(url)
    hosts = (parts.hostname or "", parts.netloc)
    if any(provider_at(host, parts.path) for host in hosts):
        return
    name = parts.path.split("/")[1:2]
    if not name or not is_emulated(name[0]):
        raise NotEmulated(
            f"SCOUT_RECORD=emulator does not play {parts.netloc}: record this cassette with "
            f"SCOUT_RECORD=live, or keep the request out of it"
        )


def answer(emulator: Emulator, recorded: Recorded) -> dict[str, Any]:
    """Return the emulator's answer to a request, both in vcrpy's form."""
    _check_host(recorded.uri)
    parts = urlsplit(recorded.uri)
    headers = {"host": parts.netloc}  # http.client adds it; AWS signs it
    headers |= {str(name).lower(): _text(value) for name, value in recorded.headers.items()}
    body = recorded.body or b""
    content = body.encode() if isinstance(body, str) else bytes(body)
    host = parts.hostname or ""
    if parts.port not in {None, 80, 443}:
        host = f"{host}:{parts.port}"
    request = Request(recorded.method, parts.path, parts.query, host, headers, content)
    reply = emulator.answer(request).reply
    lines = {"date": emulator.date(), **reply.headers, "content-length": str(len(reply.body))}
    return {
        "status": {"code": reply.status, "message": None},
        "headers": {name: [value] for name, value in lines.items()},
        "body": {"string": reply.body},
    }


def _text(value: Any) -> str:
    value = value[0] if isinstance(value, list | tuple) and value else value
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _http_client(emulator: Emulator) -> Callable[..., Any]:
    def getresponse(connection: Any, _: bool = False, **__: Any) -> Any:  # noqa: FBT002  # as in http.client
        recorded = connection._vcr_request  # noqa: SLF001  # as vcrpy's own method does
        response = answer(emulator, recorded)
        connection.cassette.append(recorded, response)
        return VCRHTTPResponse(response, recorded.uri)

    return getresponse


def _aiohttp_function(emulator: Emulator) -> Callable[..., Any]:
    async def request(session: Any, method: str, url: Any, **options: Any) -> Any:
        # Heavy, and an optional library: imported where it is used.
        from vcr.stubs.aiohttp_stubs import _build_url_with_params, build_response  # noqa: PLC0415  # aiohttp is an extra
        from yarl import URL  # noqa: PLC0415  # comes with aiohttp

        full = str(session._build_url(url))  # noqa: SLF001  # the session's base_url
        params = options.get("params")
        target = _build_url_with_params(full, params) if params else URL(full)
        headers: Mapping[str, str] = session._prepare_headers(options.get("headers"))  # noqa: SLF001  # its default headers
        data = options.get("data")
        if options.get("json") is not None:
            data = orjson.dumps(options["json"])
        recorded = Recorded(method.upper(), str(target), data, dict(headers))
        return build_response(recorded, answer(emulator, recorded), ())

    return request


def _httpx2_response(emulator: Emulator, request: Any) -> Any:
    import httpx2  # noqa: PLC0415  # an optional library: vcrpy calls this only with it

    recorded = Recorded(request.method, str(request.url), request.content, dict(request.headers))
    answered = answer(emulator, recorded)
    return httpx2.Response(
        answered["status"]["code"],
        headers=[(name, value[0]) for name, value in answered["headers"].items()],
        content=answered["body"]["string"],
        request=request,
    )


def _httpx2_functions(emulator: Emulator) -> dict[str, Callable[..., Any]]:
    """Return the functions of httpx2, which has classes of its own."""

    def handle(_: Any, request: Any) -> Any:
        request.read()
        return _httpx2_response(emulator, request)

    async def ahandle(_: Any, request: Any) -> Any:
        await request.aread()
        return _httpx2_response(emulator, request)

    return {
        "_Httpx2HttpTransport_handle_request": handle,
        "_Httpx2AsyncHttpTransport_handle_async_request": ahandle,
    }
