"""The wire of Gemini's embeddings: `batchEmbedContents`, one request with many texts.

https://ai.google.dev/api/embeddings
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json, count, mapping
from scout_adapters.errors import malformed
from scout_adapters.llm.types import EmbeddingsApi, Task
from scout_adapters.llm.types.embedding import EmbeddingAnswer, EmbeddingRequest, EmbeddingWire
from scout_adapters.llm.wires.gemini.parse import raise_if_refused
from scout_adapters.llm.wires.parsing import require

TASK_TYPES: Mapping[Task, str] = {"query": "RETRIEVAL_QUERY", "document": "RETRIEVAL_DOCUMENT"}
"""https://ai.google.dev/gemini-api/docs/embeddings#supported-task-types"""


class GeminiEmbeddingsWire(EmbeddingWire):
    """`batchEmbedContents` as an `EmbeddingWire`; it has no state."""

    name = "gemini_embeddings"
    # 100 texts: the API's own error. 20,000 tokens: what LangChain's package sends at most.
    api = EmbeddingsApi(
        max_inputs=100,
        max_tokens=20_000,
        takes_empty=False,
        dimensions_field="outputDimensionality",
        task_field="taskType",
        tasks=TASK_TYPES,
        body_fields=frozenset({"taskType", "task_type", "title"}),
    )

    def endpoint(self, model: str) -> str:
        return f"/{quote(_resource(model), safe='/@')}:batchEmbedContents"

    def build_body(self, request: EmbeddingRequest, api: EmbeddingsApi) -> Json:
        """Build the body: each text is a request of its own.

        Gemini Embedding 2 makes one vector of all parts of a content.
        """
        common: Json = {"model": _resource(request.model), api.task_field: api.tasks[request.task]}
        if request.dimensions is not None:
            common[api.dimensions_field] = request.dimensions
        extra = {
            "taskType" if name == "task_type" else name: request.extra[name]
            for name in request.extra
        }
        contents = ({"content": {"parts": [{"text": text}]}} for text in request.texts)
        return {"requests": [{**common, **content, **extra} for content in contents]}

    def parse(self, body: Any, number: int) -> EmbeddingAnswer:
        items = require(raise_if_refused(body), "embeddings", list)
        if len(items) != number:
            raise malformed(f"the answer has {len(items)} vectors for {number} texts")
        vectors = [array("d", require(item, "values", list)).tolist() for item in items]
        return EmbeddingAnswer(vectors=vectors, usage_metadata=_usage(body))


def _resource(model: str) -> str:
    return model if model.startswith(("models/", "tunedModels/")) else f"models/{model}"


def _usage(body: Json) -> UsageMetadata | None:
    """Return the token counts; None for models that send none, such as gemini-embedding-001."""
    usage = mapping(body.get("usageMetadata"))
    tokens = count(usage.get("promptTokenCount")) or count(usage.get("totalTokenCount"))
    if not tokens:
        return None
    return UsageMetadata(input_tokens=tokens, output_tokens=0, total_tokens=tokens)


EMBEDDINGS: EmbeddingWire = GeminiEmbeddingsWire()
