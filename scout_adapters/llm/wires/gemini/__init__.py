"""The Gemini wire: `generateContent` and `streamGenerateContent`.

https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json, count, mapping
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn, Wire
from scout_adapters.llm.wires.gemini.build import build_body
from scout_adapters.llm.wires.gemini.parse import parse_response
from scout_adapters.llm.wires.gemini.stream import GeminiReader

COLLECTIONS = ("models/", "tunedModels/")


MODEL_ENDPOINT = re.compile(r"/(models|tunedModels)/[^/]+:[A-Za-z]+$")
"""The end of a full endpoint: its model and method are those of the call that a user copied."""


class GeminiWire(Wire):
    """Google's own protocol, as the Gemini Developer API speaks it."""

    name = "gemini"
    version = "v1beta"
    model_endpoint = MODEL_ENDPOINT
    native_blocks = frozenset({"executable_code", "code_execution_result", "file_data"})
    takes_unknown_blocks = True
    indexes_chunks = True
    external_inputs = frozenset({"cachedContent"})

    def endpoint(self, model: str, *, stream: bool) -> str:
        """Name the method of a model; `tunedModels/x` keeps its collection."""
        path = quote(model if model.startswith(COLLECTIONS) else f"models/{model}", safe="/@")
        # Without alt=sse a stream comes as one JSON array.
        return f"/{path}:streamGenerateContent?alt=sse" if stream else f"/{path}:generateContent"

    def auth_headers(self, key: str) -> dict[str, str]:
        """Put the key into its header; `?key=` would end up in logs and error messages."""
        return {"x-goog-api-key": key}

    def build_body(self, request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
        return build_body(request, turns, spec)

    def parse_response(self, body: Json, spec: ProviderSpec) -> AIMessage:
        return parse_response(body, spec)

    def reader(self, spec: ProviderSpec, body: Json | None = None) -> GeminiReader:  # noqa: ARG002  # a Wire's
        return GeminiReader(spec)

    def output_limit(self, body: Json) -> int | None:
        limit: int | None = mapping(body.get("generationConfig")).get("maxOutputTokens")
        return limit

    def answer_count(self, body: Json) -> int:
        return count(mapping(body.get("generationConfig")).get("candidateCount")) or 1


WIRE: Wire = GeminiWire()
