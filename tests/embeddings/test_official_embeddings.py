"""The official packages: the same vectors from the same emulator, and the same requests."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from langchain_google_genai import GoogleGenerativeAIEmbeddings
from langchain_openai import OpenAIEmbeddings

from scout_adapters import ScoutEmbeddings
from scout_adapters.testing import Emulator
from tests.embeddings.conftest import Embed

TEXTS = ["one", "two", "zwölf", "日本"]


def bodies_of(theirs: Embeddings, ours: Embeddings, emulator: Emulator, embed: Embed) -> Any:
    assert theirs.embed_documents(TEXTS) == embed(ours, TEXTS)
    assert theirs.embed_query("Hello") == ours.embed_query("Hello")
    return [exchange.body for exchange in emulator.log]


@pytest.mark.parametrize("dimensions", [None, 64])
def test_openai(emulator: Emulator, embed: Embed, dimensions: int | None) -> None:
    name = "text-embedding-3-small"
    with emulator.serve():
        options: Any = {"base_url": emulator.url("openai"), "dimensions": dimensions}
        theirs = OpenAIEmbeddings(
            model=name, api_key="sk-one", check_embedding_ctx_length=False, **options
        )
        ours = ScoutEmbeddings(model=f"openai/{name}", api_key="sk-one", **options)
        bodies = bodies_of(theirs, ours, emulator, embed)
    (documents, own_documents), (query, own_query) = bodies[:2], bodies[2:]
    assert documents == own_documents
    assert query == own_query


@pytest.mark.parametrize("name", ["gemini-embedding-001", "gemini-embedding-2"])
def test_google(emulator: Emulator, embed: Embed, name: str) -> None:
    with emulator.serve():
        options: Any = {"base_url": emulator.url("google"), "output_dimensionality": 64}
        theirs = GoogleGenerativeAIEmbeddings(model=name, api_key="AIza-one", **options)
        ours = ScoutEmbeddings(model=f"google/{name}", api_key="AIza-one", **options)
        bodies = bodies_of(theirs, ours, emulator, embed)
    (documents, own_documents), (query, own_query) = bodies[:2], bodies[2:]
    assert [plain(body) for body in documents["requests"]] == [
        plain(body) for body in own_documents["requests"]
    ]
    assert [plain(body) for body in query["requests"]] == [
        plain(body) for body in own_query["requests"]
    ]


def plain(request: dict[str, Any]) -> dict[str, Any]:
    """Return one request of a batch without the `role`, which the package adds to a query."""
    content = {"parts": request["content"]["parts"]}
    return {**request, "content": content}
