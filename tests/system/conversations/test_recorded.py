"""Real answers, of every provider that was recorded, go on at every other one.

The recordings lie beside the checkout, or where SCOUT_WIRE says; without them this is skipped.
"""

from __future__ import annotations

import functools
import itertools
import json
import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI

from scout_adapters.chat_models.providers import MODEL_CLASSES
from tests.support import recordings
from tests.system.conversations.api_rules import refused
from tests.system.conversations.histories import MODELS, QUESTION, sent
from tests.system.conversations.maker_answers import solid
from tests.system.conversations.sdks import complaints

Json = dict[str, Any]

FILES = {"google": "gemini"}
SAMPLE = int(os.environ.get("SCOUT_SAMPLE", "3"))
"""How many answers of each provider and kind go on at each of the others."""

KINDS = ("tool_calls", "reasoning", "server_tools", "parallel_tools", "citations")
UNDECLARED = frozenset({"abort_reason", "provider"})
"""What Claude's servers and OpenRouter's details name, and get back, and their SDKs do not know."""

REAL = frozenset({"recorded", "recorded_sanitized"})
"""Where signatures are genuine; published test data invents some."""

UNASKED = {"json_array_stream", "n_choices", "error_in_200"}

pytestmark = recordings.needed


def recorded(name: str) -> Iterator[Json]:
    for record in recordings.records(FILES.get(name, name)):
        features = set(record.get("features") or ())
        cut = record.get("truncated_response") or UNASKED & features
        real = record["status"] == 200 and record["provenance"] in REAL
        if real and not cut and features.intersection(KINDS):
            yield record


@functools.cache
def sample(name: str) -> list[Json]:
    """Return records far apart in the file, of each kind as many, whole and streamed."""
    kinds: dict[tuple[str, bool], list[Json]] = {}
    for record in recorded(name):
        for kind in set(record["features"]).intersection(KINDS):
            kinds.setdefault((kind, bool(record["stream"])), []).append(record)
    each = (records[:: max(1, len(records) // SAMPLE)][:SAMPLE] for records in kinds.values())
    return list({one["id"]: one for one in itertools.chain.from_iterable(each)}.values())


def answer(provider: str, record: Json, version: str = "v0") -> AIMessage:
    transport = httpx.MockTransport(
        lambda _: httpx.Response(200, content=(record["response_body"] or "").encode())
    )
    model = MODEL_CLASSES[provider](
        model="m",
        api_key="k",
        base_url=f"https://{record['id']}.example",
        transport=transport,
        output_version=version,
    )
    if not record["stream"]:
        return model.invoke(QUESTION)
    return functools.reduce(lambda one, other: one + other, model.stream(QUESTION))


def conversation(answered: AIMessage) -> list[BaseMessage]:
    results = [ToolMessage("Done.", tool_call_id=call["id"]) for call in answered.tool_calls]
    return [HumanMessage(QUESTION), answered, *results, HumanMessage("Go on.")]


def without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: without(one, names) for key, one in value.items() if key not in names}
    return [without(one, names) for one in value] if isinstance(value, list) else value


def faults(target: str, answered: AIMessage) -> list[str]:
    body = without(sent(target, conversation(answered), scripted=True), UNDECLARED)
    return [*complaints(target, body), *refused(target, body)]


@pytest.mark.parametrize("maker", MODELS)
def test_what_was_recorded_goes_on_everywhere(maker) -> None:
    records = sample(maker)
    if not records:
        pytest.skip(f"no calls or thoughts of {maker} were recorded")
    wrong = [
        f"{record['id']} -> {target}: {fault}"
        for record in records
        for answered in [answer(maker, record, ("v0", "v1")[int(record["id"], 16) % 2])]
        for target in MODELS
        for fault in faults(target, answered)
    ]
    assert wrong == []


def test_what_openais_responses_said_goes_on_everywhere() -> None:
    wrong = []
    for record in sample("openai-responses"):
        if record["stream"]:
            continue
        body = json.loads(record["response_body"])
        transport = httpx.MockTransport(lambda _, body=body: httpx.Response(200, json=body))
        with httpx.Client(transport=transport) as client:
            model = ChatOpenAI(model="m", api_key="k", use_responses_api=True, http_client=client)
            answered = model.invoke(QUESTION)
        wrong += [
            f"{record['id']} -> {target}: {fault}"
            for target in MODELS
            for fault in faults(target, answered)
        ]
    assert wrong == []


def blank(block: Json) -> bool:
    """Tell a text that the API gives, and does not take back."""
    return block["type"] == "text" and not block["text"].strip()


def test_claude_gets_every_recorded_block_back_but_blank_texts() -> None:
    wrong = []
    for record in sample("anthropic"):
        if record["stream"]:
            continue
        content = json.loads(record["response_body"])["content"]
        original = [block for block in content if not blank(block)]
        messages = conversation(answer("anthropic", record))
        back = sent("anthropic", messages, scripted=True)["messages"][1]["content"]
        back = [{"type": "text", "text": back}] if isinstance(back, str) else back
        if solid(back) != solid(original):
            wrong.append(record["id"])
    assert wrong == []
