"""What the engine needs of any request and any answer, whether of a chat or of embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata
from typing_extensions import TypeVar


class ModelRequest(Protocol):
    """A request to a model: a `ChatRequest` or an `EmbeddingRequest`; both are dataclasses."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def extra(self) -> Mapping[str, Any]:
        """Further body fields, under the provider's own names."""


class ModelAnswer(Protocol):
    """An answer of a model: an `AIMessage` or an `EmbeddingAnswer`."""

    usage_metadata: UsageMetadata | None
    """The tokens that the provider counted; None if it sent no counts."""

    response_metadata: dict[str, Any]
    """The model's name, and later the call's summary under `scout`."""


ModelRequestT = TypeVar("ModelRequestT", bound=ModelRequest)
AnswerT = TypeVar("AnswerT", bound=ModelAnswer, default=AIMessage)
