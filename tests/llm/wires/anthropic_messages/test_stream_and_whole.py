"""A streamed answer equals the whole one, goes back to its maker, and passes through LangChain."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import add
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_tests.utils.stream_lifecycle import assert_valid_event_stream

from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.types import ChatRequest
from scout_adapters.llm.wires.anthropic_messages import WIRE
from tests.llm.wires.anthropic_messages.answers import (
    BARE_CALL,
    CALL,
    CITATION,
    CITED,
    COMPACTION,
    PLAIN,
    REDACTED,
    SEARCH,
    SEARCH_RESULT,
    SPEC,
    TEXT,
    THINKING,
    UNHEARD_OF,
    events,
    merged,
    parse,
    read,
)

Blocks = list[dict[str, Any]]


def substance(message: AIMessage) -> dict[str, Any]:
    """What must be alike, however the answer came."""
    meta = message.response_metadata
    blocks = [
        {key: value for key, value in block.items() if key != "index"}
        for block in message.content_blocks
    ]
    return {
        "text": message.text,
        "blocks": blocks,
        "tool_calls": message.tool_calls,
        "usage": message.usage_metadata,
        "id": message.id,
        "meta": {key: meta.get(key) for key in ("id", "model_name", "model_provider")},
        "stop": (meta.get("stop_reason"), meta.get("stop_sequence")),
    }


ANSWERS: list[Blocks] = [
    [TEXT],
    [THINKING, TEXT],
    [TEXT, CALL],
    [THINKING, TEXT, CALL, BARE_CALL],
    [REDACTED, TEXT],
    [SEARCH, SEARCH_RESULT, CITED],
    [COMPACTION, TEXT],
    [UNHEARD_OF, TEXT],
    [CALL, CALL | {"id": "toolu_9", "input": {"city": "Oslo"}}],
]


@pytest.mark.parametrize("blocks", ANSWERS)
def test_a_streamed_answer_is_the_whole_answer_in_substance(blocks: Blocks) -> None:
    assert substance(merged(*events(*blocks))) == substance(parse(*blocks))


# Back into a request


@pytest.mark.parametrize("streamed", [False, True])
def test_an_answer_goes_back_to_its_maker_as_it_was(streamed: bool) -> None:
    blocks = [THINKING, REDACTED, SEARCH, SEARCH_RESULT, CITED, CALL, BARE_CALL]
    message = merged(*events(*blocks)) if streamed else parse(*blocks)
    history = [
        HumanMessage("Weather?"),
        message,
        ToolMessage("sunny", tool_call_id="toolu_1"),
        ToolMessage("noon", tool_call_id="toolu_2"),
    ]
    request = ChatRequest(model="claude-opus-5", messages=history)
    sent = WIRE.build_body(request, build_turns(history, SPEC).turns, SPEC)["messages"]
    without_null = {key: value for key, value in CITATION.items() if value is not None}
    assert sent[1] == {
        "role": "assistant",
        "content": [*blocks[:4], CITED | {"citations": [without_null]}, CALL, BARE_CALL],
    }
    assert [block["tool_use_id"] for block in sent[2]["content"]] == ["toolu_1", "toolu_2"]


# Through LangChain


class Replayed(BaseChatModel):
    """Answers every question with the same stream."""

    answer: Blocks
    request: dict[str, Any] | None = None

    @property
    def _llm_type(self) -> str:
        return "replayed"

    def _generate(self, *args: Any, **kwargs: Any) -> ChatResult:
        raise NotImplementedError

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        for chunk in read(*events(*self.answer), request=self.request):
            yield ChatGenerationChunk(message=chunk)


@pytest.mark.parametrize("blocks", ANSWERS)
def test_version_one_streams_merge_into_the_standard_blocks(blocks: Blocks) -> None:
    model = Replayed(answer=blocks, output_version="v1")
    message = reduce(add, model.stream("hi"))
    expected = substance(parse(*blocks))["blocks"]
    got = [{k: v for k, v in block.items() if k != "index"} for block in message.content]
    assert [block["type"] for block in got] == [block["type"] for block in expected]
    assert [b for b in got if b["type"] in {"text", "reasoning", "tool_call"}] == [
        b for b in expected if b["type"] in {"text", "reasoning", "tool_call"}
    ]


@pytest.mark.parametrize("blocks", ANSWERS)
def test_version_three_events_are_valid_and_complete(blocks: Blocks) -> None:
    stream = list(Replayed(answer=blocks).stream_events("hi", version="v3"))
    assert_valid_event_stream(stream)
    done = [event["content"] for event in stream if event["event"] == "content-block-finish"]
    expected = substance(parse(*blocks))["blocks"]
    assert [block["type"] for block in done] == [block["type"] for block in expected]
    assert [b.get("args") for b in done] == [b.get("args") for b in expected]
    start = stream[0]["metadata"]
    assert (start["provider"], start["model"]) == ("anthropic", "claude-opus-5")


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_plain_strings_merge_into_one_text_block(version: str) -> None:
    model = Replayed(answer=[TEXT], request=PLAIN, output_version=version)
    message = reduce(add, model.stream("hi"))
    (block,) = message.content_blocks
    assert (block["type"], block["text"]) == ("text", "It is sunny.")


def test_plain_strings_make_valid_version_three_events() -> None:
    stream = Replayed(answer=[TEXT], request=PLAIN).stream_events("hi", version="v3")
    assert_valid_event_stream(stream)
