"""What a server sends in the place of an answer, without content and without a reason to end."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires import anthropic_messages, gemini, openai_chat, openai_responses

CHAT, CLAUDE, GEMINI = openai_chat.WIRE, anthropic_messages.WIRE, gemini.WIRE
RESPONSES = openai_responses.WIRE
ALL = (CHAT, CLAUDE, GEMINI, RESPONSES)


def spec(wire: Any) -> ProviderSpec:
    return ProviderSpec(name="x", docs="", wire=wire, base_url="https://x.example")


START = {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 3}}}
STOP = {"type": "message_stop"}
NO_REASON = {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {"output_tokens": 0}}


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        (CHAT, {"choices": [{"message": {}}]}),
        (CHAT, {"choices": [{"message": {"content": None}, "finish_reason": None}]}),
        (CHAT, {"choices": [{"message": {"content": "", "tool_calls": []}}]}),
        (CLAUDE, {"id": "m", "content": [], "stop_reason": None}),
        (GEMINI, {"candidates": [{}]}),
        (GEMINI, {"candidates": [{"content": {}}], "usageMetadata": {}}),
        (GEMINI, {"candidates": [{"content": {"parts": []}}]}),
        (RESPONSES, {"output": [], "status": "completed", "usage": {"output_tokens": 9}}),
        (RESPONSES, {"output": [None], "status": "completed"}),
        (RESPONSES, {"output": []}),
    ],
)
def test_a_body_without_content_and_without_a_reason_is_no_answer(wire: Any, body: Any) -> None:
    with pytest.raises(MalformedResponse):
        wire.parse_response(body, spec(wire))


@pytest.mark.parametrize(
    ("wire", "events"),
    [
        (CHAT, [{"choices": [{"delta": {"role": "assistant", "content": ""}}]}, None]),
        (CLAUDE, [STOP]),
        (CLAUDE, [START, STOP]),
        (CLAUDE, [START, NO_REASON, STOP]),
        (GEMINI, [{}]),
        (GEMINI, [{"candidates": [{"content": {"parts": [{"text": ""}]}}]}]),
    ],
)
def test_events_without_content_and_without_a_reason_end_nothing(
    wire: Any, events: list[Any]
) -> None:
    reader = wire.reader(spec(wire))
    for event in events:
        reader.feed(event)
    assert not reader.finished


CUT = {"output": [], "status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
SILENT = {"output": [{"type": "message", "content": []}], "status": "completed"}


@pytest.mark.parametrize("body", [CUT, SILENT, {"id": "r", "output": [], "status": "queued"}])
def test_a_response_without_content_and_with_a_reason_is_an_answer(body: Any) -> None:
    assert RESPONSES.parse_response(body, spec(RESPONSES)).text == ""


@pytest.mark.parametrize("kind", ["completed", "done"])
@pytest.mark.parametrize("body", [{"output": []}, {"output": [], "status": "completed"}, {}])
def test_a_streamed_response_without_items_is_no_answer(kind: str, body: Any) -> None:
    reader = RESPONSES.reader(spec(RESPONSES))
    reader.feed({"type": "response.created", "response": {"id": "r", "status": "in_progress"}})
    with pytest.raises(MalformedResponse, match="no output"):
        reader.feed({"type": f"response.{kind}", "response": body})
    assert not reader.finished


@pytest.mark.parametrize("wire", ALL)
@pytest.mark.parametrize(
    "body",
    [
        {"detail": "no GPU"},
        {"message": "no GPU"},
        {"object": "error", "message": "no GPU"},
        {"type": "error", "message": "no GPU"},
        {"errors": [{"message": "no GPU"}]},
        {"error": "no GPU"},
    ],
)
def test_an_error_in_any_form_is_a_refusal_with_its_words(wire: Any, body: Any) -> None:
    with pytest.raises(ProviderRefusal) as whole:
        wire.parse_response(dict(body), spec(wire))
    with pytest.raises(ProviderRefusal) as streamed:
        wire.reader(spec(wire)).feed(dict(body))
    for refused in (whole, streamed):
        assert "no GPU" in str(refused.value.payload)


def chat(delta: Any) -> Any:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def fragment(arguments: str | None, **more: Any) -> Any:
    call = {"index": 0, "function": {"name": more.pop("name", None), "arguments": arguments}}
    return chat({"tool_calls": [call | more]})


def claude(delta: Any) -> Any:
    return {"type": "content_block_delta", "index": 0, "delta": delta}


TOOL = {"type": "tool_use", "id": "t", "name": "f", "input": {}}


@pytest.mark.parametrize(
    ("wire", "before", "event"),
    [
        (CHAT, [chat({"content": "x"})], chat({"content": "", "reasoning_content": ""})),
        (CHAT, [chat({"content": "x"})], chat({"role": "assistant", "tool_calls": []})),
        (CHAT, [fragment("{", id="a", name="f")], fragment("")),
        (CHAT, [fragment("{", id="a", name="f")], fragment(None, type="function")),
        (CHAT, [fragment("{", id="a", name="f")], fragment("", id="a", name="f")),
        (CLAUDE, [START], claude({"type": "thinking_delta", "thinking": ""})),
        (CLAUDE, [START], claude({"type": "signature_delta", "signature": ""})),
        (
            CLAUDE,
            [START, {"type": "content_block_start", "index": 0, "content_block": TOOL}],
            claude({"type": "input_json_delta", "partial_json": ""}),
        ),
        (GEMINI, [], {"candidates": [{"content": {"parts": [{"text": "", "thought": True}]}}]}),
    ],
)
def test_an_event_that_adds_nothing_does_not_end_a_silence(
    wire: Any, before: list[Any], event: Any
) -> None:
    reader = wire.reader(spec(wire))
    for each in before:
        reader.feed(each)
    assert [reader.feed(event) for _ in range(3)] == [None, None, None]
