"""A whole answer as the stream that its provider would have made of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from tests.llm.wires.openai_responses.examples import streamed
from tests.system.peers.records import Record

Json = dict[str, Any]
ENDED = {"output_text": "text", "refusal": "refusal"}
"""Parts of a message whose end has an event of its own."""

PIECE = 20
"""Characters of a fragment."""


def restreamed(record: Record) -> Record:
    """Return the same answer as a stream of events."""
    (body,) = record.bodies
    make = {"anthropic": _anthropic, "google": _google}.get(record.provider, _openai)
    lines = [f"data: {json.dumps(event)}\n\n" for event in make(body)]
    if make is _openai:
        lines.append("data: [DONE]\n\n")
    headers = {"content-type": "text/event-stream"}
    fields = {"response_body": "".join(lines), "stream": True, "response_headers": headers}
    return replace(record, fields={**record.fields, **fields})


def as_responses_stream(record: Record) -> Record:
    """Return a whole answer of the Responses API as the stream that OpenAI would have made."""
    (body,) = record.bodies
    events = ended(streamed(body, [5, PIECE]))
    lines = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
    headers = {"content-type": "text/event-stream"}
    fields = {"response_body": "".join(lines), "stream": True, "response_headers": headers}
    return replace(record, fields={**record.fields, **fields})


def ended(events: Iterable[Json]) -> Iterator[Json]:
    """Yield the events of a stream, with those that end a text."""
    for event in events:
        if event["type"] == "response.output_item.done" and event["item"]["type"] == "message":
            where = {name: event[name] for name in ("output_index", "item_id", "sequence_number")}
            for at, part in enumerate(event["item"]["content"]):
                if name := ENDED.get(part["type"]):
                    text = {name: part[name], "content_index": at}
                    yield {"type": f"response.{part['type']}.done", **text, **where}
        yield event


def _cut(text: str) -> list[str]:
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]


def _google(body: Json) -> Iterator[Json]:
    """Every event is a whole answer in form; an answer of one event is a stream."""
    yield body


def _openai(body: Json) -> Iterator[Json]:
    choice = body["choices"][0]
    message = choice["message"]
    shared = {name: value for name, value in body.items() if name not in {"choices", "usage"}}

    def event(delta: Json, **more: Any) -> Json:
        return {**shared, "choices": [{"index": 0, "delta": delta, **more}]}

    rest = {name: value for name, value in message.items() if name not in {"content", "tool_calls"}}
    yield event(rest)
    for text in _cut(message.get("content") or ""):
        yield event({"content": text})
    for at, call in enumerate(message.get("tool_calls") or ()):
        function = {**call["function"], "arguments": ""}
        yield event({"tool_calls": [{**call, "function": function, "index": at}]})
        for text in _cut(call["function"].get("arguments") or ""):
            yield event({"tool_calls": [{"index": at, "function": {"arguments": text}}]})
    ending = {name: choice[name] for name in ("finish_reason", "logprobs") if name in choice}
    yield {**event({}, **ending), "usage": body.get("usage")}


def _anthropic(body: Json) -> Iterator[Json]:
    ending = {"stop_reason", "stop_sequence", "container", "context_management", "stop_details"}
    begun = {name: value for name, value in body.items() if name not in ending}
    yield {"type": "message_start", "message": {**begun, "content": []}}
    for index, block in enumerate(body["content"]):
        start, deltas = _block(block)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    last = {name: body[name] for name in ending - {"context_management"} if name in body}
    managed = {"context_management": body.get("context_management")}
    yield {"type": "message_delta", "delta": last, "usage": body.get("usage"), **managed}
    yield {"type": "message_stop"}


def _block(block: Json) -> tuple[Json, list[Json]]:
    """Start a block, and send its rest as deltas; kinds that come whole have none."""
    match block["type"]:
        case "text":
            cited = [
                {"type": "citations_delta", "citation": c} for c in block.get("citations") or ()
            ]
            said = [{"type": "text_delta", "text": text} for text in _cut(block["text"])]
            return {"type": "text", "text": ""}, said + cited
        case "thinking":
            said = [{"type": "thinking_delta", "thinking": t} for t in _cut(block["thinking"])]
            signed = {"type": "signature_delta", "signature": block.get("signature") or ""}
            return {"type": "thinking", "thinking": "", "signature": ""}, [*said, signed]
        case "tool_use" | "server_tool_use" | "mcp_tool_use":
            pieces = _cut(json.dumps(block.get("input") or {}))
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
            return {**block, "input": {}}, deltas
    return block, []
