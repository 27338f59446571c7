"""Hosts of providers that copy OpenAI's Chat Completions: the emulator plays them as OpenAI.

They have no dialect and no error bodies of their own; `emulated_providers` has those that do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class CompatibleHost(NamedTuple):
    """Where a provider's API is."""

    host: str
    base: str = "/v1"
    """The path in front of `/chat/completions`."""

    embeds: bool = False
    """Whether the emulator plays its embeddings, too."""


ACCOUNT = "acme"
"""The account that the emulator plays, where it is part of an address."""

COMPATIBLE_HOSTS: Mapping[str, CompatibleHost] = {
    "alibaba": CompatibleHost("dashscope-intl.aliyuncs.com", "/compatible-mode/v1", embeds=True),
    "baseten": CompatibleHost("inference.baseten.co"),
    "chutes": CompatibleHost("llm.chutes.ai"),
    "cloudflare": CompatibleHost("api.cloudflare.com", f"/client/v4/accounts/{ACCOUNT}/ai/v1"),
    "crusoe": CompatibleHost("api.inference.crusoecloud.com"),
    "databricks": CompatibleHost(f"{ACCOUNT}.cloud.databricks.com", "/serving-endpoints"),
    "deepinfra": CompatibleHost("api.deepinfra.com", "/v1/openai"),
    "huggingface": CompatibleHost("router.huggingface.co"),
    "hyperbolic": CompatibleHost("api.hyperbolic.xyz"),
    "langsmith": CompatibleHost("gateway.smith.langchain.com"),
    "meta": CompatibleHost("api.meta.ai"),
    "moonshot": CompatibleHost("api.moonshot.ai"),
    "nebius": CompatibleHost("api.tokenfactory.nebius.com"),
    "novita": CompatibleHost("api.novita.ai", "/openai/v1"),
    "nvidia": CompatibleHost("integrate.api.nvidia.com", embeds=True),
    "ovhcloud": CompatibleHost("oai.endpoints.kepler.ai.cloud.ovh.net"),
    "perplexity": CompatibleHost("api.perplexity.ai", ""),
    "sambanova": CompatibleHost("api.sambanova.ai"),
    "scaleway": CompatibleHost("api.scaleway.ai"),
    "snowflake": CompatibleHost(f"{ACCOUNT}.snowflakecomputing.com", "/api/v2/cortex/v1"),
    "venice": CompatibleHost("api.venice.ai", "/api/v1"),
    "vercel": CompatibleHost("ai-gateway.vercel.sh"),
    "wandb": CompatibleHost("api.inference.wandb.ai"),
    "zai": CompatibleHost("api.z.ai", "/api/paas/v4"),
}
