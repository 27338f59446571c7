"""Reasoning goes back to models of its maker that accept it, and to no other model."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.providers import registry
from scout_adapters.llm.types import ChatRequest

THOUGHT = "The mirror cannot answer."
TEXT = {"type": "text", "text": "Ask it."}
CHUNK = {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}], "closed": True}
DETAIL = {"type": "reasoning.text", "text": THOUGHT, "format": "unknown", "index": 0}
ITEM = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": THOUGHT}],
    "encrypted_content": "sealed",
}
SIGNED = {"type": "thinking", "thinking": THOUGHT, "signature": "sealed"}
V1 = {"type": "reasoning", "reasoning": THOUGHT, "extras": {"signature": "sealed"}}

FORMS: Mapping[str, Callable[[str], AIMessage]] = {
    "a field beside the content": lambda maker: AIMessage(
        "Ask it.",
        additional_kwargs={"reasoning_content": THOUGHT, "reasoning_details": [DETAIL]},
        response_metadata={"model_provider": maker},
    ),
    "a v1 block": lambda maker: AIMessage(
        [V1, TEXT], response_metadata={"model_provider": maker, "output_version": "v1"}
    ),
    "a chunk of Mistral": lambda maker: AIMessage(
        [CHUNK, TEXT], response_metadata={"model_provider": maker}
    ),
    "a block of Anthropic": lambda maker: AIMessage(
        [SIGNED, TEXT], response_metadata={"model_provider": maker}
    ),
    "an item of OpenAI": lambda maker: AIMessage(
        [ITEM, TEXT], response_metadata={"model_provider": maker}
    ),
}


def sent(provider: str, model: str, answer: AIMessage) -> Any:
    """Return the body of the next turn."""
    spec = registry.spec(provider)
    messages = [HumanMessage("Which question?"), answer, HumanMessage("Why?")]
    request = ChatRequest(model=model, messages=messages, max_tokens=100)
    return spec.wire.build_body(request, build_turns(messages, spec).turns, spec)


@pytest.mark.parametrize("form", list(FORMS)[:3])
@pytest.mark.parametrize(
    ("provider", "model", "field"),
    [
        ("groq", "openai/gpt-oss-120b", "reasoning"),
        ("groq", "qwen/qwen3-32b", "reasoning"),
        # Groq refuses the field for Llama and Kimi with a 400.
        ("groq", "llama-3.3-70b-versatile", ""),
        ("groq", "meta-llama/llama-4-scout-17b-16e-instruct", ""),
        ("groq", "moonshotai/kimi-k2-instruct", ""),
        ("cerebras", "gpt-oss-120b", "reasoning"),
        ("cerebras", "zai-glm-4.7", "reasoning"),
        ("cerebras", "llama3.1-8b", ""),
        ("mistral", "magistral-medium-latest", "content"),
        ("mistral", "mistral-small-latest", "content"),
        ("mistral", "ministral-8b-latest", ""),
        ("mistral", "codestral-latest", ""),
        ("deepseek", "deepseek-v4-flash", "reasoning_content"),
    ],
)
def test_reasoning_goes_back_to_the_models_of_its_maker_that_accept_it(
    provider: str, model: str, field: str, form: str
) -> None:
    answer = FORMS[form](registry.spec(provider).maker)
    plain = {"role": "assistant", "content": "Ask it."}
    expected = {"content": [CHUNK, TEXT]} if field == "content" else {field: THOUGHT}
    message = sent(provider, model, answer)["messages"][1]
    assert message == (plain | expected if field else plain)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("provider", sorted(spec.name for spec in registry.specs()))
def test_reasoning_of_another_maker_is_left_out_and_listed(provider: str, form: str) -> None:
    spec = registry.spec(provider)
    answer = FORMS[form]("another_maker")
    body = json.dumps(sent(provider, spec.default_model or "a-model", answer))
    assert THOUGHT not in body
    assert "sealed" not in body
    assert "Ask it." in body
    changes = build_turns([answer], spec).changes
    assert any("reasoning" in change or "thinking" in change for change in changes)


def test_a_thought_with_calls_and_no_text_goes_back_to_mistral() -> None:
    call = {"name": "look", "args": {}, "id": "abcdefghi"}
    answer = AIMessage(
        "",
        tool_calls=[call],
        additional_kwargs={"reasoning_content": THOUGHT},
        response_metadata={"model_provider": "mistralai"},
    )
    message = sent("mistral", "magistral-small-latest", answer)["messages"][1]
    assert message["content"] == [CHUNK]
    assert [call["id"] for call in message["tool_calls"]] == ["abcdefghi"]
