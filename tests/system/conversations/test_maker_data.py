"""Data bound to its maker goes back to it byte for byte, and to no other provider."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from scout_adapters.testing import Emulator, Raw
from tests.system.conversations.api_rules import refused
from tests.system.conversations.histories import PAIRS, QUESTION, TOOLS, results, router, sent
from tests.system.conversations.maker_answers import (
    CLAUDE,
    DETAILS,
    GEMINI,
    KEEPSAKES,
    SECRETS,
    body,
    solid,
)
from tests.system.conversations.sdks import complaints

Json = dict[str, Any]


@functools.cache
def stored_answer(maker: str, version: str) -> AIMessage:
    emulator = Emulator()
    emulator.script(maker, [Raw(body=body(maker))])
    return router(maker, emulator, output_version=version).bind_tools(TOOLS).invoke(QUESTION)


def conversation(maker: str, version: str) -> list[BaseMessage]:
    answer = stored_answer(maker, version)
    return [HumanMessage(QUESTION), answer, *results(answer)]


@pytest.mark.parametrize("version", ["v0", "v1"])
@pytest.mark.parametrize(("maker", "target"), PAIRS, ids=str)
def test_what_a_maker_bound_to_itself_reaches_no_other_provider(maker, target, version) -> None:
    sent_on = sent(target, conversation(maker, version), scripted=True)
    assert complaints(target, sent_on) == []
    assert refused(target, sent_on) == []
    text = json.dumps(sent_on)
    if maker != target:
        assert [secret for secret in SECRETS if secret in text] == []


def sent_before(maker: str, version: str) -> Json:
    """Return the maker's own answer, as it goes back to it."""
    sent_back = sent(maker, conversation(maker, version), scripted=True)
    answer: Json = sent_back["contents" if maker == "google" else "messages"][1]
    return answer


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_claude_gets_every_block_of_its_answer_back(version) -> None:
    assert solid(sent_before("anthropic", version)["content"]) == solid(CLAUDE["content"])


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_gemini_gets_every_part_of_its_answer_back(version) -> None:
    assert sent_before("google", version)["parts"] == GEMINI["candidates"][0]["content"]["parts"]


@pytest.mark.parametrize("version", ["v0", "v1"])
def test_openrouter_gets_its_details_back(version) -> None:
    assert sent_before("openrouter", version)["reasoning_details"] == DETAILS


@pytest.mark.parametrize("version", ["v0", "v1"])
@pytest.mark.parametrize(
    ("maker", "field"),
    [
        ("deepseek", "reasoning_content"),
        ("xai", "reasoning_content"),
        ("groq", "reasoning"),
        ("minimax", "reasoning_details"),
    ],
)
def test_thoughts_go_back_under_the_name_under_which_they_came(maker, field, version) -> None:
    message = KEEPSAKES[maker]["choices"][0]["message"]
    assert sent_before(maker, version)[field] == message[field]
