"""Embedding wires raise named errors for any JSON, and return a vector for each text or nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scout_adapters.errors import MalformedResponse, ProviderRefusal
from scout_adapters.llm.adapters.embedding_adapter import VectorLength
from scout_adapters.llm.adapters.streamed_answer import parse_safely
from scout_adapters.llm.types.embedding import EmbeddingRequest, EmbeddingWire
from scout_adapters.llm.wires.gemini.gemini_embeddings import EMBEDDINGS as GEMINI
from scout_adapters.llm.wires.openai_chat.openai_embeddings import EMBEDDINGS as OPENAI

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
)
NUMBERS = st.lists(st.floats(width=32) | st.integers(), max_size=3)
NAMES = st.sampled_from(
    [
        "data",
        "embedding",
        "embeddings",
        "values",
        "index",
        "usage",
        "prompt_tokens",
        "error",
        "model",
    ]
)
VALUES = st.recursive(
    SCALARS | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
ITEMS = st.fixed_dictionaries(
    {}, optional={"index": SCALARS, "embedding": VALUES, "values": VALUES, "object": SCALARS}
)
BODIES = VALUES | st.fixed_dictionaries(
    {},
    optional={
        "data": st.lists(ITEMS | VALUES, max_size=3),
        "embeddings": st.lists(ITEMS | VALUES, max_size=3),
        "usage": VALUES,
        "usageMetadata": VALUES,
        "model": VALUES,
        "error": VALUES,
    },
)


@pytest.mark.parametrize("wire", [OPENAI, GEMINI], ids=lambda wire: wire.name)
@given(body=BODIES, number=st.integers(1, 3))
def test_any_json_gives_a_vector_for_each_text_or_a_named_error(
    wire: EmbeddingWire, body: Any, number: int
) -> None:
    try:
        answer = parse_safely(wire.parse, body, number)
        VectorLength().check(answer.vectors)
    except (ProviderRefusal, MalformedResponse):
        return
    assert len(answer.vectors) == number
    assert len({len(vector) for vector in answer.vectors}) == 1
    assert all(type(value) is float for vector in answer.vectors for value in vector)


@pytest.mark.parametrize("wire", [OPENAI, GEMINI], ids=lambda wire: wire.name)
def test_bodies_are_json_and_further_fields_win(wire: EmbeddingWire) -> None:
    request = EmbeddingRequest(
        model="m", texts=["a", "b"], positions=[0, 1], dimensions=3, extra={"taskType": "X"}
    )
    body = wire.build_body(request, wire.api)
    assert json.loads(json.dumps(body)) == body
    assert '"taskType": "X"' in json.dumps(body)
