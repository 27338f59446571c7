"""The text of generations that are made without core's validation."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk

from scout_adapters.chat_models.result import chat_result, generation_chunk

CONTENTS: list[Any] = [
    "plain",
    [],
    [{"type": "text", "text": "one", "index": 0}],
    [{"type": "text", "text": "one"}, {"type": "reasoning", "summary": []}, {"type": "text"}],
    [{"type": "text", "text": "one"}, "two"],
    [{"text": "without a type"}, {"type": "text", "text": "one"}],
    [{"type": "refusal", "refusal": "no"}],
]


@pytest.mark.parametrize("content", CONTENTS, ids=str)
def test_the_text_of_a_generation_is_the_one_that_core_computes(content: Any) -> None:
    scout = {"provider": "p", "model": "m", "cost_usd": None, "attempts": []}
    metadata = {"scout": scout}
    chunk = AIMessageChunk(content=content, response_metadata=metadata)
    assert generation_chunk(chunk).text == ChatGenerationChunk(message=chunk).text
    whole = AIMessage(content=content, response_metadata=metadata)
    (generation,) = chat_result(whole).generations
    assert generation.text == ChatGeneration(message=whole).text
