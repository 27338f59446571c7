"""Values of embeddings: request, answer and wire. Apart from the others: chat needs none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types.embeddings_api import EmbeddingsApi, Task


@dataclass(frozen=True, kw_only=True)  # without slots, for `copy_dataclass`
class EmbeddingRequest:
    """One request for embeddings, in neutral vocabulary."""

    model: str
    texts: Sequence[str]
    positions: Sequence[int]
    """The indexes of the texts in the caller's list, for error messages."""

    task: Task = "document"
    dimensions: int | None = None
    """Length of the vectors; None for the model's own."""

    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further body fields, under the provider's own names."""


@dataclass(slots=True)
class EmbeddingAnswer:
    """The vectors of one request, in the order of its texts."""

    vectors: list[list[float]]
    usage_metadata: UsageMetadata | None = None
    """The tokens that the provider counted; None if it sent no counts."""

    response_metadata: dict[str, Any] = field(default_factory=dict)


class EmbeddingWire(Protocol):
    """How to talk to a family of embeddings APIs: pure functions from values to values."""

    name: str
    api: EmbeddingsApi
    """Limits for cards that state none."""

    def endpoint(self, model: str) -> str:
        """Return the path below the versioned root."""

    def build_body(self, request: EmbeddingRequest, api: EmbeddingsApi) -> Json:
        """Build the JSON body."""

    def parse(self, body: Any, number: int) -> EmbeddingAnswer:
        """Parse the answer to a request with `number` texts; vectors are not checked yet.

        Raises:
            ProviderRefusal: The body is an error, although the status was 200.
            MalformedResponse: A documented field is missing or has another type.
        """
