"""The judges themselves: what is planted in a good request is found, wherever it lies."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.system.conversations.api_rules import refused
from tests.system.conversations.histories import MODELS, conversations, sent
from tests.system.conversations.sdks import complaints

Json = dict[str, Any]
FREE = {"args", "input", "arguments", "parameters", "properties", "input_schema", "response"}
FREE |= {"parametersJsonSchema", "reasoning_details", "thinking", "reasoning_content"}
"""Where anything may stand: arguments, schemas, and what `sdks` lets pass unread."""


def good(target: str) -> Json:
    *_, (_, messages) = conversations("anthropic", target, "whole", "v0")
    return sent(target, messages)


def objects(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every object in a body that is not free."""
    if isinstance(value, dict):
        yield path
        for key, inner in value.items():
            if key not in FREE:
                yield from objects(inner, (*path, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from objects(inner, (*path, place))


def at(body: Json, path: tuple[Any, ...]) -> Any:
    value: Any = body
    for step in path:
        value = value[step]
    return value


@pytest.mark.parametrize("target", MODELS)
def test_an_unknown_key_is_found_in_every_object_of_a_request(target) -> None:
    body = good(target)
    paths = list(objects(body))
    assert len(paths) > 12
    assert max(map(len, paths)) >= 4
    missed = []
    for path in paths:
        planted = copy.deepcopy(body)
        at(planted, path)["planted"] = 1
        if not complaints(target, planted):
            missed.append(path)
    assert missed == []


@pytest.mark.parametrize("target", MODELS)
def test_a_number_in_place_of_a_text_is_found(target) -> None:
    body = good(target)
    messages = body["contents" if target == "google" else "messages"]
    messages[0]["parts" if target == "google" else "content"] = 7
    assert complaints(target, body)


def openai(*messages: Json) -> Json:
    return {"model": "m", "messages": [{"role": "user", "content": "hi"}, *messages]}


def claude(*messages: Json, **more: Any) -> Json:
    return {"messages": [{"role": "user", "content": "hi"}, *messages], **more}


def gemini(*contents: Json) -> Json:
    return {"contents": [{"role": "user", "parts": [{"text": "hi"}]}, *contents]}


def calling(call_id: str = "abcdefgh1", **more: Any) -> Json:
    function = {"name": "f", "arguments": "{}"}
    calls = [{"id": call_id, "type": "function", "function": function}]
    return {"role": "assistant", "content": None, "tool_calls": calls, **more}


def result(call_id: str = "abcdefgh1", content: Any = "ok") -> Json:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def use(call_id: str = "t1", **more: Any) -> Json:
    return {"role": "assistant", "content": [{"type": "tool_use", "id": call_id, **more}]}


def used(*before: Json) -> Json:
    block = {"type": "tool_result", "tool_use_id": "t1", "content": "ok"}
    return {"role": "user", "content": [*before, block]}


USER = {"role": "user", "content": "and?"}
TEXT = {"type": "text", "text": "x"}
SEEN = [{"type": "image_url", "image_url": {"url": "https://x"}}]
MARKED = [{**TEXT, "cache_control": {"type": "ephemeral"}}] * 5
UNSIGNED = {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}}]}
SIGNED = {"role": "model", "parts": [{**UNSIGNED["parts"][0], "thoughtSignature": "AAAA"}]}
RESPONSE = {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {}}}]}
PLANTS = [
    ("openai", openai(calling(), USER), "speaks before"),
    ("openai", openai(calling()), "nobody answers"),
    ("openai", openai(result()), "waiting are []"),
    ("openai", openai(calling(), result(content=SEEN)), "holds {'image_url'}"),
    ("openai", openai(calling("x" * 41), result("x" * 41)), "41 characters"),
    ("openai", openai(calling(""), result("")), "without an id"),
    ("mistral", openai({"role": "assistant", "content": ""}, USER), "neither says nor does"),
    ("openai", openai({"role": "user", "content": [{"type": "text", "text": ""}]}), "empty part"),
    ("mistral", openai(calling("call_1"), result("call_1")), "the id 'call_1'"),
    ("mistral", openai(calling(), result(), USER), "user after tool"),
    ("mistral", openai({"role": "assistant", "content": "x"}), "ends with assistant"),
    ("deepseek", openai(calling(), result()), "without reasoning_content"),
    ("deepseek", openai({"role": "user", "content": SEEN}), "holds {'image_url'}"),
    ("anthropic", {"messages": [{"role": "assistant", "content": "x"}]}, "not the user's"),
    ("anthropic", claude({"role": "assistant", "content": "x "}), "white space"),
    ("anthropic", claude({"role": "assistant", "content": [{**TEXT, "text": " "}]}), "blank text"),
    ("anthropic", claude({"role": "assistant", "content": []}, USER), "message 1 is empty"),
    ("anthropic", claude(use(), USER), "called were ['t1']"),
    ("anthropic", claude(use()), "nobody answers"),
    ("anthropic", claude(use(), used(TEXT)), "something before its results"),
    ("anthropic", claude(use("f:0"), used()), "malformed"),
    ("anthropic", claude({"role": "user", "content": MARKED}), "5 cache markers"),
    ("anthropic", claude(use(), used(), thinking={"type": "enabled"}), "without a thought"),
    (
        "anthropic",
        claude({"role": "assistant", "content": [{"type": "thinking", "signature": ""}, TEXT]}),
        "unsigned thought",
    ),
    ("google", gemini(SIGNED, {"role": "user", "parts": [{"text": "x"}]}), "responds to []"),
    ("google", gemini(SIGNED), "nobody responds"),
    ("google", gemini(UNSIGNED, RESPONSE), "unsigned first call"),
    (
        "google",
        gemini({"role": "model", "parts": [{"text": "x"}]}, SIGNED, RESPONSE),
        "after model",
    ),
    ("google", gemini({"role": "model", "parts": []}), "no parts"),
    ("google", gemini({"role": "model", "parts": [{"text": ""}]}), "empty part"),
    ("google", gemini({"role": "model", "parts": [{"text": "x", "inlineData": {}}]}), "part with"),
    ("google", {"contents": [{"role": "model", "parts": [{"text": "x"}]}]}, "not the user's"),
    (
        "google",
        gemini({"role": "model", "parts": [{"text": "x", "thoughtSignature": "%%"}]}),
        "not base64",
    ),
]


@pytest.mark.parametrize(("target", "body", "reason"), PLANTS, ids=[row[2] for row in PLANTS])
def test_what_an_api_answers_with_a_400_is_found(target, body, reason) -> None:
    assert reason in " / ".join(refused(target, body))
