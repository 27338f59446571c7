"""The OpenAI Responses wire, for OpenAI, xAI and every server that speaks it.

Requests are stateless by default: the server stores nothing, and encrypted reasoning travels in
the messages. https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ChatRequest, ProviderSpec, StreamReader, Turn, Wire
from scout_adapters.llm.wires.openai_responses.build import build_body
from scout_adapters.llm.wires.openai_responses.parse import parse_response
from scout_adapters.llm.wires.openai_responses.stream import ResponsesStreamReader

__all__ = ["WIRE"]


class OpenAIResponses:
    """The Responses API as a `Wire`; it has no state."""

    name = "openai_responses"
    version = "v1"

    def endpoint(self, model: str, *, stream: bool) -> str:  # noqa: ARG002  # one URL for all
        return "/responses"

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the header of a key; a server without keys gets none: `Bearer ` is not legal."""
        return {"Authorization": f"Bearer {key}"} if key else {}

    def build_body(self, request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
        return build_body(request, turns, spec)

    def parse_response(self, body: Json, spec: ProviderSpec) -> AIMessage:
        return parse_response(body, spec)

    def extra_headers(self, request: ChatRequest) -> dict[str, str]:  # noqa: ARG002  # a Wire's
        """Return none: this API has no features by header."""
        return {}

    def reader(self, spec: ProviderSpec, body: Json | None = None) -> StreamReader:  # noqa: ARG002  # a Wire's
        return ResponsesStreamReader(spec)


WIRE: Wire = OpenAIResponses()
