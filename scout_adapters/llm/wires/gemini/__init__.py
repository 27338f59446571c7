"""The wire of the Gemini API: `generateContent` and `streamGenerateContent`.

https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json, mapping, objects, positive_limit
from scout_adapters.llm.types import SEARCHES, ChatRequest, ProviderSpec, StreamReader, Turn, Wire
from scout_adapters.llm.wires.gemini.body_fields import BODY_FIELDS

if TYPE_CHECKING:
    from scout_adapters.llm.types.embedding import EmbeddingWire

COLLECTIONS = ("models/", "tunedModels/")
FUNCTIONS = frozenset({"functionDeclarations", "function_declarations"})
"""Keys of a tool that declares the user's own functions; others are run by Google."""


MODEL_ENDPOINT = re.compile(r"/(models|tunedModels)/[^/]+:[A-Za-z]+$")
"""The end of a full endpoint with a model and a method, as users copy it from examples."""


class GeminiWire(Wire):
    """The protocol of the Gemini Developer API."""

    name = "gemini"
    version = "v1beta"
    model_endpoint = MODEL_ENDPOINT
    native_blocks = frozenset({"executable_code", "code_execution_result", "file_data"})
    body_fields = BODY_FIELDS
    takes_unknown_blocks = True
    indexes_chunks = True
    external_inputs = frozenset({"cachedContent"})

    def endpoint(self, model: str, *, stream: bool) -> str:
        """Return the path of a model's method; `tunedModels/x` keeps its collection."""
        path = quote(model if model.startswith(COLLECTIONS) else f"models/{model}", safe="/@")
        # Without alt=sse the stream is one JSON array.
        return f"/{path}:streamGenerateContent?alt=sse" if stream else f"/{path}:generateContent"

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the header with the key; `?key=` would appear in logs and error messages."""
        return {"x-goog-api-key": key}

    def build_body(self, request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
        from scout_adapters.llm.wires.gemini.build import build_body

        return build_body(request, turns, spec)

    def parse_response(self, body: Json, spec: ProviderSpec) -> AIMessage:
        from scout_adapters.llm.wires.gemini.parse import parse_response

        return parse_response(body, spec)

    def reader(self, spec: ProviderSpec, body: Json | None = None) -> StreamReader:  # noqa: ARG002  # a Wire's
        from scout_adapters.llm.wires.gemini.stream import GeminiStreamReader

        return GeminiStreamReader(spec)

    def embedding_wire(self) -> EmbeddingWire:
        from scout_adapters.llm.wires.gemini.gemini_embeddings import EMBEDDINGS

        return EMBEDDINGS

    def output_limit(self, body: Json) -> int | None:
        return positive_limit(mapping(body.get("generationConfig")).get("maxOutputTokens"))

    def answer_count(self, body: Json) -> int:
        return positive_limit(mapping(body.get("generationConfig")).get("candidateCount")) or 1

    def models(self, body: Json) -> Sequence[str]:  # noqa: ARG002  # the URL names it
        return ()

    def provider_tools(self, body: Json) -> Sequence[Json]:
        return [tool for tool in objects(body.get("tools")) if tool.keys() - FUNCTIONS]

    def takes_tool(self, tool: Mapping[str, Any]) -> bool:
        """Return whether a tool is a function, or an object by its name as Google's own are."""
        return tool.get("type") == "function" or not {"type", "name"} & tool.keys()

    def searches(self, body: Json) -> int:
        """Return the most searches that may be billed for a request; 0 without such a tool.

        Tools that search are Google Search and Google Maps.
        """
        names = {name.lower() for tool in self.provider_tools(body) for name in tool}
        return SEARCHES if any("search" in name or "maps" in name for name in names) else 0


WIRE: Wire = GeminiWire()
