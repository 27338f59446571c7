"""The clouds that the emulator plays: Azure OpenAI, Claude on Foundry, Bedrock and Vertex AI.

Their addresses have parts that a user chooses, and each checks more of a request than its body.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scout_adapters.testing.cloud_requests import check_azure, check_bedrock, check_vertex
from scout_adapters.testing.emulated_provider import EmulatedProvider

if TYPE_CHECKING:
    from collections.abc import Mapping

CLOUDS: Mapping[str, EmulatedProvider] = {
    provider.name: provider
    for provider in (
        EmulatedProvider(
            name="azure",
            base="/openai/v1",
            roots={
                "/openai/v1": ("openai", "responses", "openai-embeddings"),
                "/openai": ("responses",),
                "": ("azure-deployments", "azure-embeddings"),
            },
            openai_dialect="azure",
            error_table="azure",
            check_request=check_azure,
            key_header="api-key",
        ),
        EmulatedProvider(
            name="azure_anthropic",
            base="/anthropic",
            roots={"/anthropic/v1": ("anthropic",)},
            error_table="azure",
            error_tables={"anthropic": "azure-messages"},
            strict=True,
        ),
        EmulatedProvider(
            name="bedrock",
            base="",
            roots={"/anthropic/v1": ("anthropic",), "/openai/v1": ("openai",), "": ("converse",)},
            error_table="bedrock",
            strict=True,
            check_request=check_bedrock,
        ),
        EmulatedProvider(
            name="vertex",
            base="/v1/projects/emulated/locations/us-central1",
            roots={"": ("vertex-gemini", "vertex-anthropic")},
            error_table="vertex",
            error_tables={"vertex-anthropic": "vertex-messages"},
            strict=True,
            check_request=check_vertex,
        ),
    )
}

_PLACES = (
    (
        re.compile(r"[\w-]+\.(services\.ai|cognitiveservices)\.azure\.com/anthropic/"),
        "azure_anthropic",
    ),
    (
        re.compile(r"[\w-]+\.(openai|services\.ai|cognitiveservices)\.azure\.com/openai/"),
        "azure",
    ),
    (
        re.compile(
            r"bedrock-(runtime\.[\w-]+\.amazonaws\.com|mantle\.[\w-]+\.api\.aws)/(anthropic|openai|model)/"
        ),
        "bedrock",
    ),
    (re.compile(r"([\w-]+-)?aiplatform(\.(us|eu)\.rep)?\.googleapis\.com/"), "vertex"),
)
"""Hosts and beginnings of paths, and the cloud that they belong to."""


def cloud_at(host: str, path: str) -> EmulatedProvider | None:
    """Return the cloud whose real host this is; None for another host."""
    place = f"{host}{path}"
    names = (name for pattern, name in _PLACES if pattern.match(place))
    return next((CLOUDS[name] for name in names), None)
