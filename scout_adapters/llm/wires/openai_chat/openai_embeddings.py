"""The wire of OpenAI's embeddings API, which most providers offer with deviations.

https://platform.openai.com/docs/api-reference/embeddings/create
"""

from __future__ import annotations

import sys
from array import array
from binascii import a2b_base64
from collections.abc import Sequence
from typing import Any

from scout_adapters._internal.json_values import Json, mapping
from scout_adapters.errors import malformed
from scout_adapters.llm.types import EmbeddingsApi
from scout_adapters.llm.types.embedding import EmbeddingAnswer, EmbeddingRequest, EmbeddingWire
from scout_adapters.llm.wires.openai_chat.parse_fields import raise_if_refused, text_field
from scout_adapters.llm.wires.openai_chat.usage import dollars, usage_of
from scout_adapters.llm.wires.parsing import require


class OpenAIEmbeddingsWire(EmbeddingWire):
    """`POST /embeddings` as an `EmbeddingWire`; it has no state."""

    name = "openai_embeddings"
    api = EmbeddingsApi()

    def endpoint(self, model: str) -> str:  # noqa: ARG002  # one URL for all
        return "/embeddings"

    def build_body(self, request: EmbeddingRequest, api: EmbeddingsApi) -> Json:
        body: Json = {"input": [*request.texts], "model": request.model}
        if request.dimensions is not None:
            body[api.dimensions_field] = request.dimensions
        if api.base64:
            body["encoding_format"] = "base64"
        if api.task_field:
            body[api.task_field] = api.tasks[request.task]
        return {**body, **request.extra}

    def parse(self, body: Any, number: int) -> EmbeddingAnswer:
        if not isinstance(body, dict):
            raise malformed(f"expected an answer to be an object, found {type(body).__name__}")
        raise_if_refused(body)
        usage = mapping(body.get("usage"))
        metadata: Json = {"model_name": text_field(body, "model")}
        if (cost := dollars(body, usage)) is not None:
            metadata["provider_cost_usd"] = cost
        return EmbeddingAnswer(
            vectors=_in_order(require(body, "data", list), number),
            usage_metadata=usage_of(usage),
            response_metadata=metadata,
        )


def _in_order(items: Sequence[Any], number: int) -> list[list[float]]:
    """Return the vectors by their `index`; in the order of the answer if none has an index."""
    if len(items) != number:
        raise malformed(f"the answer has {len(items)} vectors for {number} texts")
    vectors: list[list[float] | None] = [None] * number
    for place, item in enumerate(items):
        index = item.get("index", place) if isinstance(item, dict) else None
        if type(index) is not int or not 0 <= index < number:
            raise malformed(f"the answer has a vector of the index {index!r} for {number} texts")
        if vectors[index] is not None:
            raise malformed(f"the answer has two vectors of the index {index}")
        vectors[index] = _vector(item.get("embedding"))
    return [vector for vector in vectors if vector is not None]


def _vector(value: Any) -> list[float]:
    """Return a vector sent as a list, or as base64 of little-endian 32-bit floats."""
    if not isinstance(value, str):
        if not isinstance(value, list):
            raise malformed(f"expected an embedding to be a list, found {type(value).__name__}")
        return array("d", value).tolist()
    floats = array("f", a2b_base64(value, strict_mode=True))
    if sys.byteorder == "big":
        floats.byteswap()
    return floats.tolist()


EMBEDDINGS: EmbeddingWire = OpenAIEmbeddingsWire()
