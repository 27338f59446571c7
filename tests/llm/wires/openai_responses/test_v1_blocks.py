"""LangChain's standard blocks of the Responses API, whichever provider made them, and back."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import reduce
from operator import add
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from scout_adapters import init_scout_model, registry
from scout_adapters._internal.json_values import Json
from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.types import ChatRequest
from scout_adapters.llm.wires.openai_responses import WIRE
from tests.llm.wires.openai_responses.examples import (
    NOTE,
    RICH,
    SPEC,
    message,
    reasoning,
    response,
    streamed,
    text_part,
)

CARD = replace(SPEC, name="responses_v1", model_provider="somebody")


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a test registers."""
    monkeypatch.setattr(registry, "_specs", dict(registry._specs))
    monkeypatch.setattr(registry, "_clients", {})
    monkeypatch.setattr(registry, "_special", {})
    registry.register(CARD)


@pytest.fixture(autouse=True)
def vcr() -> None:
    """Leave these tests without a cassette: they answer themselves."""


def ask(body: Json, *, stream: bool, events: list[Json] | None = None) -> BaseMessage:
    def answer(request: httpx.Request) -> httpx.Response:
        if not json.loads(request.content).get("stream"):
            return httpx.Response(200, json=body)
        sent = events or streamed(body, [4])
        text = "".join(f"data: {json.dumps(event)}\n\n" for event in sent)
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=text)

    model = init_scout_model(
        "responses_v1/gpt-5",
        api_key="k",
        transport=httpx.MockTransport(answer),
        output_version="v1",
    )
    return reduce(add, model.stream("hi")) if stream else model.invoke("hi")


KINDS = [
    *["reasoning"] * 2,
    *["server_tool_call", "server_tool_result"],
    *["text", "refusal", "reasoning"],
    *["tool_call"] * 2,
    *["non_standard", "reasoning"],
]


@pytest.mark.parametrize("stream", [False, True])
def test_a_provider_unknown_to_langchain_has_standard_blocks(stream: bool) -> None:
    answer = ask(RICH, stream=stream)
    blocks: list[Any] = list(answer.content)
    assert answer.response_metadata["output_version"] == "v1"
    assert [block["type"] for block in blocks] == KINDS
    assert [block.get("reasoning") for block in blocks if block["type"] == "reasoning"] == [
        "Two and two",
        "make four.",
        "Ask f.",
        None,
    ]


def sent(answer: Any, **extra: Any) -> list[Json]:
    conversation = build_turns([HumanMessage("hi"), answer], CARD)
    assert conversation.changes == []
    request = ChatRequest(model="gpt-5", messages=(), extra=extra)
    body = WIRE.build_body(request, conversation.turns, CARD)
    items: list[Json] = body["input"][1:]
    return items


@pytest.mark.parametrize("stream", [False, True])
def test_standard_blocks_go_back_as_the_items_they_were(stream: bool) -> None:
    raw = WIRE.parse_response(RICH, CARD)
    assert sent(ask(RICH, stream=stream)) == sent(raw)


FILE = {"type": "file_citation", "file_id": "f", "filename": "n.txt", "index": 3}
ITEMS: list[Json] = [
    {
        "type": "file_search_call", "id": "fs_1", "status": "completed",
        "queries": ["q"], "results": [{"file_id": "f", "text": "t"}],
    },
    {
        "type": "code_interpreter_call", "id": "ci_1", "status": "completed",
        "code": "1+1", "container_id": "c", "outputs": [{"type": "logs", "logs": "2"}],
    },
    {
        "type": "mcp_call", "id": "mcp_1", "arguments": '{"a": 1}', "name": "t",
        "server_label": "s", "status": "completed", "output": "ok", "error": None,
    },
    {"type": "mcp_call", "id": "mcp_2", "arguments": "{broken", "name": "t",
     "server_label": "s", "output": None, "error": "no"},
    {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "s", "tools": [
        {"name": "t", "input_schema": {}}]},
    {"type": "tool_search_call", "id": "tsc_1", "status": "completed", "execution": "server",
     "arguments": {"goal": "g"}, "call_id": None},
    {"type": "tool_search_output", "id": "tso_1", "status": "completed", "execution": "server",
     "tools": [{"type": "function", "name": "f"}], "call_id": None},
    {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "QUJD"},
    {"type": "mcp_approval_request", "id": "mcpr_1", "arguments": "{}", "name": "t",
     "server_label": "s"},
    {"type": "compaction", "id": "cmp_1", "encrypted_content": "g"},
    {"type": "yet_to_come", "id": "x_1", "data": [1, {"a": None}]},
]  # fmt: skip


def declared(item: Json) -> Json:
    return {name: value for name, value in item.items() if value is not None}


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item["type"])
@pytest.mark.parametrize("stream", [False, True])
def test_each_item_goes_back_as_it_came(item: Json, stream: bool) -> None:
    body = response(item, message(text_part("Hi")))
    back, _text = sent(ask(body, stream=stream))
    assert declared(back) == declared(item)


@pytest.mark.parametrize("stream", [False, True])
def test_citations_go_back_where_messages_have_ids(stream: bool) -> None:
    other = {"type": "container_file_citation", "container_id": "c", "file_id": "f"}
    body = response(reasoning(), message(text_part("Hi", NOTE, FILE, other)))
    _, text = sent(ask(body, stream=stream), store=True)
    assert text == message(text_part("Hi", NOTE, FILE, other))


def test_plain_text_is_left_to_langchain() -> None:
    assert WIRE.standard_blocks(AIMessage("Hi")) is None


def test_two_images_on_the_way_stay_two_in_a_stream() -> None:
    body = response({"type": "image_generation_call", "id": "ig_1", "result": "QUJD"})
    drafts = [
        {"item_id": "ig_1", "partial_image_index": at, "partial_image_b64": text}
        for at, text in enumerate(("QQ==", "QUI="))
    ]
    events = streamed(body)
    kind = {"type": "response.image_generation_call.partial_image", "output_index": 0}
    events[3:3] = [{**kind, **draft} for draft in drafts]
    *shown, image = ask(body, stream=True, events=events).content_blocks
    assert [block["value"] for block in shown] == [  # type: ignore[typeddict-item]  # they are non_standard
        {"type": "partial_image", **draft} for draft in drafts
    ]
    assert image["type"] == "image"
