"""The wire of Gemini on Google's Vertex AI: the same bodies at other paths.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

from scout_adapters._internal.json_values import Json, mapping, objects
from scout_adapters.llm.types import ChatRequest, ProviderSpec, Turn, Wire
from scout_adapters.llm.wires.gemini import GeminiWire

API_KEY = re.compile(r"AIza|AQ\.")
"""How API keys begin; access tokens begin with `ya29.`, or are of another issuer."""

WITHOUT_CALL_IDS = re.compile(r"gemini-[12]")
"""Models for which the API refuses the ids of calls: "Unknown name "id" at … function_call".
https://github.com/BerriAI/litellm/pull/34603"""


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

    def build_body(self, request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
        """Build the body, without the ids of calls where the API has none."""
        body = super().build_body(request, turns, spec)
        if WITHOUT_CALL_IDS.match(request.model):
            for content in objects(body.get("contents")):
                for part in objects(content.get("parts")):
                    for name in ("functionCall", "functionResponse"):
                        mapping(part.get(name)).pop("id", None)
        return body


WIRE: Wire = VertexGeminiWire()
