"""Real recorded traffic of the Responses API: all of it is read, and all of it goes back."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from operator import add
from typing import Any, cast

import httpx
import pytest
from langchain_core.language_models.chat_models import _update_message_content_to_blocks
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from scout_adapters import init_scout_model, registry
from scout_adapters._internal.json_values import Json, objects
from scout_adapters.errors import ErrorKind, ProviderError
from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.types import ChatRequest, ProviderSpec
from scout_adapters.llm.wires.openai_responses import WIRE
from tests.llm.wires.openai_responses.examples import SPEC, unindexed
from tests.llm.wires.openai_responses.recorded import (
    NOT_OF_THIS_API,
    bodies,
    good,
    is_refused,
    read,
    records,
    spec,
)
from tests.support import recordings
from tests.system.conversations.strict_judge import Judge, judge

pytestmark = recordings.needed

SIZES = (1, 7, 64)
CARD = ProviderSpec(name="responses_test", docs="", wire=WIRE, base_url="https://responses.example")


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a test registers."""
    monkeypatch.setattr(registry, "_specs", dict(registry._specs))
    monkeypatch.setattr(registry, "_clients", {})
    monkeypatch.setattr(registry, "_special", {})


@pytest.fixture(autouse=True)
def vcr() -> None:
    """Leave these tests without a cassette: they answer themselves."""


def test_every_good_answer_becomes_a_message() -> None:
    assert len(good()) > 900
    for record in good():
        answer = read(record)
        assert isinstance(answer.content, list), record["id"]
        assert answer.response_metadata["model_provider"] == record["provider"], record["id"]
        assert answer.response_metadata["status"] in ("completed", "incomplete", "queued")
        assert answer.content_blocks is not None, record["id"]


def test_nothing_that_was_sent_is_lost() -> None:
    for record in good():
        answer, sent = read(record), list(bodies(record))
        parts = [part for item in sent for part in objects(item.get("content"))]
        texts = "".join(part["text"] for part in parts if part["type"] == "output_text")
        assert answer.text == texts, record["id"]
        calls = [item for item in sent if item["type"] in ("function_call", "custom_tool_call")]
        names = [call["name"] for call in (*answer.tool_calls, *answer.invalid_tool_calls)]
        assert sorted(names) == sorted(call["name"] for call in calls), record["id"]
        kinds = {item["type"] for item in sent} - {"message"}
        assert kinds <= {block["type"] for block in cast("list[Json]", answer.content)}, record[
            "id"
        ]
        secret = [item["encrypted_content"] for item in sent if item.get("encrypted_content")]
        assert all(each in str(answer.content) for each in secret), record["id"]


def test_a_stream_cut_at_any_byte_is_the_same_message() -> None:
    for number, record in enumerate(each for each in good() if each["stream"]):
        cut = read(record, SIZES[number % len(SIZES)])
        assert cut == read(record), record["id"]


def test_the_tokens_and_the_cost_are_those_that_the_provider_counted() -> None:
    for record in good():
        answer = read(record)
        usage = answer.response_metadata.get("token_usage")
        if usage is None or usage["input_tokens"] <= 0:  # a prompt of no tokens is no count
            assert answer.usage_metadata is None, record["id"]
            continue
        counted = answer.usage_metadata
        assert counted is not None
        names = ("input_tokens", "output_tokens", "total_tokens")
        assert [counted[n] for n in names] == [max(0, usage[n]) for n in names]  # type: ignore[literal-required]  # its keys
        details = counted.get("input_token_details", {})
        assert sum(cast("dict[str, int]", details).values()) <= counted["input_tokens"]
        if "cost_in_usd_ticks" in usage:
            stated = answer.response_metadata["provider_cost_usd"]
            assert stated == usage["cost_in_usd_ticks"] / 10**10


def answering(record: Json) -> Any:
    headers = {
        name: value if isinstance(value, str) else value[0]
        for name, value in (record.get("response_headers") or {}).items()
        if name.lower() not in ("content-length", "transfer-encoding", "content-encoding")
    }

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/responses"
        body = record["response_body"].encode()
        return httpx.Response(record["status"], headers=headers, content=body)

    return init_scout_model(
        "responses_test/m",
        api_key="k",
        base_url=f"https://{record['id']}.example",
        transport=httpx.MockTransport(answer),
        max_retries=0,
    )


def test_every_refusal_has_a_name() -> None:
    registry.register(CARD)
    refused = [record for record in records() if is_refused(record)]
    assert len(refused) > 25
    for record in refused:
        model = answering(record)
        with pytest.raises(ProviderError) as raised:
            model.invoke("hi") if not record["stream"] else list(model.stream("hi"))
        assert raised.value.kind not in (ErrorKind.PROTOCOL, ErrorKind.UNKNOWN), record["id"]


def test_a_card_with_this_wire_answers_through_the_engine() -> None:
    registry.register(CARD)
    few = [record for record in good() if record["stream"]][::20]
    few += [record for record in good() if not record["stream"]][::40]
    for record in few:
        model, expected = answering(record), read(record, card=CARD)
        answer = (
            functools.reduce(add, model.stream("hi")) if record["stream"] else model.invoke("hi")
        )
        assert unindexed(answer.content) == unindexed(expected.content), record["id"]
        assert answer.tool_calls == expected.tool_calls
        assert answer.response_metadata["scout"]["provider"] == "responses_test"


OPENAI = frozenset({"openai-responses", "azure-openai-responses", "chatgpt-codex-responses"})


@functools.cache
def departures() -> Judge:
    """Return a judge of requests by OpenAI's SDK, which takes a second to import."""
    from openai.types.responses.response_create_params import ResponseCreateParams

    return judge(ResponseCreateParams)


def conversations(record: Json) -> Iterator[list[Any]]:
    """Yield a conversation that goes on after an answer, in raw and in standard blocks."""
    answer = read(record, card=SPEC)
    fields = ("content", "tool_calls", "invalid_tool_calls", "response_metadata", "id")
    raw = AIMessage(**{name: getattr(answer, name) for name in fields})
    for message in (raw, _update_message_content_to_blocks(raw, "v1")):
        results = [ToolMessage("ok", tool_call_id=call["id"]) for call in answer.tool_calls]
        yield [HumanMessage("hi"), message, *results, HumanMessage("go on")]


@pytest.mark.parametrize("store", [None, True])
def test_every_answer_goes_back_as_openais_package_declares_it(store: bool | None) -> None:
    for record in good():
        for messages in conversations(record):
            conversation = build_turns(messages, SPEC)
            assert conversation.changes == []
            request = ChatRequest(model="gpt-5", messages=messages, extra={"store": store})
            body = WIRE.build_body(request, conversation.turns, SPEC)
            if record["provider"] in OPENAI:
                assert departures()(body) == [], record["id"]
            called = [item for item in body["input"] if item["type"].endswith("tool_call")]
            called += [item for item in body["input"] if item["type"] == "function_call"]
            results = [item for item in body["input"] if item["type"].endswith("call_output")]
            answered_ids = {item["call_id"] for item in results}
            assert {item["call_id"] for item in called} <= answered_ids, record["id"]


SAME = ("encrypted_content", "summary", "arguments", "name", "call_id", "input", "code", "action")


def test_items_go_back_unchanged() -> None:
    """But for ids and what only an answer has, such as the sources of a search."""
    for record in good():
        sent = [i for i in bodies(record) if i["type"] not in ("message", "reasoning")]
        messages = next(conversations(record))
        turns = build_turns(messages, SPEC).turns
        body = WIRE.build_body(ChatRequest(model="gpt-5", messages=messages), turns, SPEC)
        back = [i for i in body["input"] if i["type"] not in ("message", "reasoning")]
        back = [item for item in back if not item["type"].endswith("call_output")]
        originals = [item for item in sent if not item["type"].endswith("call_output")]
        assert [item["type"] for item in back] == [item["type"] for item in originals], record["id"]
        for sent_back, other in zip(back, originals, strict=True):
            for name in SAME:
                if name == "arguments" and sent_back["type"] == "function_call":
                    assert json.loads(sent_back[name]) == json.loads(other[name] or "{}"), record[
                        "id"
                    ]
                elif isinstance(sent_back.get(name), dict) and "sources" in mapping_of(other, name):
                    assert sent_back[name].items() <= other[name].items(), record["id"]
                else:
                    assert sent_back.get(name) == other.get(name), (record["id"], name)


def mapping_of(item: Json, name: str) -> Json:
    value = item.get(name)
    return value if isinstance(value, dict) else {}


def test_each_recording_that_is_left_out_is_there_and_has_a_reason() -> None:
    recorded_ids = {record["id"] for record in records()}
    if len(recorded_ids) > 1300:  # all folders are read
        assert NOT_OF_THIS_API.keys() <= recorded_ids
    assert all(NOT_OF_THIS_API.values())


def test_makers_are_distinguished() -> None:
    """What one gateway has encrypted is not sent to another."""
    record = next(r for r in good() if "encrypted_content" in str(read(r).content))
    messages = [HumanMessage("hi"), read(record, card=CARD), HumanMessage("go on")]
    conversation = build_turns(messages, spec({"provider": "another"}))
    assert conversation.changes
    request = ChatRequest(model="m", messages=messages)
    body = WIRE.build_body(request, conversation.turns, SPEC)
    assert "encrypted_content" not in str(body["input"])
