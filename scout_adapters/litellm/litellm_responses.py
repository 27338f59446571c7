"""LiteLLM's objects for answers of ours: whole, in chunks, and vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import litellm
from langchain_core.messages import AIMessage, AIMessageChunk
from litellm.types.utils import (
    Choices,
    Delta,
    Embedding,
    EmbeddingResponse,
    Message,
    ModelResponse,
    ModelResponseStream,
    StreamingChoices,
    Usage,
)

from scout_adapters.litellm.answers import (
    cost_of,
    delta_fields,
    finish_reason_of,
    message_fields,
    usage_fields,
)


def filled_response(response: ModelResponse, answer: AIMessage) -> ModelResponse:
    """Fill LiteLLM's response with an answer."""
    reason = finish_reason_of(answer) or "stop"
    response.choices = [
        Choices(index=0, finish_reason=reason, message=Message(**message_fields(answer)))
    ]
    response.model = str(answer.response_metadata.get("model_name") or response.model)
    if usage := usage_fields(answer):
        response.usage = Usage(**usage)
    if (cost := cost_of(answer)) is not None:
        response._hidden_params["response_cost"] = cost  # noqa: SLF001  # where LiteLLM reads it
    return response


class StreamedResponse:
    """The chunks of one streamed answer in LiteLLM's form."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._whole: AIMessageChunk | None = None

    def read(self, chunk: AIMessageChunk) -> Iterator[ModelResponseStream]:
        """Yield the delta of a chunk, if it has content."""
        self._whole = chunk if self._whole is None else self._whole + chunk
        fields = delta_fields(chunk)
        if fields.keys() - {"role"}:
            yield self._chunk(StreamingChoices(index=0, delta=Delta(**fields)))

    def end(self) -> Iterator[ModelResponseStream]:
        """Yield what comes once, at the end: the message for the next turn, counts, the reason."""
        if (whole := self._whole) is None:
            return
        fields = message_fields(whole)["provider_specific_fields"]
        delta = Delta(role="assistant", content="", provider_specific_fields=fields)
        answer = self._chunk(StreamingChoices(index=0, delta=delta))
        if usage := usage_fields(whole):
            # LiteLLM reads the counts of a chunk without the reason only.
            answer.usage = Usage(**usage, cost=cost_of(whole))
        yield answer
        reason = finish_reason_of(whole) or "stop"
        yield self._chunk(StreamingChoices(index=0, delta=Delta(), finish_reason=reason))

    def _chunk(self, choice: StreamingChoices) -> ModelResponseStream:
        whole = self._whole
        name = whole.response_metadata.get("model_name") if whole is not None else None
        return ModelResponseStream(
            id=whole.id if whole is not None else None, model=name or self._model, choices=[choice]
        )


def texts_of(inputs: Sequence[Any] | str) -> list[str]:
    """Return the texts of a call for embeddings.

    Raises: LiteLLM's `BadRequestError` for inputs that are no texts, such as numbers of tokens.
    """
    texts = [inputs] if isinstance(inputs, str) else list(inputs)
    if all(isinstance(text, str) for text in texts):
        return texts
    raise litellm.BadRequestError("scout embeds texts only", model="scout", llm_provider="scout")


def embedding_response(
    response: EmbeddingResponse, model: str, vectors: Sequence[Sequence[float]]
) -> EmbeddingResponse:
    """Fill LiteLLM's response with vectors."""
    response.model = model
    response.object = "list"
    response.data = [
        Embedding(embedding=list(vector), index=index, object="embedding")
        for index, vector in enumerate(vectors)
    ]
    return response
