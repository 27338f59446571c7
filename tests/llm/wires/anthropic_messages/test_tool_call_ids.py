"""Ids of tool calls that Anthropic accepts."""

from __future__ import annotations

import re

from scout_adapters.llm.types import ProviderSpec
from scout_adapters.llm.wires.anthropic_messages import WIRE
from tests.llm.wires.anthropic_messages.requests import (
    answer,
    build,
    call,
    messages,
    turn,
)

# Ids of tool calls


def test_a_foreign_call_id_is_replaced_alike_on_call_and_result() -> None:
    sent = messages(
        turn("assistant", call(call_id="functions.f:0"), call(call_id="functions.f:1")),
        answer("functions.f:0", "a"),
        answer("functions.f:1", "b"),
    )
    calls = [block["id"] for block in sent[0]["content"]]
    assert [block["tool_use_id"] for block in sent[1]["content"]] == calls
    assert len(set(calls)) == 2
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]+", call_id) for call_id in calls)


def test_a_foreign_call_id_is_replaced_alike_in_every_request() -> None:
    turns = [turn("assistant", call(call_id="a.b")), answer("a.b", "x")]
    assert build(*turns) == build(*turns)


def test_an_id_that_a_server_uses_for_every_first_call_is_made_unique() -> None:
    sent = messages(
        turn("assistant", call(call_id="call_0")),
        answer("call_0", "one"),
        turn("assistant", call(call_id="call_0")),
        answer("call_0", "two"),
    )
    assert [message["content"][0].get("id") for message in sent[::2]] == ["call_0", "call_0_2"]
    assert [message["content"][0]["tool_use_id"] for message in sent[1::2]] == [
        "call_0",
        "call_0_2",
    ]


def test_a_call_without_an_id_gets_one_that_its_result_shares() -> None:
    sent = messages(turn("assistant", call(call_id="")), answer("", "x"))
    assert sent[0]["content"][0]["id"] == sent[1]["content"][0]["tool_use_id"] != ""


def test_a_card_may_map_call_ids_itself() -> None:
    spec = ProviderSpec(
        name="other",
        docs="https://example.com",
        wire=WIRE,
        base_url="https://example.com",
        tool_call_id=str.upper,
    )
    sent = messages(turn("assistant", call(call_id="ab")), answer("ab", "x"), spec=spec)
    assert sent[0]["content"][0]["id"] == sent[1]["content"][0]["tool_use_id"] == "AB"
