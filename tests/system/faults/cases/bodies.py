"""Answers that are late with their sense, or have none: rows 38 to 45."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from typing import Any

from scout_adapters.errors import MalformedResponse
from scout_adapters.testing import EmptyBody, NotJson, Raw, Redirect, Said
from scout_adapters.testing.http_messages import dumps
from tests.support.verbs import STREAMS, WHOLE
from tests.system.faults.play import Case, Play

PAGE = b"<!DOCTYPE html><html><head><title>error</title></head><body><p>Ray ID 7</p></body></html>"
HTML = {"content-type": "text/html"}


async def no_page_shown(play: Play) -> None:
    assert "<" not in str(play.error).replace("<key", "")
    assert "html" not in str(play.error).lower()


async def only_gzip_asked_for(play: Play) -> None:
    assert {one.headers["accept-encoding"] for one in play.emulator.log} == {"gzip, identity"}


def nonsense(name: str, fault: Any, **more: Any) -> Case:
    """Make the case of an answer without sense: it is the provider's fault, and not paid twice."""
    return Case(
        id=name,
        script={"groq:a": (fault,)},
        outcomes=("groq:a protocol",),
        error=MalformedResponse,
        **more,
    )


def readable(name: str, fault: Any, text: str | None = None, **more: Any) -> Case:
    """Make the case of an odd answer that can be read."""

    async def check(play: Play) -> None:
        assert play.answer is not None
        if text is not None:
            assert play.answer.text == text

    return Case(id=name, script={"groq:a": (fault,)}, outcomes=("groq:a ok",), check=check, **more)


def answer(content: Any = "fine", finish: Any = "stop", **more: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "c", "model": "m", "choices": [choice], **more}


def events(*deltas: Any, finish: Any = "stop", done: bool = True) -> Raw:
    """Stream some deltas in OpenAI's dialect, without usage."""
    choices = [{"index": 0, "delta": one, "finish_reason": None} for one in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    parts = [b"data: %b\n\n" % dumps({"id": "c", "model": "m", "choices": [c]}) for c in choices]
    return Raw(
        headers={"content-type": "text/event-stream"},
        events=(*parts, *((b"data: [DONE]\n\n",) if done else ())),
    )


def bomb(encoding: str, packed: bytes) -> Raw:
    kind = {"content-type": "application/json", "content-encoding": encoding}
    return Raw(body=packed, headers=kind)


def deflated(size: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(b"0" * size) + packer.flush()


def zstd(size: int) -> bytes:
    """Pack naughts by hand: a frame of blocks that repeat one byte each (RFC 8878)."""
    block = 128 * 1024
    many = size // block
    heads = [(last | 1 << 1 | block << 3).to_bytes(3, "little") for last in (0, 1)]
    return b"\x28\xb5\x2f\xfd\x00\x38" + (heads[0] + b"0") * (many - 1) + heads[1] + b"0"


async def tokens_estimated(play: Play) -> None:
    assert play.answer is not None
    assert play.answer.usage_metadata is None  # without a count, LangChain gets none
    assert play.scout["estimated"] is True
    assert play.scout["cost_usd"] > 0
    (row,) = [one for one in play.heard.rows if one["event"] == "llm_attempt"]
    assert (row["estimated"], row["cost"]) == (True, play.scout["cost_usd"])
    assert row["output_t"] == -(-len(play.answer.text) // 4)


BIG = 50_000_000
DEEP = b'{"choices":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
ODD = (
    b'{"id":"c","choices":[{"index":0,"score":1e999,"message":{"role":"assistant",'
    b'"content":"first","content":"l\\ud800st"},"finish_reason":"stop"}],"x":NaN}'
)

BODIES: Mapping[int, tuple[Case, ...]] = {
    38: (
        nonsense("portal", NotJson(), check=no_page_shown),
        nonsense("empty", EmptyBody()),
        nonsense("204", EmptyBody(204)),
        nonsense("null", Raw(body=b"null")),
        nonsense("list", Raw(body=b"[]")),
        Case(
            id="next candidate",
            route=("groq:a", "openai:a"),
            script={"groq:a": (NotJson(),)},
            outcomes=("groq:a protocol", "openai:a ok"),
        ),
    ),
    39: tuple(
        nonsense(str(status), Redirect("https://api.openai.com/v1/chat/completions", status))
        for status in (301, 302, 303, 307, 308)
    ),
    42: (
        nonsense("gzip", bomb("gzip", gzip.compress(b"0" * BIG)), check=only_gzip_asked_for),
        nonsense("deflate", bomb("deflate", deflated(BIG))),
        nonsense("br", bomb("br", b"\x8b\x18\x80" * 1000)),
        nonsense("zstd", bomb("zstd", zstd(2**30))),
        nonsense("rubbish", bomb("gzip", b"rubbish")),
        nonsense("twice", bomb("gzip, gzip", gzip.compress(gzip.compress(b"0" * BIG)))),
    ),
    43: (
        readable(
            "octets",
            Raw(body=dumps(answer()), headers={"content-type": "application/octet-stream"}),
        ),
        readable("none", Raw(body=dumps(answer()), headers={})),
        readable(
            "events as text",
            Raw(headers={"content-type": "text/plain"}, events=events({"content": "fine"}).events),
            "fine",
            verbs=STREAMS,
        ),
    ),
    44: (
        readable("odd", Raw(body=ODD)),
        readable("bom", Raw(body=b"\xef\xbb\xbf" + dumps(answer())), "fine"),
        readable("utf-16", Raw(body=json.dumps(answer()).encode("utf-16")), "fine"),
        nonsense("deep", Raw(body=DEEP)),
        nonsense("deeper", Raw(body=b"[" * 1_000_000)),
        nonsense("cut", Raw(body=b'{"choices": [')),
        nonsense("bytes", Raw(body=b"\xff\xfe\x00\x81")),
        nonsense(
            "event",
            Raw(headers=events().headers, events=(b"data: " + DEEP + b"\n\n",)),
            verbs=STREAMS,
        ),
    ),
    45: (
        readable("null", Raw(body=dumps(answer(None))), ""),
        readable("unknown reason", Raw(body=dumps(answer(finish="bored"))), "fine"),
        Case(
            id="no usage",
            script={"groq:a": (Raw(body=dumps(answer())),)},
            outcomes=("groq:a ok",),
            check=tokens_estimated,
        ),
        Case(
            id="no usage in the events",
            script={"groq:a": (events({"content": "fine"}),)},
            outcomes=("groq:a ok",),
            verbs=STREAMS,
            check=tokens_estimated,
        ),
        readable("null deltas", events({"content": None}, {"content": "a"}), "a", verbs=STREAMS),
        readable("bored", events({"content": "a"}, finish="bored"), "a", verbs=STREAMS),
        nonsense("choices null", Raw(body=b'{"choices":null}'), verbs=WHOLE),
        nonsense("choices null in the events", Said(b'{"choices":null}')),
        nonsense("no choice", Raw(body=b'{"choices":[]}')),
        nonsense("no message", Raw(body=b'{"choices":[{"index":0}]}'), verbs=WHOLE),
    ),
}
