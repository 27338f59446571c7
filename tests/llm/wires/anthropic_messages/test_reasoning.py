"""Reasoning effort, thinking budgets and sampling in each generation's form."""

from __future__ import annotations

from typing import Any

import pytest

from tests.llm.wires.anthropic_messages.requests import (
    WEATHER,
    answer,
    build,
    call,
    text,
    turn,
)

# Reasoning


@pytest.mark.parametrize(
    ("model", "effort", "thinking", "word"),
    [
        (
            "claude-opus-5",
            "high",
            {"type": "adaptive", "display": "summarized"},
            "high",
        ),
        ("claude-opus-4-7", "minimal", {"type": "adaptive", "display": "summarized"}, "low"),
        ("claude-sonnet-4-6", "medium", {"type": "adaptive"}, "medium"),
        ("claude-opus-4-6", "xhigh", {"type": "adaptive"}, "high"),
        ("claude-opus-4-5", "max", {"type": "enabled", "budget_tokens": 16_000}, "high"),
        ("claude-haiku-4-5", "low", {"type": "enabled", "budget_tokens": 2048}, None),
        ("claude-3-7-sonnet-latest", "high", {"type": "enabled", "budget_tokens": 8192}, None),
        ("claude-3-5-haiku-latest", "high", None, None),
        ("MiniMax-M2", "medium", {"type": "enabled", "budget_tokens": 8192}, None),
        ("claude-opus-4-6", "none", None, None),
        ("claude-haiku-4-5", "none", None, None),
        ("claude-opus-5", "none", {"type": "disabled"}, None),
        ("claude-sonnet-5-5", "none", {"type": "between_tools"}, None),
        ("claude-opus-5-5", "none", None, "low"),
        ("claude-fable-5-1", "none", None, "low"),
        ("MiniMax-M2", "none", {"type": "disabled"}, None),
    ],
)
def test_reasoning_effort_is_sent_in_each_generations_form(
    model: str, effort: str, thinking: dict[str, Any] | None, word: str | None
) -> None:
    body = build(model=model, reasoning_effort=effort)
    assert body.get("thinking") == thinking
    assert body.get("output_config", {}).get("effort") == word


def test_there_is_no_thinking_where_the_limit_leaves_no_room_for_it() -> None:
    body = build(model="claude-haiku-4-5", reasoning_effort="high", max_tokens=2000)
    assert "thinking" not in body


def test_the_callers_own_thinking_wins_over_the_effort() -> None:
    own = {"type": "adaptive", "display": "omitted"}
    body = build(model="claude-opus-5", reasoning_effort="low", extra={"thinking": own})
    assert body["thinking"] == own
    assert body["output_config"] == {"effort": "low"}


def test_format_effort_and_the_callers_output_config_stand_together() -> None:
    body = build(
        model="claude-opus-5",
        reasoning_effort="low",
        response_format={"type": "json_schema", "json_schema": {"schema": {"type": "string"}}},
        extra={"output_config": {"effort": "max", "task_budget": {"total": 1}}},
    )
    assert body["output_config"] == {
        "format": {"type": "json_schema", "schema": {"type": "string"}},
        "effort": "max",
        "task_budget": {"total": 1},
    }


def test_a_forced_tool_goes_before_a_thinking_budget_which_it_excludes() -> None:
    body = build(
        model="claude-sonnet-4-5", reasoning_effort="high", tools=[WEATHER], tool_choice="any"
    )
    assert "thinking" not in body
    assert body["tool_choice"] == {"type": "any"}


def test_adaptive_thinking_and_a_forced_tool_go_together() -> None:
    body = build(
        model="claude-opus-4-6", reasoning_effort="high", tools=[WEATHER], tool_choice="any"
    )
    assert body["thinking"] == {"type": "adaptive"}


LOOP = (
    turn("user", "weather?"),
    turn("assistant", text("Let me see."), call()),
    answer("toolu_1", "sunny"),
)


def test_a_thinking_budget_waits_until_calls_made_without_thinking_are_over() -> None:
    thinking = {"type": "enabled", "budget_tokens": 2048}
    ask = {"model": "claude-sonnet-4-5", "extra": {"thinking": thinking}}
    assert "thinking" not in build(*LOOP, **ask)
    over = (*LOOP, turn("assistant", "It is sunny."), turn("user", "And tomorrow?"))
    assert build(*over, **ask)["thinking"] == thinking


def test_a_thinking_budget_stays_where_the_calls_were_thought_about() -> None:
    thought = {"type": "reasoning", "reasoning": "hm", "signature": "sig"}
    loop = (LOOP[0], turn("assistant", thought, call()), LOOP[2])
    body = build(*loop, model="claude-sonnet-4-5", reasoning_effort="low")
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2048}


# Sampling


SAMPLING = {"temperature": 0.2, "top_p": 0.9, "extra": {"top_k": 4}}


@pytest.mark.parametrize(
    ("request_", "sent"),
    [
        ({"model": "claude-3-haiku-20240307"}, {"temperature": 0.2, "top_p": 0.9, "top_k": 4}),
        ({"model": "claude-sonnet-4-6"}, {"temperature": 0.2, "top_k": 4}),
        ({"model": "claude-opus-4-7"}, {}),
        ({"model": "claude-sonnet-4-6", "reasoning_effort": "low"}, {}),
        ({"model": "claude-haiku-4-5", "reasoning_effort": "low", "top_p": 0.97}, {"top_p": 0.97}),
        (
            {"model": "claude-haiku-4-5", "reasoning_effort": "low", "temperature": 1},
            {"temperature": 1},
        ),
        ({"model": "MiniMax-M2"}, {"temperature": 0.2, "top_p": 0.9, "top_k": 4}),
    ],
)
def test_sampling_fields_that_the_model_refuses_are_left_out(
    request_: dict[str, Any], sent: dict[str, Any]
) -> None:
    body = build(**(SAMPLING | request_))
    assert {k: body[k] for k in ("temperature", "top_p", "top_k") if k in body} == sent
