"""The wire of Gemini on Google's Vertex AI: the same bodies at other paths.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
"""

from __future__ import annotations

import re
from urllib.parse import quote

from scout_adapters.llm.types import Wire
from scout_adapters.llm.wires.gemini import GeminiWire

API_KEY = re.compile(r"AIza|AQ\.")
"""How API keys begin; access tokens begin with `ya29.`, or are of another issuer."""


class VertexGeminiWire(GeminiWire):
    """`generateContent` of a publisher's models; it has no state."""

    version = "v1"
    model_endpoint = re.compile(r"/publishers/google/models/[^/]+:[A-Za-z]+$")

    def endpoint(self, model: str, *, stream: bool) -> str:
        path = f"/publishers/google/models/{quote(model.removeprefix('models/'), safe='@')}"
        return f"{path}:streamGenerateContent?alt=sse" if stream else f"{path}:generateContent"

    def auth_headers(self, key: str) -> dict[str, str]:
        """Return the header of an API key (express mode), or of an access token."""
        if API_KEY.match(key):
            return super().auth_headers(key)
        return {"Authorization": f"Bearer {key}"}


WIRE: Wire = VertexGeminiWire()
