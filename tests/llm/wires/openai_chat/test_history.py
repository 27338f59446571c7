"""The order of messages in a history: tool results, refused orders, and empty messages."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import UnsupportedContent
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn
from scout_adapters.llm.wires.openai_chat import WIRE, ChatCompletionsDialect


def shown(*turns: Turn, **dialect: Any) -> list[Json]:
    """Render the turns for a card of this dialect."""
    spec = ProviderSpec(
        name="p",
        docs="",
        wire=WIRE,
        base_url="https://p.example",
        dialect=ChatCompletionsDialect(**dialect),
    )
    body = WIRE.build_body(ChatRequest(model="m", messages=()), turns, spec)
    messages: list[Json] = body["messages"]
    return messages


def user(*blocks: Json) -> Turn:
    return Turn(role="user", blocks=blocks, at=0)


def assistant(*blocks: Json) -> Turn:
    return Turn(role="assistant", blocks=blocks, at=1)


def tool(*blocks: Json, **more: Any) -> Turn:
    return Turn(role="tool", blocks=blocks, at=2, **more)


def text(words: str) -> Json:
    return {"type": "text", "text": words}


CALL = {"type": "tool_call", "id": "call_1", "name": "weather", "args": {}}
IMAGE = {"type": "image", "base64": "QUJD", "mime_type": "image/png"}


SEEN = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}


def test_what_tools_show_follows_the_last_result_of_the_step() -> None:
    pictured = tool(text("A map."), IMAGE, tool_call_id="c1", tool_name="draw")
    bare = tool(IMAGE, tool_call_id="c2")
    sent = shown(pictured, bare, assistant(text("Nice.")))
    assert [message["role"] for message in sent] == ["tool", "tool", "user", "assistant"]
    assert [message["content"] for message in sent[:2]] == ["A map.", "(shown below)"]
    assert sent[2]["content"] == [text("From draw (c1):"), SEEN, text("From the tool (c2):"), SEEN]


def test_what_tools_show_comes_before_the_next_user_message() -> None:
    sent = shown(tool(IMAGE, tool_call_id="c1", tool_name="draw"), user(text("Well?")))
    assert [message["role"] for message in sent] == ["tool", "user"]
    assert sent[1]["content"] == [text("From draw (c1):"), SEEN, text("Well?")]


def test_what_tools_show_may_end_the_conversation() -> None:
    sent = shown(tool(IMAGE, tool_call_id="c1", tool_name="draw"))
    assert [message["role"] for message in sent] == ["tool", "user"]


def test_a_provider_that_takes_images_in_results_gets_them_there() -> None:
    (sent,) = shown(tool(IMAGE, tool_call_id="c1"), takes=frozenset({"tool_images"}))
    assert sent["content"] == [SEEN]


@pytest.mark.parametrize("kind", ["image", "audio", "file"])
def test_what_a_provider_refuses_is_refused_before_it_is_sent(kind: str) -> None:
    block = {"type": kind, "base64": "QUJD", "mime_type": "audio/wav"}
    with pytest.raises(UnsupportedContent, match=rf"message 0 \(user\).*{kind}"):
        shown(user(block), refuses=frozenset({kind}))


def test_answers_that_say_nothing_are_left_out_where_they_are_refused() -> None:
    turns = (assistant(), assistant(CALL), assistant(text("Yes.")))
    assert len(shown(*turns)) == 3
    assert shown(*turns, refuses=frozenset({"empty_answers"})) == shown(*turns[1:])


@pytest.mark.parametrize("form", ["openai-responses-v1", "unknown", "x"])
@pytest.mark.parametrize("times", [1, 2, 7])
def test_a_format_that_was_merged_with_itself_is_sent_once(form: str, times: int) -> None:
    detail = {"type": "reasoning.text", "text": "Hm.", "format": form * times}
    turn = Turn(
        role="assistant", blocks=[text("Yes.")], at=1, extras={"reasoning_details": [detail]}
    )
    (sent,) = shown(turn, reasoning_field="reasoning_details")
    assert sent["reasoning_details"] == [detail | {"format": form}]
