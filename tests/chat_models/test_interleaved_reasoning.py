"""Answers with several or encrypted reasoning blocks go back to their provider unchanged."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.testing import Emulator, Raw
from scout_adapters.testing.ids import sign
from scout_adapters.testing.protocols.gemini import signature
from tests.chat_models.prompts import TOOLS
from tests.support.verbs import merge_chunks

pytestmark = pytest.mark.filterwarnings(
    "ignore::langchain_core._api.beta_decorator.LangChainBetaWarning"
)

Make = Callable[..., ScoutChatModel]
Json = dict[str, Any]
SSE = {"content-type": "text/event-stream"}


def events(*bodies: Json, done: bytes = b"") -> Raw:
    named = [f"event: {body['type']}\n" if "type" in body else "" for body in bodies]
    texts = [
        f"{name}data: {json.dumps(body)}\n\n" for name, body in zip(named, bodies, strict=True)
    ]
    return Raw(events=(*(text.encode() for text in texts), *([done] if done else [])), headers=SSE)


CLAUDES = [
    {"type": "thinking", "thinking": "First.", "signature": sign("First.")},
    {"type": "redacted_thinking", "data": "c2VhbGVk"},
    {"type": "text", "text": "Let me see."},
    {"type": "thinking", "thinking": "Second.", "signature": sign("Second.")},
    {"type": "tool_use", "id": "toolu_01", "name": "get_weather", "input": {"location": "Rome"}},
    {"type": "tool_use", "id": "toolu_02", "name": "get_time", "input": {"location": "Rome"}},
]
MESSAGE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5"}
USAGE = {"input_tokens": 9, "output_tokens": 9}


def claude_whole() -> Raw:
    body = MESSAGE | {"content": CLAUDES, "stop_reason": "tool_use", "usage": USAGE}
    return Raw(body=json.dumps(body).encode())


def claude_stream() -> Raw:
    bodies: list[Json] = [
        {"type": "message_start", "message": MESSAGE | {"content": [], "usage": USAGE}}
    ]
    for at, block in enumerate(CLAUDES):
        start, deltas = _opened(block)
        bodies.append({"type": "content_block_start", "index": at, "content_block": start})
        bodies += [{"type": "content_block_delta", "index": at, "delta": d} for d in deltas]
        bodies.append({"type": "content_block_stop", "index": at})
    ended = {"delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": USAGE}
    return events(*bodies, {"type": "message_delta", **ended}, {"type": "message_stop"})


def _opened(block: Json) -> tuple[Json, list[Json]]:
    match block["type"]:
        case "thinking":
            words = [{"type": "thinking_delta", "thinking": block["thinking"]}]
            seal = {"type": "signature_delta", "signature": block["signature"]}
            return {"type": "thinking", "thinking": "", "signature": ""}, [*words, seal]
        case "text":
            words = [{"type": "text_delta", "text": word} for word in ("Let ", "me see.")]
            return {"type": "text", "text": ""}, words
        case "tool_use":
            whole = json.dumps(block["input"])
            halves = [whole[:7], whole[7:]]
            pieces = [{"type": "input_json_delta", "partial_json": half} for half in halves]
            return block | {"input": {}}, pieces
        case _:
            return block, []


DETAILS = [
    {"type": "reasoning.summary", "summary": "In short.", "format": "x-v1", "index": 0},
    {
        "type": "reasoning.text",
        "text": "At length.",
        "signature": "c2lnbmVk",
        "format": "anthropic-claude-v1",
        "id": "one",
        "index": 1,
    },
    {"type": "reasoning.encrypted", "data": "c2VhbGVk", "id": "two", "format": "y", "index": 2},
]
PIECES = [
    [DETAILS[0] | {"summary": "In "}],
    [DETAILS[0] | {"summary": "short."}],
    [{name: v for name, v in DETAILS[1].items() if name != "signature"} | {"text": "At "}],
    [{name: v for name, v in DETAILS[1].items() if name != "signature"} | {"text": "length."}],
    [{name: v for name, v in DETAILS[1].items() if name != "text"}],
    [DETAILS[2]],
]
CALLS = [
    {
        "id": f"call_{at}",
        "type": "function",
        "index": at,
        "function": {"name": name, "arguments": '{"location": "Rome"}'},
    }
    for at, name in enumerate(["get_weather", "get_time"])
]


def chat(*choices: Json) -> list[Json]:
    return [{"id": "gen-1", "model": "m", "choices": [choice | {"index": 0}]} for choice in choices]


def openrouter_whole() -> Raw:
    message = {
        "role": "assistant",
        "content": "Let me see.",
        "reasoning": "In short. At length.",
        "reasoning_details": DETAILS,
        "tool_calls": CALLS,
    }
    (body,) = chat({"message": message, "finish_reason": "tool_calls"})
    return Raw(body=json.dumps(body).encode())


def openrouter_stream() -> Raw:
    reasoning = [{"reasoning": "x", "reasoning_details": piece} for piece in PIECES]
    deltas = [*reasoning, {"content": "Let me see."}, {"tool_calls": CALLS}]
    return events(
        *chat(
            *({"delta": delta} for delta in deltas), {"delta": {}, "finish_reason": "tool_calls"}
        ),
        done=b"data: [DONE]\n\n",
    )


PARTS = [
    {"text": "Let me see.", "thoughtSignature": "c2lnbmVk"},
    {
        "functionCall": {"name": "get_weather", "args": {"location": "Rome"}, "id": "a"},
        "thoughtSignature": signature("get_weather"),
    },
    {"functionCall": {"name": "get_time", "args": {"location": "Rome"}, "id": "b"}},
]


def google(*chunks: list[Json]) -> list[Json]:
    bodies = [{"candidates": [{"content": {"role": "model", "parts": parts}}]} for parts in chunks]
    bodies[-1]["candidates"][0]["finishReason"] = "STOP"
    return [{**body, "modelVersion": "gemini-3.5-flash", "responseId": "r"} for body in bodies]


def google_whole() -> Raw:
    thought = {"text": "In short.", "thought": True}
    return Raw(body=json.dumps(google([thought, *PARTS])[0]).encode())


def google_stream() -> Raw:
    thought = {"text": "In short.", "thought": True}
    return events(*google([thought], [PARTS[0]], [PARTS[1]], [PARTS[2]]))


MAKERS: dict[str, tuple[str, Callable[[], Raw], Callable[[], Raw], Callable[[Json], Any], Any]] = {
    "anthropic": (
        "claude-haiku-4-5",
        claude_whole,
        claude_stream,
        lambda body: body["messages"][1]["content"],
        CLAUDES,
    ),
    "openrouter": (
        "anthropic/claude-sonnet-4.5",
        openrouter_whole,
        openrouter_stream,
        lambda body: body["messages"][1]["reasoning_details"],
        DETAILS,
    ),
    "google": (
        "gemini-3.5-flash",
        google_whole,
        google_stream,
        lambda body: body["contents"][1]["parts"],
        PARTS,
    ),
}

WAYS = ["invoke v0", "invoke v1", "stream v0", "stream v1", "ainvoke v1", "astream v1", "events v3"]


async def answer(model: Any, verb: str) -> AIMessage:
    match verb:
        case "invoke":
            return model.invoke("Rome?")
        case "ainvoke":
            return await model.ainvoke("Rome?")
        case "stream":
            return merge_chunks(list(model.stream("Rome?")))
        case "astream":
            return merge_chunks([chunk async for chunk in model.astream("Rome?")])
        case _:
            return model.stream_events("Rome?", version="v3").output


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MAKERS)
async def test_sealed_and_repeated_thoughts_go_back_in_their_order_word_for_word(
    name: str, make: Make, emulator: Emulator, way: str
) -> None:
    model_name, whole, streamed, find, expected = MAKERS[name]
    verb, version = way.split()
    emulator.script(name, [whole() if "invoke" in verb else streamed()])
    more = {} if version == "v3" else {"output_version": version}
    model = make(model=model_name, reasoning_effort="low", **more).bind_tools(TOOLS)
    message = await answer(model, verb)
    assert [call["args"] for call in message.tool_calls] == [{"location": "Rome"}] * 2
    results = [ToolMessage("Fine.", tool_call_id=call["id"]) for call in message.tool_calls]
    assert model.invoke([HumanMessage("Rome?"), message, *results]).text
    assert find(emulator.log[1].body) == expected
