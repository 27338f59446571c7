"""Turns as Anthropic's messages: neighbours, blank texts, results of tools."""

from __future__ import annotations

from tests.llm.wires.anthropic_messages.requests import (
    MARK,
    answer,
    call,
    messages,
    text,
    turn,
)

# Turns


def test_turns_of_the_same_role_become_one_message() -> None:
    assert messages(
        turn("user", "a"),
        turn("user", "b"),
        turn("assistant", "c"),
        turn("assistant", "d"),
        turn("user", "e"),
    ) == [
        {"role": "user", "content": [text("a"), text("b")]},
        {"role": "assistant", "content": [text("c"), text("d")]},
        {"role": "user", "content": "e"},
    ]


def test_blank_texts_are_left_out_and_turns_without_anything_else_too() -> None:
    assert messages(
        turn("user", "a", " \n"),
        turn("assistant"),
        turn("user", "b"),
    ) == [{"role": "user", "content": [text("a"), text("b")]}]


def test_an_answer_to_go_on_from_does_not_end_in_white_space() -> None:
    sent = messages(turn("user", "a"), turn("assistant", "Sure: \n"))
    assert sent[-1] == {"role": "assistant", "content": "Sure:"}


def test_an_earlier_answer_keeps_its_white_space() -> None:
    sent = messages(turn("user", "a"), turn("assistant", "b\n"), turn("user", "c"))
    assert sent[1] == {"role": "assistant", "content": "b\n"}


def test_parallel_results_share_the_next_user_message_and_stand_first_in_it() -> None:
    sent = messages(
        turn("user", "weather?"),
        turn("assistant", "Let me see.", call(call_id="a"), call(call_id="b")),
        answer("a", "sunny"),
        turn("user", "and hurry"),
        answer("b", "rainy"),
    )
    assert sent[1]["content"][1] == {
        "type": "tool_use",
        "id": "a",
        "name": "weather",
        "input": {},
    }
    assert sent[2:] == [
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "sunny"},
                {"type": "tool_result", "tool_use_id": "b", "content": "rainy"},
                text("and hurry"),
            ],
        }
    ]


def test_a_failed_result_is_marked_as_failed() -> None:
    sent = messages(turn("assistant", call()), answer("toolu_1", "no network", failed=True))
    assert sent[-1]["content"] == [
        {
            "type": "tool_result",
            "tool_use_id": "toolu_1",
            "content": "no network",
            "is_error": True,
        }
    ]


def test_a_result_without_words_has_no_content() -> None:
    sent = messages(turn("assistant", call()), answer("toolu_1", ""))
    assert sent[-1]["content"] == [{"type": "tool_result", "tool_use_id": "toolu_1"}]


def test_a_result_may_hold_an_image_and_its_cache_marker_is_lifted() -> None:
    image = {"type": "image", "base64": "iVBORw0", "cache_control": MARK}
    sent = messages(turn("assistant", call()), answer("toolu_1", "look", image))
    source = {"type": "base64", "media_type": "image/png", "data": "iVBORw0"}
    assert sent[-1]["content"] == [
        {
            "type": "tool_result",
            "tool_use_id": "toolu_1",
            "cache_control": MARK,
            "content": [text("look"), {"type": "image", "source": source}],
        }
    ]
