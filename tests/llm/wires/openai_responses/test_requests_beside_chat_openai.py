"""Requests over the Responses API beside those of ChatOpenAI, field by field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_openai import ChatOpenAI

from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.providers import registry
from scout_adapters.llm.types import ChatRequest
from tests.support import recordings

pytestmark = recordings.needed
Json = dict[str, Any]

EVERY = 12
"""One record of so many is compared; all of them take half a minute."""

ENOUGH = 0.99
"""The share of histories whose input has to be the same."""

NOT_SENT = {
    # A server that stores nothing cannot look ids up, and sets the status itself.
    "function_call": ("id", "status"),
    "custom_tool_call": ("id", "status"),
    # OpenAI's own types declare no other fields of a picture that goes back.
    "image_generation_call": (
        *("background", "output_format", "quality", "revised_prompt", "size", "action"),
    ),
    # A result names the program that made the call; ChatOpenAI leaves that to the caller.
    "function_call_output": ("caller",),
}
"""Fields that one of the two sends back and the other does not."""


def histories() -> Iterator[tuple[str, str, AIMessage]]:
    """Yield the id of a record, the form of the content, and the recorded answer in it."""
    for number, record in enumerate(recordings.records("openai-responses")):
        if record["status"] != httpx.codes.OK or record["stream"] or number % EVERY:
            continue
        try:
            body = json.loads(record["response_body"])
        except ValueError:
            continue
        for version in ("v0", "responses/v1"):
            if "output" in body and (answer := read(body, version)) is not None:
                yield record["id"], version, answer


def witness(model: str, version: str, client: httpx.Client | None = None) -> ChatOpenAI:
    return ChatOpenAI(
        model=model,
        api_key="k",
        use_responses_api=True,
        store=False,
        output_version=version,
        http_client=client,
        max_retries=0,
    )


def read(body: Json, version: str) -> AIMessage | None:
    """Return an answer as ChatOpenAI reads it; None if it is an error."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    with httpx.Client(transport=transport) as client:
        try:
            return witness("gpt-5", version, client).invoke("q")
        except Exception:  # noqa: BLE001  # records of errors inside a 200
            return None


def conversation(answer: AIMessage) -> list[BaseMessage]:
    results = [ToolMessage("seen", tool_call_id=call["id"]) for call in answer.tool_calls]
    return [SystemMessage("s"), HumanMessage("q"), answer, *results, HumanMessage("n")]


def comparable(items: list[Json], version: str) -> list[Json]:
    """Return input items without the differences that have a reason."""
    shown = [shown_item for item in items if (shown_item := _comparable(item)) is not None]
    if version == "v0":
        # This form has hosted calls beside the content; ChatOpenAI sends them after the text that
        # was made of them, this wire in the order in which they ran.
        return sorted(shown, key=lambda item: json.dumps(item, sort_keys=True))
    return shown


def _comparable(item: Json) -> Json | None:
    kind = item.get("type", "message")
    if kind == "reasoning" and not item.get("encrypted_content"):
        return None  # a server that stores nothing cannot look it up
    without = NOT_SENT.get(kind, ())
    shown = {n: value for n, value in item.items() if n not in without and value is not None}
    if kind == "custom_tool_call_output":
        shown["type"] = "function_call_output"  # ChatOpenAI takes the kind from the caller only
    if "sources" in (action := shown.get("action") or {}):
        # LangChain reports that OpenAI answers sources of a search with a 400.
        shown["action"] = {name: value for name, value in action.items() if name != "sources"}
    if kind == "message" and isinstance(parts := shown.get("content"), list):
        # A text is the same as one part; OpenAI's types allow parts only beside an id.
        shown["content"] = "".join(part.get("text") or part.get("refusal") or "" for part in parts)
    if isinstance(arguments := shown.get("arguments"), str):
        shown["arguments"] = json.loads(arguments)
    return shown


def test_recorded_answers_go_back_as_chat_openai_sends_them_back() -> None:
    card = registry.spec("openai").second_card
    assert card is not None
    count, different = 0, []
    for record_id, version, answer in histories():
        messages = conversation(answer)
        theirs = json.loads(json.dumps(witness("gpt-5", version)._get_request_payload(messages)))
        turns = build_turns(messages, card).turns
        ours = card.wire.build_body(ChatRequest(model="gpt-5", messages=messages), turns, card)
        assert (ours["model"], ours["store"]) == (theirs["model"], theirs["store"])
        count += 1
        if comparable(ours["input"], version) != comparable(theirs["input"], version):
            different.append(f"{record_id} ({version})")
    assert count > 60
    assert len(different) <= count * (1 - ENOUGH), different
