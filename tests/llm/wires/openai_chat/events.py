"""Events of a stream, and what a reader makes of them."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessageChunk

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.openai_chat import WIRE
from tests.support.verbs import merge_chunks

PLAIN = ProviderSpec(
    name="openai",
    docs="https://platform.openai.com/docs",
    wire=WIRE,
    base_url="https://api.openai.com",
)

ID = "chatcmpl-9xYz012345"


def event(delta: Any = None, *, choice: Json | None = None, **more: Any) -> Json:
    first = {"index": 0, "delta": {} if delta is None else delta, "finish_reason": None}
    return {"id": ID, "model": "gpt-5-2026", "choices": [first | (choice or {})], **more}


def end(reason: str = "stop", **more: Any) -> Json:
    return event(choice={"finish_reason": reason}, **more)


def read(*events: Json | None) -> tuple[list[AIMessageChunk], Any]:
    reader = WIRE.reader(PLAIN)
    chunks = [chunk for e in events if (chunk := reader.feed(e)) is not None]
    return [*chunks, reader.close()], reader


def merged(*events: Json | None) -> AIMessageChunk:
    return merge_chunks(read(*events)[0])
