"""The short way to the highest cost of a text request leads to the same amount as the long one."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scout_adapters.llm.adapters.adapter import PreparedRequest
from scout_adapters.llm.engine import cost_bound as module
from scout_adapters.llm.engine.cost_bound import CostBound
from scout_adapters.llm.providers import registry
from scout_adapters.llm.types import ChatRequest, ProviderSpec
from scout_adapters.llm.wires.anthropic_messages import WIRE as MESSAGES
from scout_adapters.llm.wires.openai_chat import WIRE as CHAT
from scout_adapters.llm.wires.openai_responses import WIRE as RESPONSES

MODELS = [
    ("openai", "gpt-4o-mini", CHAT),
    ("openai", "gpt-5.1", RESPONSES),
    ("openai", "of-no-price", CHAT),
    ("groq", "openai/gpt-oss-120b", CHAT),
    ("xai", "grok-4", CHAT),
    ("anthropic", "claude-sonnet-4-5", MESSAGES),
]
LIMITS = st.none() | st.integers(-1, 300_000)
PRICED = ["service_tier", "tools", "n", "modalities", "web_search_options", "speed", "mcp_servers"]


def bounded(spec: ProviderSpec, prepared: PreparedRequest, answer: int | None) -> CostBound:
    """Return the bound of a request with one model."""
    candidate: Any = type("Candidate", (), {"endpoint": None, "model": prepared.request.model})()
    return module.cost_bound(candidate, replace(prepared, spec=spec), answer)


@pytest.mark.parametrize(("provider", "model", "wire"), MODELS)
@settings(max_examples=40)
@given(data=st.data())
def test_a_request_of_text_is_held_for_the_same_amount_by_both_ways(
    provider: str, model: str, wire: Any, data: st.DataObject
) -> None:
    names = st.sampled_from(sorted(wire.unpriced_fields))
    values = LIMITS | st.sampled_from(["flex", "fast", [{"type": "web_search"}], {"a": 1}])
    body = data.draw(st.dictionaries(names, values)) | {"model": model}
    if data.draw(st.booleans()):
        body[data.draw(st.sampled_from(PRICED))] = data.draw(values)
    mark = data.draw(st.sampled_from([b"", b'"cache_control"']))
    content = mark + b"x" * data.draw(st.integers(0, 400_000))
    limit = data.draw(st.none() | st.integers(1, 300_000))
    request = ChatRequest(model=model, messages=[], max_tokens=limit)
    prepared = PreparedRequest(request=request, content=content, body=body, models=(model,))
    answer = data.draw(st.none() | st.integers(1, 100_000))
    long_way = copy(wire)
    long_way.unpriced_fields = frozenset()
    card = registry.spec(provider)
    spec = next(each for each in (card, card.second_card) if each and each.wire is wire)
    expected = bounded(replace(spec, wire=long_way), prepared, answer)
    assert bounded(spec, prepared, answer) == expected


@pytest.mark.parametrize("wire", [CHAT, RESPONSES, MESSAGES])
def test_no_unpriced_field_is_read_from_elsewhere(wire: Any) -> None:
    assert not wire.unpriced_fields & (wire.external_inputs | set(PRICED))
