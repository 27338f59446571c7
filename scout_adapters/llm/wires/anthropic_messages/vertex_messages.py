"""The wire of Claude on Google's Vertex AI: Messages with the model in the URL.

https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn, Wire
from scout_adapters.llm.wires.anthropic_messages import AnthropicMessagesWire

VERTEX_VERSION = "vertex-2023-10-16"
"""The version of the API; a field of the body, not a header."""


class VertexMessagesWire(AnthropicMessagesWire):
    """Messages over `rawPredict` and `streamRawPredict`; it has no state."""

    model_endpoint = re.compile(r"/publishers/anthropic/models/[^/]+:[A-Za-z]+$")

    def endpoint(self, model: str, *, stream: bool) -> str:
        method = "streamRawPredict" if stream else "rawPredict"
        return f"/publishers/anthropic/models/{quote(model, safe='@')}:{method}"

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the header of an access token; keys of Google Cloud are for Gemini only."""
        return {"Authorization": f"Bearer {key}"}

    def build_body(self, request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
        """Build the body without `model`, which the API refuses there."""
        body = super().build_body(request, turns, spec)
        body.pop("model", None)
        return {"anthropic_version": VERTEX_VERSION, **body}


WIRE: Wire = VertexMessagesWire()
