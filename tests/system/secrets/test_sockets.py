"""Keys over a real socket: the logs of the HTTP libraries, cancellations, cassettes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from scout_adapters.llm.providers import registry
from scout_adapters.llm.providers.registry import ProviderClient
from scout_adapters.testing import (
    CloseBeforeAnswer,
    CutMidStream,
    ErrorInBand,
    Fault,
    Hang,
    Overloaded,
    Redirect,
    Revoked,
    Stall,
    Suspended,
)
from scout_adapters.testing.cassettes import cassette
from tests.support.waiting import HANG
from tests.system.secrets.keys import Canary, odd, realistic
from tests.system.secrets.play import HEADER, MODELS, Play
from tests.system.secrets.sweep import LogRecorder, leaks_in, texts_in, traceback_texts

FAULTS: list[Fault | None] = [
    None,
    Revoked(),
    Suspended(),
    Overloaded(),
    ErrorInBand(),
    ErrorInBand(after=1),
    CutMidStream(),
    CutMidStream(how="reset"),
    CloseBeforeAnswer(),
    CloseBeforeAnswer(reset=True),
    Redirect("https://elsewhere.example"),
    Hang(0.3),
]


def served(play: Play, base: str, key: str, **more: Any) -> Play:
    """Play the same over the loopback."""
    return Play(play.provider, key, base_url=base, timeout=0.2, **more)


@asynccontextmanager
async def transport_of(verb: str) -> AsyncIterator[Any]:
    """Return httpx's own transport for a verb."""
    if verb == "invoke":
        with httpx.HTTPTransport() as transport:
            yield transport
    else:
        async with httpx.AsyncHTTPTransport() as transport:
            yield transport


@pytest.mark.usefixtures("carried")
@pytest.mark.parametrize("handed", [False, True])
@pytest.mark.parametrize("verb", ["invoke", "astream"])
@pytest.mark.parametrize("provider", ["groq", "anthropic", "google"])
async def test_the_libraries_below_log_no_key(
    provider: str, verb: str, handed: bool, log_recorder: LogRecorder
) -> None:
    key = realistic(provider, verb)
    server = Play(provider, key).emulator
    server.sleep = lambda seconds: None
    with server.serve():
        async with transport_of(verb) as transport:
            more = {"transport": transport} if handed else {}
            for fault in FAULTS:
                base = server.url(provider)
                play = Play(provider, key, base_url=base, timeout=0.2, max_wait=0, **more)
                server.script(provider, [fault])
                await play.ask(verb)
                channels = {**play.channels(), "logs": log_recorder.texts()}
                assert leaks_in(play.canaries, channels) == []
    spoke = any(record.name.startswith("httpcore") for record in log_recorder.records)
    assert spoke == handed  # h11 and aiohttp say nothing, httpx's own transport does


@pytest.mark.usefixtures("carried")
@pytest.mark.parametrize("stream", [False, True])
async def test_a_cancelled_call_shows_no_key(stream: bool, log_recorder: LogRecorder) -> None:
    key = realistic("groq", "cancelled")
    server = Play("groq", key).emulator
    with server.serve():
        server.script("groq", [Stall(seconds=HANG) if stream else Hang(HANG)])
        play = Play("groq", key, base_url=server.url("groq"))
        task = asyncio.create_task(
            play.model.ainvoke("Hello") if not stream else first(play.model.astream("Hello"), 99)
        )
        while not server.log:  # noqa: ASYNC110  # the server is no part of this loop
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
    texts = {"tracebacks": traceback_texts(caught.value), "errors": texts_in(caught.value)}
    assert leaks_in(play.canaries, {**texts, "logs": log_recorder.texts()}) == []


async def first(stream: Any, most: int) -> None:
    async for _ in stream:
        most -= 1
        if not most:
            return


@pytest.mark.parametrize("provider", MODELS)
def test_a_cassette_holds_no_key(provider: str, tmp_path: Path) -> None:
    key = odd(provider)
    path = tmp_path / "said.yaml"
    play = Play(provider, key)
    faults: list[Fault | None] = [Suspended(), Revoked(), None]
    play.emulator.script(provider, faults)
    with cassette(path, record=True, keys=[key], source="emulator"):
        for _ in faults:
            try:
                play.model.model_copy().invoke("Hello")
            except Exception as error:  # noqa: BLE001  # what is recorded matters
                play.errors.append(error)
    assert play.emulator.log
    assert leaks_in([Canary(key), HEADER], {"cassette": [path.read_text("utf-8")]}) == []


class Sent(Exception):  # a name as a library would choose it
    """An error that holds its request, as those of HTTP libraries do."""

    def __init__(self, key: str) -> None:
        super().__init__("could not send")
        self.request = {"authorization": f"Bearer {key}"}


@pytest.mark.parametrize("how", ["says it", "holds the request", "came of one that does"])
async def test_what_a_function_of_the_users_raises_shows_no_key(how: str) -> None:
    key = realistic("groq", how)

    async def call(api_key: str, **options: Any) -> Any:
        if how == "says it":
            raise RuntimeError(f"{api_key} was refused")
        if how == "holds the request":
            raise Sent(api_key)
        raise RuntimeError("broken") from Sent(api_key)

    client = ProviderClient(name="own", call=call, env_key_name="OWN_API_KEYS")
    registry.register("own", client.variant(api_keys=[key]))
    with pytest.raises(Exception, match="own") as caught:
        await registry.get("own").call("m", "Hello")
    assert leaks_in([Canary(key)], {"errors": texts_in(caught.value)}) == []
    assert leaks_in([Canary(key)], {"tracebacks": traceback_texts(caught.value)}) == []
