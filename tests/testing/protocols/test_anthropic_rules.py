"""What Anthropic's API refuses in a request."""

from __future__ import annotations

from typing import Any

import pytest

from tests.testing.protocols.requests import USER


def test_adaptive_thinking_needs_no_thought_before_a_call(client: Any) -> None:
    body = {"thinking": {"type": "adaptive"}, "messages": [USER, use(), used()]}
    assert client.messages(**body).status_code == 200


def use(call_id: str = "t1", **more: Any) -> dict[str, Any]:
    block = {"type": "tool_use", "id": call_id, "name": "f", "input": {}, **more}
    return {"role": "assistant", "content": [block]}


def used(call_id: str = "t1") -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": call_id, "content": "ok"}
    return {"role": "user", "content": [block]}


def assistant(**block: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": [block]}


THINK = {"thinking": {"type": "enabled", "budget_tokens": 1024}}

MARK = {"cache_control": {"type": "ephemeral"}}

ANTHROPIC = [
    ({"max_tokens": None}, "max_tokens: Field required"),
    ({"messages": []}, "messages: at least one message is required"),
    ({"messages": [{"role": "system", "content": "x"}]}, 'Unexpected role "system"'),
    ({"messages": [{"role": "user", "content": ""}]}, "messages.0: all messages must have non-"),
    (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]},
        "messages: text content blocks must be non-empty",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "text", "text": " \n"}]}]},
        "messages: text content blocks must contain non-whitespace text",
    ),
    ({"system": [{"type": "text", "text": ""}]}, "system: text content blocks must be non-empty"),
    (
        {"messages": [USER, {"role": "assistant", "content": "So "}]},
        "final assistant content cannot end with trailing whitespace",
    ),
    (
        {"messages": [USER, use("a.b"), used("a.b")]},
        "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ),
    ({"messages": [USER, use(), used("a.b")]}, "messages.2.content.0.tool_result.tool_use_id: Str"),
    ({"messages": [USER, use(), used(), use(), used()]}, "`tool_use` ids must be unique"),
    (
        {"messages": [USER, use(input="{}"), used()]},
        "messages.1.content.0.tool_use.input: Input should be a valid dictionary",
    ),
    (
        {"messages": [USER, use(), USER]},
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t1.",
    ),
    ({"messages": [USER, use()]}, "`tool_use` ids were found without `tool_result` blocks"),
    (
        {"messages": [USER, {"role": "assistant", "content": "x"}, used()]},
        "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: t1.",
    ),
    (
        {"messages": [USER, assistant(type="thinking", thinking="x", signature="forged"), USER]},
        "messages.1.content.0: Invalid `signature` in `thinking` block",
    ),
    (
        {"messages": [USER, assistant(type="thinking", thinking="x"), USER]},
        "messages.1.content.0.thinking.signature: Field required",
    ),
    ({**THINK, "max_tokens": 1024}, "`max_tokens` must be greater than"),
    ({"thinking": {"type": "enabled"}}, "thinking.enabled.budget_tokens: Field required"),
    ({"thinking": {"type": "adaptive"}, "temperature": 0}, "`temperature` may only be set to 1"),
    ({"thinking": {"type": "enabled", "budget_tokens": 9}}, "greater than or equal to 1024"),
    ({**THINK, "temperature": 0}, "`temperature` may only be set to 1 when thinking is enabled"),
    (
        {**THINK, "tool_choice": {"type": "any"}, "tools": [{"name": "f"}]},
        "Thinking may not be enabled when tool_choice forces tool use.",
    ),
    (
        {**THINK, "messages": [USER, use(), used()]},
        "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found",
    ),
    (
        {"tools": [{"name": "f", "input_schema": {}}]},
        "tools.0.custom.input_schema.type: Field required",
    ),
    (
        {"system": [{"type": "text", "text": "x", **MARK}] * 5},
        "A maximum of 4 blocks with cache_control may be provided. Found 5.",
    ),
]


@pytest.mark.parametrize(("body", "text"), ANTHROPIC)
def test_anthropic_refuses(client: Any, body: Any, text: str) -> None:
    answer = client.messages(**body)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
    assert text in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "messages",
    [
        [USER, USER, {"role": "assistant", "content": "x"}, {"role": "assistant", "content": "y"}],
        [USER, use("t1"), use("t2"), used("t1"), used("t2")],
        [
            USER,
            use(),
            {"role": "user", "content": [*used()["content"], {"type": "text", "text": "x"}]},
        ],
    ],
)
def test_anthropic_joins_neighbours_of_one_role(client: Any, messages: Any) -> None:
    assert client.messages(messages=messages).status_code == 200


def test_anthropic_requires_its_version_header(client: Any) -> None:
    url = client.emulator.url("anthropic") + "/v1/messages"
    answer = client.http.post(url, json={}, headers={"x-api-key": "k"})
    assert answer.json()["error"]["message"] == "anthropic-version: header is required"
