"""The two ways to embed documents, sync and async."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest
from langchain_core.embeddings import Embeddings

Embed = Callable[[Embeddings, Sequence[str]], list[list[float]]]


@pytest.fixture(params=["sync", "async"])
def embed(request: pytest.FixtureRequest) -> Embed:
    """Embed documents, from outside an event loop; each asynchronous call has a loop of its own."""
    if request.param == "sync":
        return lambda embeddings, texts: embeddings.embed_documents([*texts])
    return lambda embeddings, texts: asyncio.run(embeddings.aembed_documents([*texts]))
