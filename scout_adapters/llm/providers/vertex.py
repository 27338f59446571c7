"""Google's Vertex AI: Gemini over generateContent, Claude over Messages.

https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult

from scout_adapters.llm.auth.google_tokens import google_token
from scout_adapters.llm.providers import anthropic, google
from scout_adapters.llm.types import KeyChain, PromptCaching, ProviderSpec, SecondWire
from scout_adapters.llm.wires.anthropic_messages import vertex_messages
from scout_adapters.llm.wires.gemini import vertex_gemini

HOST = re.compile(r"(global|us|eu)-aiplatform\.googleapis\.com")
"""Hosts of the locations that are no regions: https://cloud.google.com/vertex-ai/docs/reference/rest"""

OTHER_NAMES = {"vertex_location": "location", "vertex_project": "project"}


def plain_model(model: str) -> str:
    """Return the maker's own name: versions stand after an @ here."""
    return model.replace("@", "-")


def locate(address: SplitResult, endpoint: str, model: str) -> SplitResult:  # noqa: ARG001  # the endpoint names the model
    """Return the URL of a call; the global location and the multi-regions have other hosts."""
    host, path = address.netloc, address.path
    if place := HOST.fullmatch(host):
        area = "" if place[1] == "global" else f".{place[1]}.rep"
        host = f"aiplatform{area}.googleapis.com"
    if "/v1" not in path:
        path += "/v1"
    return address._replace(netloc=host, path=path + endpoint)


def adapt_options(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Convert options of `ChatVertexAI` and LiteLLM: credentials of google-auth, the location."""
    adapted = {OTHER_NAMES.get(name, name): value for name, value in options.items()}
    if (credentials := adapted.pop("credentials", None)) is not None:
        adapted["api_key"] = google_token(credentials=credentials)
    return adapted


SPEC = ProviderSpec(
    name="vertex",
    docs="https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference",
    wire=vertex_gemini.WIRE,
    base_url="https://{location}-aiplatform.googleapis.com/v1/projects/{project}/locations/{location}",
    variables=("VERTEX", "VERTEXAI", "GOOGLE_VERTEX"),
    key_chain=KeyChain(google_token(), ("GOOGLE_APPLICATION_CREDENTIALS",)),
    placeholders={
        "project": ("GOOGLE_CLOUD_PROJECT", "VERTEXAI_PROJECT", "GCLOUD_PROJECT"),
        "location": ("GOOGLE_CLOUD_LOCATION", "VERTEXAI_LOCATION", "GOOGLE_CLOUD_REGION"),
    },
    placeholder_defaults={"location": "global"},
    locate=locate,
    adapt_options=adapt_options,
    default_model="gemini-3.5-flash",
    model_provider="google_genai",
    plain_model=plain_model,
    prices="google",
    profiles_of=("google", "anthropic"),
    # Schemas for Claude are switched off unless an organization allows them:
    # https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/structured_outputs
    # Models that cannot stop thinking refuse the alternative, a forced tool.
    json_schema=re.compile(r"(?!claude)|claude-(fable|mythos|opus-(5-[5-9]|[6-9]))"),
    schema_beside_tools=google.SPEC.schema_beside_tools,
    prompt_caching=PromptCaching(by_model=anthropic.SHORTEST),
    second=SecondWire(
        wire=vertex_messages.WIRE,
        models=re.compile(r"claude-"),
        by_model=True,
        model_provider="anthropic",
    ),
    embeddings=False,
    quirks=(
        "Access tokens are sent as bearer tokens; `location=` is `global` by default.",
        'API keys: only for Gemini, with `base_url="https://aiplatform.googleapis.com/v1"`.',
    ),
)
