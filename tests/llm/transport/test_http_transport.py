"""The one place that touches the network: named errors, no redirects, caps, no leaks."""

from __future__ import annotations

import gzip
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx
import pytest

from scout_adapters.errors import (
    ConfigurationError,
    ErrorKind,
    MalformedResponse,
    ProviderError,
    ProviderRefusal,
)
from scout_adapters.llm.timeouts import AttemptContext, Timeouts
from scout_adapters.llm.transport.body import MAX_ERROR_BYTES
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.http_transport import Transport
from tests.llm.transport.exchanges import CANARY
from tests.support.fake_http import GROQ
from tests.support.waiting import HANG

pytestmark = pytest.mark.usefixtures("carried")


def exchange(url: str = "https://api.groq.com/x", timeouts: Timeouts | None = None) -> HttpExchange:
    context = AttemptContext(
        provider="groq",
        model="m",
        key_id="fp",
        timeouts=timeouts or Timeouts(),
        redact=lambda text: text.replace(CANARY, "<key>"),
    )
    return HttpExchange(
        url=url,
        headers={"Authorization": f"Bearer {CANARY}"},
        content=b"{}",
        context=context,
    )


async def run(verb: str, transport: Transport, sent: HttpExchange) -> Any:
    match verb:
        case "send":
            return transport.send(sent)
        case "asend":
            return await transport.asend(sent)
        case "stream":
            return list(transport.stream(sent))
        case _:
            return [batch async for batch in transport.astream(sent)]


@pytest.fixture(params=["send", "asend", "stream", "astream"])
def verb(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize(
    ("error", "kind", "phase"),
    [
        (httpx.ConnectError, ErrorKind.CONNECT, "pre_send"),
        (httpx.ConnectTimeout, ErrorKind.CONNECT, "pre_send"),
        (httpx.ProxyError, ErrorKind.CONNECT, "pre_send"),
        (httpx.ReadTimeout, ErrorKind.TIMEOUT_RESPONSE, "sent"),
        (httpx.WriteTimeout, ErrorKind.TIMEOUT_RESPONSE, "sent"),
        (httpx.ReadError, ErrorKind.PROTOCOL, "sent"),
        (httpx.WriteError, ErrorKind.PROTOCOL, "sent"),
        (httpx.RemoteProtocolError, ErrorKind.PROTOCOL, "sent"),
        (httpx.DecodingError, ErrorKind.PROTOCOL, "headers"),
    ],
)
async def test_httpxs_errors_become_ours_of_the_right_kind_and_phase(
    error, kind, phase, providers, wire, verb
) -> None:
    providers.on(GROQ, wire.fail(error))
    with pytest.raises(ProviderError) as caught:
        await run(verb, Transport(providers.transport), exchange())
    assert (caught.value.kind, caught.value.phase) == (kind, phase)
    assert (caught.value.provider, caught.value.model, caught.value.key_id) == ("groq", "m", "fp")


async def test_an_address_that_is_none_is_a_configuration_error(providers, verb) -> None:
    for url in ("ftp://api.groq.com/x", "https://[::1/x"):
        with pytest.raises(ConfigurationError):
            await run(verb, Transport(), exchange(url))


async def test_redirects_are_never_followed(providers, wire, verb) -> None:
    providers.on("evil.example", wire.say())
    moved = httpx.Response(307, headers={"location": "https://evil.example/x"})
    providers.on(GROQ, lambda request: moved)
    with pytest.raises(MalformedResponse) as caught:
        await run(verb, Transport(providers.transport), exchange())
    assert caught.value.status == 307
    assert providers.hosts == [GROQ]


async def test_a_bomb_is_refused_before_it_has_unfolded(providers, wire, verb) -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    pieces = [bomb[i : i + 1000] for i in range(0, len(bomb), 1000)]
    body = wire.Pieces(pieces)
    headers = {"content-encoding": "gzip"}
    providers.on(GROQ, lambda request: httpx.Response(200, headers=headers, stream=body))
    with pytest.raises(MalformedResponse):
        await run(verb, Transport(providers.transport), exchange())
    assert body.yielded < len(pieces)
    assert body.closed


async def test_of_an_endless_error_body_only_the_beginning_is_read(providers, wire, verb) -> None:
    body = wire.Pieces(b"x" * 10_000 for _ in range(1000))
    providers.on(GROQ, lambda request: httpx.Response(500, stream=body))
    with pytest.raises(ProviderRefusal) as caught:
        await run(verb, Transport(providers.transport), exchange())
    assert (caught.value.status, len(caught.value.payload)) == (500, MAX_ERROR_BYTES)
    assert body.yielded < 20
    assert body.closed


async def test_a_response_is_closed_whatever_happens(providers, wire, verb) -> None:
    for status, pieces in ((200, [b"{}"]), (400, [b"{}"]), (200, [b"{rubbish"]), (204, [b""])):
        body = wire.Pieces(pieces)
        providers.on(GROQ, lambda request, s=status, b=body: httpx.Response(s, stream=b))
        with suppress(ProviderError, ProviderRefusal):
            await run(verb, Transport(providers.transport), exchange())
        assert body.closed, (status, pieces)


async def test_a_place_is_given_back_however_an_exchange_ends(providers, wire, verb) -> None:
    zstd = {"content-encoding": "zstd"}
    ends = [
        wire.fail(httpx.ConnectError),
        lambda request: httpx.Response(200, headers=zstd, stream=wire.Pieces([b"?"])),
        lambda request: httpx.Response(400, json={}),
        lambda request: httpx.Response(200, content=b"{rubbish"),
    ]
    single = Transport(providers.transport, max_concurrent=1)
    sent = exchange(timeouts=Timeouts(total=HANG, first_token=HANG))
    bad_address = replace(sent, url="ftp://api.groq.com/x")
    for end in ends:
        providers.on(GROQ, end)
        with suppress(ProviderError, ProviderRefusal):
            await run(verb, single, sent)
        with pytest.raises(ConfigurationError):
            await run(verb, single, bad_address)
    good = httpx.Response(200, json={"choices": []})
    providers.on(GROQ, lambda request: good)
    assert await run(verb, single, sent)
