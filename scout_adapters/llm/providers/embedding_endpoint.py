"""The endpoint of a provider's embeddings: its keys, circuit and load are those of its chat API."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial

from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.adapters.embedding_adapter import EmbeddingAdapter, VectorLength
from scout_adapters.llm.adapters.http_adapter import HttpAdapter
from scout_adapters.llm.engine.candidate import Endpoint
from scout_adapters.llm.providers.client import ProviderClient
from scout_adapters.llm.providers.urls import embeddings_url
from scout_adapters.llm.types import EmbeddingsApi, ProviderSpec
from scout_adapters.llm.types.embedding import EmbeddingWire


def embedding_endpoint(client: ProviderClient, length: VectorLength) -> Endpoint:
    """Return the endpoint of a client for embeddings; `length` is shared by all candidates.

    Raises: `ConfigurationError` if the provider has no embeddings.
    """
    endpoint, card = client.current_endpoint(), client.spec
    wire, api = embeddings_of(card)
    http = endpoint.adapter
    if not isinstance(http, HttpAdapter):
        raise no_embeddings(card)
    url = lru_cache(maxsize=256)(partial(embeddings_url, endpoint.pool.address, card, wire))

    def url_at(model: str, base_url: str) -> str:
        return embeddings_url(base_url, card, wire, model)

    return replace(endpoint, adapter=EmbeddingAdapter(http, url, url_at, wire, api, length))


def embeddings_of(card: ProviderSpec) -> tuple[EmbeddingWire, EmbeddingsApi]:
    """Return the wire and the limits of a card's embeddings.

    Raises: `ConfigurationError` if the provider has none.
    """
    wire = card.wire.embedding_wire() if card.wire is not None else None
    if wire is None or card.embeddings is False:
        raise no_embeddings(card)
    return wire, card.embeddings or wire.api


def no_embeddings(card: ProviderSpec) -> ConfigurationError:
    """Return the error for a provider without embeddings."""
    return ConfigurationError(
        f"{card.name} has no embeddings API: use openai, azure, google, mistral, together, "
        "fireworks, openrouter, ollama, or openai_compatible with base_url="
    )
