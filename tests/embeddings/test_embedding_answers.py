"""Answers with vectors in any form: what can be read is read, and anything else is named."""

from __future__ import annotations

from base64 import b64encode
from struct import pack
from typing import Any

import pytest

from scout_adapters import ScoutEmbeddings
from scout_adapters.errors import MalformedResponse
from scout_adapters.testing import BadRequest, Emulator, Raw
from scout_adapters.testing.model.vectors import vector_of
from tests.embeddings.conftest import Embed
from tests.embeddings.vector_models import SMALL, answer, embeddings_of, entry, item

GEMINI = "google/gemini-embedding-001"


def base64(*numbers: float) -> str:
    return b64encode(pack(f"<{len(numbers)}f", *numbers)).decode()


def embedded(fault: Raw, *texts: str, embed: Embed) -> list[list[float]]:
    emulator = Emulator()
    emulator.script("openai", [fault])
    return embed(embeddings_of(emulator, max_retries=0), texts)


@pytest.mark.parametrize(
    "items",
    [
        pytest.param([item(1, [2, 0.5]), item(0, [1.0, 0.5])], id="another order"),
        pytest.param([item(None, [1.0, 0.5]), item(None, [2, 0.5])], id="no index"),
        pytest.param([item(0, base64(1.0, 0.5)), item(1, base64(2.0, 0.5))], id="base64"),
        pytest.param([item(0, base64(1.0, 0.5)), item(1, [2.0, 0.5])], id="both forms"),
    ],
)
def test_vectors_are_in_the_order_of_the_texts(items: list[Any], embed: Embed) -> None:
    vectors = embedded(answer(*items), "a", "b", embed=embed)
    assert vectors == [[1.0, 0.5], [2.0, 0.5]]
    assert all(type(number) is float for vector in vectors for number in vector)


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([item(0, [1.0])], "1 vectors for 2 texts"),
        ([item(0, [1.0])] * 3, "3 vectors for 2 texts"),
        ([item(0, [1.0]), item(0, [2.0])], "two vectors of the index 0"),
        ([item(0, [1.0]), item(2, [2.0])], "a vector of the index 2"),
        ([item(0, [1.0]), {"index": "1", "embedding": [2.0]}], "a vector of the index '1'"),
        ([item(0, [1.0]), 5], "a vector of the index None"),
        ([item(0, [1.0]), item(1, None)], "to be a list, found NoneType"),
        ([item(0, [1.0]), item(1, [])], "a vector without numbers"),
        ([item(0, [1.0]), item(1, [1.0, 2.0])], "a vector of 2 numbers"),
        ([item(0, [1.0]), item(1, ["1.0"])], "cannot be read"),
        ([item(0, [1.0]), item(1, "???")], "cannot be read"),
        ([item(0, [1.0]), item(1, base64(float("nan")))], "NaN or infinity"),
        ([item(0, [1.0]), item(1, base64(float("inf")))], "NaN or infinity"),
    ],
)
def test_what_is_no_vector_for_each_text_is_named(
    items: list[Any], message: str, embed: Embed
) -> None:
    with pytest.raises(MalformedResponse, match=message):
        embedded(answer(*items), "a", "b", embed=embed)


@pytest.mark.parametrize(
    "body",
    [
        b'{"embeddings": [{"values": [1.0]}]}',
        b'{"embeddings": [{"values": [1.0]}, {"values": "x"}]}',
        b'{"embeddings": [{"values": [1.0]}, 7]}',
        b'{"embeddings": {}}',
        b"[]",
        b"{}",
    ],
)
def test_the_same_holds_for_gemini(body: bytes, embed: Embed) -> None:
    emulator = Emulator()
    emulator.script("google", [Raw(body=body)])
    with pytest.raises(MalformedResponse):
        embed(embeddings_of(emulator, GEMINI, max_retries=0), ["a", "b"])


def test_after_a_broken_answer_the_next_candidate_is_tried(embed: Embed) -> None:
    emulator = Emulator()
    emulator.script("openai", [answer(item(0, [1.0])), answer(item(0, [1.0]))])
    other = "openrouter/openai/text-embedding-3-small"
    embeddings = ScoutEmbeddings(
        models=[entry(emulator, SMALL, "sk-one"), entry(emulator, other, "sk-or-two")],
        max_retries=0,
    )
    expected = [vector_of("text-embedding-3-small", text) for text in ("a", "b")]
    assert embed(embeddings, ["a", "b"]) == expected
    assert emulator.log[-1].provider == "openrouter"


def test_a_vector_of_another_length_than_before_is_refused(embed: Embed) -> None:
    emulator = Emulator()
    embeddings = embeddings_of(emulator, max_retries=0)
    assert len(embeddings.embed_query("first")) == 1536
    emulator.script("openai", [answer(item(0, [1.0, 2.0]))])
    with pytest.raises(MalformedResponse, match=r"2 numbers, where earlier answers .* have 1536"):
        embed(embeddings, ["second"])


def test_a_server_that_ignores_dimensions_is_refused(embed: Embed) -> None:
    emulator = Emulator()
    emulator.script("openai", [answer(item(0, [1.0, 2.0]))])
    with pytest.raises(MalformedResponse, match=r"2 numbers, where earlier answers .* have 8"):
        embed(embeddings_of(emulator, dimensions=8, max_retries=0), ["a"])


def test_a_gateway_that_refuses_base64_is_asked_for_numbers_from_then_on(embed: Embed) -> None:
    emulator = Emulator()
    refusal = BadRequest("encoding_format 'base64' is not supported by this server")
    emulator.script("openai", [refusal])
    embeddings = embeddings_of(emulator, dimensions=2)
    for text in ("a", "b"):
        assert embed(embeddings, [text]) == [vector_of("text-embedding-3-small", text, 2)]
    forms = [exchange.body.get("encoding_format") for exchange in emulator.log]
    assert forms == ["base64", None, None]


def test_an_error_in_an_answer_with_status_200_is_an_error(embed: Embed) -> None:
    refusal = Raw(body=b'{"error": {"message": "No such model", "code": "model_not_found"}}')
    emulator = Emulator()
    emulator.script("openai", [refusal])
    with pytest.raises(Exception, match="model_not_found"):
        embed(embeddings_of(emulator, max_retries=0), ["a"])
