"""Long answers give other tasks of the event loop their turns, and are bounded."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from scout_adapters import ScoutOpenAIChatModel
from scout_adapters.errors import MalformedResponse
from scout_adapters.llm.transport import body as bodies
from scout_adapters.llm.transport.body import SLICE_BYTES, decode
from scout_adapters.llm.transport.content_coding import BodyDecoder, DecodedPieces
from tests.support.fake_http import delta, event
from tests.support.verbs import call_model

WORDS = 1000
STREAM = [*(delta("word ") for _ in range(WORDS)), delta(finish="stop"), event("[DONE]")]
WHOLE = {
    "choices": [{"message": {"content": "word " * WORDS}, "finish_reason": "stop"}],
    "padding": "x" * 40 * SLICE_BYTES,
}


class AtOnce(httpx.AsyncByteStream):
    """Pieces that have arrived already: reading them does not wait."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


def replies(kind: str) -> httpx.Response:
    stream, headers = b"".join(STREAM), {"content-type": "text/event-stream"}
    if kind == "whole":
        data = event(WHOLE)[len(b"data: ") :]
        pieces = [data[at : at + 4096] for at in range(0, len(data), 4096)]
        return httpx.Response(200, stream=AtOnce(pieces))
    if kind == "gzip":
        headers["content-encoding"] = "gzip"
        return httpx.Response(200, headers=headers, stream=AtOnce([gzip.compress(stream)]))
    pieces = STREAM if kind == "many pieces" else [stream]
    return httpx.Response(200, headers=headers, stream=AtOnce(pieces))


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        ("astream", "one piece"),
        ("astream", "many pieces"),
        ("astream", "gzip"),
        ("ainvoke", "whole"),
    ],
)
async def test_an_answer_that_has_arrived_gives_other_tasks_their_turns(
    kind: str, verb: str
) -> None:
    transport = httpx.MockTransport(lambda _: replies(kind))
    model = ScoutOpenAIChatModel(model="m", api_key="k", transport=transport)
    await call_model(model, verb)  # loads what loads on first use
    turns = 0

    async def tick() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    ticking = asyncio.create_task(tick())
    answer = await call_model(model, verb)
    ticking.cancel()
    assert answer.text == "word " * WORDS
    assert turns > (30 if kind == "whole" else 5)


def bomb(size: int) -> Iterator[bytes]:
    yield gzip.compress(b"data:\n" * (size // 6))


def test_a_piece_expands_in_slices_and_no_further_than_a_body_may() -> None:
    sizes = [len(piece) for piece in DecodedPieces(bomb(10 * SLICE_BYTES), BodyDecoder("gzip"))]
    assert max(sizes) == SLICE_BYTES
    assert sum(sizes) == 10 * SLICE_BYTES // 6 * 6


def test_json_of_very_many_values_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_VALUES", 3000)
    monkeypatch.setattr(bodies, "COUNTED_BYTES", 5000)
    assert len(decode(b"[" + b"[]," * 2900 + b"1]")) == 2901
    with pytest.raises(MalformedResponse, match="more than 3000 values"):
        decode(b"[" + b"[]," * 3100 + b"1]")


def test_deep_json_is_a_broken_answer() -> None:
    with pytest.raises(MalformedResponse):
        decode(b"[" * 100_000 + b"]" * 100_000)
