"""Content of `output_version="v0"`, beside the function of langchain-openai that writes it."""

from __future__ import annotations

from copy import deepcopy
from functools import reduce
from itertools import chain
from operator import add
from typing import Any, cast

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage
from langchain_openai.chat_models._compat import _convert_to_v03_ai_message

from scout_adapters import ScoutGroqChatModel, ScoutOpenAIChatModel
from scout_adapters.llm.wires.openai_responses.v0_content import V0Content
from scout_adapters.testing import Emulator
from tests.llm.wires.openai_responses.bodies import answer, items
from tests.llm.wires.openai_responses.examples import (
    CUSTOM,
    SEARCH,
    SPEC,
    function_call,
    message,
    read,
    reasoning,
    response,
    streamed,
    text_part,
    unindexed,
)
from tests.support.verbs import VERBS, call_model

REFUSAL = {"type": "refusal", "refusal": "I cannot help."}
CASES = {
    "text": [message(text_part("Hi."))],
    "reasoning": [reasoning("Hm.", "So."), message(text_part("Hi."))],
    "encrypted": [reasoning("Hm.", encrypted_content="gAAA"), message(text_part("Hi."))],
    "calls": [reasoning(encrypted_content="gAAA"), function_call("f", '{"a": 1}'), CUSTOM],
    "refusal": [message(REFUSAL)],
    "hosted tool": [SEARCH, message(text_part("Found."))],
    "unlisted item": [{"type": "compaction", "id": "cmp_1", "encrypted_content": "gA"}],
}


def one_block_each(chunk: AIMessage) -> list[AIMessage]:
    """Split a chunk as ChatOpenAI does, which makes one of each event; a whole answer stays."""
    blocks = chunk.content
    if not isinstance(chunk, AIMessageChunk) or len(blocks) < 2:
        return [chunk]
    rest = [AIMessageChunk([block]) for block in blocks[1:] if isinstance(block, dict)]
    return [chunk.model_copy(update={"content": [*blocks[:1]]}), *rest]


def theirs(*messages: AIMessage) -> AIMessage:
    """Convert as ChatOpenAI does: reasoning after the first chunk has neither id nor type."""
    converted: list[Any] = []
    for each in chain.from_iterable(map(one_block_each, deepcopy(messages))):
        for block in each.content:
            if isinstance(each, AIMessageChunk) and "refusal" in block and "id" in block:
                each.id = block["id"]  # ChatOpenAI reads it when the message is added
        reasoned = any("reasoning" in made.additional_kwargs for made in converted)
        converted.append(_convert_to_v03_ai_message(each, has_reasoning=reasoned))
    return cast("AIMessage", reduce(add, converted))


@pytest.mark.parametrize("case", CASES)
def test_a_whole_answer_is_that_of_chat_openai(case: str) -> None:
    whole = answer(*CASES[case], *CASES["encrypted"])
    before = deepcopy(whole)
    assert V0Content().convert(whole) == theirs(whole)
    assert whole == before


@pytest.mark.parametrize("case", CASES)
def test_a_stream_adds_up_to_that_of_chat_openai(case: str) -> None:
    chunks = read(streamed(response(*CASES[case]), [2]), SPEC)[0]
    convert = V0Content().convert
    ours = reduce(add, [cast("AIMessageChunk", convert(chunk)) for chunk in chunks])
    expected = theirs(*chunks)
    assert ours.additional_kwargs == expected.additional_kwargs
    assert (ours.content, ours.id) == (expected.content, expected.id)
    assert ours.tool_calls == expected.tool_calls


def test_encrypted_texts_of_two_items_are_not_joined_in_a_stream() -> None:
    output = [
        reasoning(item_id="rs_1", encrypted_content="gAAA"),
        reasoning(item_id="rs_2", encrypted_content="gBBB"),
        message(text_part("Hi.")),
    ]
    convert = V0Content().convert
    chunks = [convert(chunk) for chunk in read(streamed(response(*output)), SPEC)[0]]
    merged = cast("AIMessage", reduce(add, cast("Any", chunks)))
    assert merged.additional_kwargs["reasoning"]["encrypted_content"] == "gAAA"


@pytest.mark.parametrize("case", ["encrypted", "calls", "hosted tool"])
def test_an_answer_of_this_form_goes_back_with_its_items(case: str) -> None:
    first = answer(*CASES[case])
    question = HumanMessage("hi")
    kinds = [item["type"] for item in items(question, first)]
    sent = items(question, V0Content().convert(first))
    assert sorted(item["type"] for item in unindexed(sent)) == sorted(kinds)


def test_phases_of_a_stream_go_back_though_its_content_has_none() -> None:
    output = [
        message(text_part("Wait"), phase="commentary"),
        message(text_part("Done"), item_id="msg_2", phase="final_answer"),
    ]
    convert = V0Content().convert
    chunks = [convert(chunk) for chunk in read(streamed(response(*output), [1]), SPEC)[0]]
    merged = cast("AIMessage", reduce(add, cast("Any", chunks)))
    assert [set(block) for block in merged.content if isinstance(block, dict)] == [
        {"type", "text", "index"}
    ] * 2
    sent = [(item["content"], item["phase"]) for item in items(HumanMessage("hi"), merged)[1:]]
    assert sent == [("Wait", "commentary"), ("Done", "final_answer")]


@pytest.mark.parametrize("verb", VERBS)
async def test_a_model_writes_the_version_that_it_is_given(verb: str) -> None:
    emulator = Emulator()
    model = ScoutOpenAIChatModel(
        model="gpt-5-mini",
        api_key="k",
        transport=emulator.transport(),
        reasoning={"effort": "low", "summary": "auto"},
        output_version="v0",
    )
    reply = await call_model(model, verb, "hi")
    assert {block["type"] for block in reply.content} == {"text"}
    assert not any("id" in block for block in reply.content)
    assert reply.additional_kwargs["reasoning"]["type"] == "reasoning"
    assert reply.id.startswith("msg_")
    again = await call_model(model, verb, [HumanMessage("hi"), reply, HumanMessage("go on")])
    assert again.text
    kinds = [item["type"] for item in emulator.log[1].body["input"]]
    assert kinds == ["message", "reasoning", "message", "message"]


@pytest.mark.parametrize("verb", VERBS)
async def test_answers_of_other_wires_stay_as_they_are(verb: str) -> None:
    model = ScoutGroqChatModel(api_key="k", transport=Emulator().transport(), output_version="v0")
    assert isinstance((await call_model(model, verb, "hi")).content, str)
