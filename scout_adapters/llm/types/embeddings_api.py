"""The embeddings API of a provider, as data of its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Task = Literal["query", "document"]
"""What the texts are: a search query, or documents to be found. Some models distinguish them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingsApi:
    """The embeddings API of a provider: its limits and its deviations from the wire, as data."""

    max_inputs: int = 256
    """Texts; the most of one request."""

    max_tokens: int | None = None
    """Tokens; the most of one request with all its texts. None if no limit is documented."""

    base64: bool = False
    """Whether vectors can arrive as base64, which is smaller and faster to read than JSON."""

    takes_empty: bool = True
    """Whether an empty text is accepted."""

    dimensions_field: str = "dimensions"
    """The body field for the length of the vectors."""

    task_field: str = ""
    """The body field for what the texts are; empty if the API does not distinguish tasks."""

    tasks: Mapping[Task, str] = field(default_factory=dict)
    """The values of `task_field`."""

    body_fields: frozenset[str] = frozenset()
    """Documented body fields that may be options."""
