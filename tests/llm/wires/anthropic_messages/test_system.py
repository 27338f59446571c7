"""Where system turns go in Anthropic's form."""

from __future__ import annotations

import pytest

from scout_adapters.errors import UnsupportedContent
from tests.llm.wires.anthropic_messages.requests import (
    MARK,
    build,
    text,
    turn,
)

# The system


def test_one_plain_system_text_is_a_string_on_top() -> None:
    body = build(turn("system", "Be brief."), turn("user", "hi"))
    assert body["system"] == "Be brief."
    assert body["messages"] == [{"role": "user", "content": "hi"}]


def test_a_marked_or_second_system_text_makes_blocks() -> None:
    body = build(
        turn("system", text("Be brief.", cache_control=MARK)),
        turn("system", "Be kind."),
        turn("user", "hi"),
    )
    assert body["system"] == [text("Be brief.", cache_control=MARK), text("Be kind.")]


INTERRUPTED = (
    turn("system", "Be brief."),
    turn("user", "hi"),
    turn("system", "Now in Spanish."),
)


def test_a_late_system_turn_keeps_its_place_where_the_model_accepts_it_there() -> None:
    body = build(*INTERRUPTED, turn("assistant", "Hola"), turn("user", "?"), model="claude-opus-5")
    assert [message["role"] for message in body["messages"]] == [
        "user",
        "system",
        "assistant",
        "user",
    ]
    assert body["system"] == "Be brief."


def test_a_late_system_turn_may_be_the_last() -> None:
    body = build(*INTERRUPTED, model="claude-opus-4-8")
    assert body["messages"][-1] == {"role": "system", "content": "Now in Spanish."}


@pytest.mark.parametrize("model", ["claude-sonnet-4-6", "claude-sonnet-5", "MiniMax-M2"])
def test_a_late_system_turn_goes_on_top_for_models_that_hear_it_only_there(model: str) -> None:
    body = build(*INTERRUPTED, turn("assistant", "Hola"), turn("user", "?"), model=model)
    assert body["system"] == [text("Be brief."), text("Now in Spanish.")]
    assert {message["role"] for message in body["messages"]} == {"user", "assistant"}


def test_a_late_system_turn_goes_on_top_where_no_answer_follows_it() -> None:
    body = build(*INTERRUPTED, turn("user", "what now?"), model="claude-opus-5")
    assert body["system"] == [text("Be brief."), text("Now in Spanish.")]
    assert body["messages"] == [{"role": "user", "content": [text("hi"), text("what now?")]}]


def test_a_late_system_turn_goes_on_top_where_an_answer_precedes_it() -> None:
    body = build(
        turn("user", "hi"),
        turn("assistant", "hello"),
        turn("system", "Now in Spanish."),
        turn("user", "?"),
        model="claude-opus-5",
    )
    assert body["system"] == "Now in Spanish."


def test_an_image_in_a_system_turn_is_refused_by_name() -> None:
    image = {"type": "image", "url": "https://example.com/a.png"}
    with pytest.raises(UnsupportedContent, match=r"message 0 \(system\).*'image'"):
        build(turn("system", image), turn("user", "hi"))
