"""Chat Completions on real recorded traffic, which lies beside the checkout, or nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import orjson
import pytest
from langchain_core.messages import AIMessage, AIMessageChunk

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ProviderRefusal
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect
from tests.support import recordings
from tests.support.verbs import merge_chunks

pytestmark = recordings.needed


def recorded() -> Iterator[Json]:
    for line in recordings.lines():
        if '"openai-chat"' in line:
            record: Json = orjson.loads(line)
            if record["dialect"] == "openai-chat":
                yield record


NO_ANSWERS = {"35c6889059f5723c": "the stream is `data: [DONE]` and nothing else"}
"""Responses of status 200 without an answer, by record, and why."""

DIALECT = ChatCompletionsDialect(takes=frozenset({"tool_images"}), cache_markers=True)


@pytest.fixture(scope="module")
def records() -> list[Json]:
    return list(recorded())


@pytest.fixture(scope="module")
def answers(records: list[Json]) -> list[Json]:
    """Answers with status 200 that the recorder did not cut."""
    whole = [r for r in records if r["status"] == 200 and not r.get("truncated_response")]
    return [record for record in whole if record["id"] not in NO_ANSWERS]


Message = Callable[[Json], AIMessage]


@pytest.fixture(scope="module")
def message(answers: list[Json]) -> Message:
    """Read an answer with the wire, once for all tests: reading all of them takes seconds."""
    by_id = {record["id"]: record for record in answers}
    read = cache(lambda name: parse(by_id[name]))
    return lambda record: read(record["id"])


def refused(record: Json) -> bool:
    return "error_in_200" in (record["features"] or [])


def spec(record: Json) -> ProviderSpec:
    return ProviderSpec(name=record["provider"], docs="", wire=WIRE, base_url="", dialect=DIALECT)


def events(record: Json) -> Iterator[Json | None]:
    for line in record["response_body"].splitlines():
        if line.startswith("data:"):
            data = line.removeprefix("data:").strip()
            yield None if data == "[DONE]" else orjson.loads(data)


def merged(read: list[Any], card: ProviderSpec) -> AIMessageChunk:
    reader = WIRE.reader(card)
    chunks = [chunk for event in read if (chunk := reader.feed(event)) is not None]
    assert reader.finished
    return merge_chunks([*chunks, reader.close()])


def parse(record: Json) -> AIMessage:
    if record["stream"]:
        return merged(list(events(record)), spec(record))
    return WIRE.parse_response(orjson.loads(record["response_body"]), spec(record))


def test_every_good_answer_becomes_a_message(answers: list[Json], message: Message) -> None:
    good = [record for record in answers if not refused(record)]
    assert good
    for record in good:
        read = message(record)
        assert isinstance(read.content, str), record["id"]
        assert read.response_metadata["model_provider"] == record["provider"], record["id"]
        assert read.content_blocks is not None, record["id"]


def test_every_error_inside_a_200_is_refused(answers: list[Json]) -> None:
    bad = [record for record in answers if refused(record)]
    assert bad
    for record in bad:
        with pytest.raises(ProviderRefusal):
            parse(record)


def sent_messages(record: Json) -> Iterator[Json]:
    """Yield the messages or deltas of the first choice, read with no help of the wire."""
    bodies = events(record) if record["stream"] else [orjson.loads(record["response_body"])]
    for body in bodies:
        for choice in (body or {}).get("choices") or []:
            if not choice.get("index"):
                yield choice.get("delta" if record["stream"] else "message") or {}


def test_text_and_calls_are_those_that_were_sent(answers: list[Json], message: Message) -> None:
    for record in answers:
        if refused(record):
            continue
        answer, pieces = message(record), list(sent_messages(record))
        words = [piece.get("content") or "" for piece in pieces]
        if all(isinstance(word, str) for word in words):
            assert answer.content == "".join(words), record["id"]
        calls = [call for piece in pieces for call in piece.get("tool_calls") or []]
        names = [name for call in calls if (name := call["function"].get("name"))]
        read = [call["name"] for call in [*answer.tool_calls, *answer.invalid_tool_calls]]
        assert sorted(str(name) for name in read) == sorted(names), record["id"]


def test_a_response_without_an_answer_is_none(records: list[Json]) -> None:
    empty = [record for record in records if record["id"] in NO_ANSWERS]
    for record in empty:
        reader = WIRE.reader(spec(record))
        assert [reader.feed(event) for event in events(record)] == [None]
        assert not reader.finished


def counts(record: Json) -> Json | None:
    """Return the last usage that stands in an answer, read with no help of the wire."""
    bodies = events(record) if record["stream"] else [orjson.loads(record["response_body"])]
    recorded_counts = None
    for body in bodies:
        usage = (body or {}).get("usage") or ((body or {}).get("x_groq") or {}).get("usage")
        if usage and usage.get("prompt_tokens"):  # without a prompt it is no count
            recorded_counts = usage
    return recorded_counts


def test_tokens_are_those_that_the_provider_counted(answers: list[Json], message: Message) -> None:
    for record in answers:
        if refused(record):
            continue
        counted, raw = message(record).usage_metadata, counts(record)
        if raw is None:
            assert counted is None, record["id"]
            continue
        assert counted is not None, record["id"]
        assert counted["input_tokens"] >= raw["prompt_tokens"], record["id"]
        assert counted["output_tokens"] >= raw["completion_tokens"], record["id"]
        assert counted["total_tokens"] == raw["total_tokens"], record["id"]
        details = counted.get("input_token_details", {})
        assert all(n <= counted["input_tokens"] for n in details.values()), record["id"]
        # Gemini counts thoughts into the total and nowhere else.
        if record["provider"] != "gemini-openai":
            parts = counted["input_tokens"] + counted["output_tokens"]
            assert counted["total_tokens"] == parts, record["id"]


def streamed(body: Json) -> list[Json | None]:
    """Send a whole answer as a stream of three events, its texts cut in two."""
    head = {name: value for name, value in body.items() if name not in {"choices", "usage"}}
    choice = body["choices"][0]
    message = choice.get("message") or {}
    texts = {n: v for n, v in message.items() if isinstance(v, str) and v and n in TEXTS}
    halves = [{n: v[: len(v) // 2] for n, v in texts.items()}]
    halves += [message | {n: v[len(v) // 2 :] for n, v in texts.items()}]
    events = [head | {"choices": [{"index": 0, "delta": half}]} for half in halves]
    ended = {name: value for name, value in choice.items() if name not in {"message", "delta"}}
    return [*events, head | {"choices": [ended], "usage": body.get("usage")}, None]


TEXTS = {"content", "reasoning", "reasoning_content", "refusal"}
ASPECTS = (
    "content",
    "additional_kwargs",
    "response_metadata",
    "tool_calls",
    "usage_metadata",
    "id",
)


def test_a_whole_answer_and_its_stream_make_the_same_message(answers: list[Json]) -> None:
    whole = [record for record in answers if not record["stream"] and not refused(record)]
    for record in whole:
        body, card = orjson.loads(record["response_body"]), spec(record)
        whole_message = WIRE.parse_response(body, card)
        chunk = merged(streamed(body), card)
        for aspect in ASPECTS:
            assert getattr(chunk, aspect) == getattr(whole_message, aspect), (record["id"], aspect)


ROLES = {"system": "system", "user": "user", "assistant": "assistant", "tool": "tool"}


def turn(at: int, sent: Json) -> Turn | None:
    """Read a recorded message back into the neutral form; None for what has no neutral form."""
    content = sent.get("content")
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    blocks = [block(part) for part in parts]
    unknown = sent.keys() - {"role", "content", "tool_calls", "tool_call_id", "name"}
    if unknown or None in blocks or sent["role"] not in ROLES:
        return None
    for call in sent.get("tool_calls") or []:
        named = {"type": "tool_call", "id": call["id"], "name": call["function"]["name"]}
        blocks.append(named | {"args": arguments(call)})
    return Turn(
        role=ROLES[sent["role"]],  # type: ignore[arg-type]  # one of them
        blocks=[b for b in blocks if b],
        at=at,
        name=sent.get("name"),
        tool_call_id=sent.get("tool_call_id", ""),
    )


def arguments(call: Json) -> Any:
    """Return a recorded call's arguments; some were replayed as the model had broken them."""
    raw = call["function"]["arguments"]
    try:
        return orjson.loads(raw or "{}")
    except orjson.JSONDecodeError:
        return raw


MARKERS = {"cache_control", "prompt_cache_breakpoint"}


def block(part: Json) -> Json | None:
    marked = {name: part[name] for name in MARKERS & part.keys()}
    if part.keys() - MARKERS == {"type", "text"}:
        return part
    if part["type"] == "image_url" and isinstance(part["image_url"], dict):
        return {"type": "image", **part["image_url"], **marked}
    if part["type"] == "file" and "file_id" in part["file"]:
        return {"type": "file", "file_id": part["file"]["file_id"], **marked}
    if part["type"] == "file":
        mime, _, data = part["file"]["file_data"].removeprefix("data:").partition(";base64,")
        file_block = {"mime_type": mime, "base64": data, "filename": part["file"]["filename"]}
        return {"type": "file", **file_block, **marked} if data else None
    return None


def plain(sent: Json) -> Json:
    """Bring a recorded message into the one form of several that the wire renders."""
    fields = {name: value for name, value in sent.items() if value is not None}
    content = fields.get("content")
    if isinstance(content, list) and [p.keys() for p in content] == [{"type", "text"}]:
        fields["content"] = content[0]["text"]
    fields.setdefault("content", "")
    if fields.get("tool_calls"):
        fields["content"] = fields["content"] or None
        fields["tool_calls"] = [
            {
                "id": call["id"],
                "type": "function",
                "function": call["function"] | {"arguments": arguments(call)},
            }
            for call in fields["tool_calls"]
        ]
    if fields["role"] == "tool":
        fields.pop("name", None)
        fields.setdefault("tool_call_id", "")
    return fields


def test_requests_that_were_answered_are_built_as_they_were_sent(answers: list[Json]) -> None:
    built = 0
    for record in answers:
        sent = record["request_json"]
        if not isinstance(sent, dict) or not sent.get("messages") or not sent.get("model"):
            continue
        turns = [turn(at, each) for at, each in enumerate(sent["messages"])]
        if None in turns:
            continue
        rest = {n: v for n, v in sent.items() if n not in {"model", "messages", "tools"}}
        request = ChatRequest(
            model=sent["model"], messages=(), tools=sent.get("tools") or (), extra=rest
        )
        body = WIRE.build_body(request, [t for t in turns if t], spec(record))
        for built_message, original in zip(body["messages"], sent["messages"], strict=True):
            assert plain(built_message) == plain(original), record["id"]
        assert body.get("tools") == (sent.get("tools") or None), record["id"]
        built += 1
    assert built > len(answers) // 2
