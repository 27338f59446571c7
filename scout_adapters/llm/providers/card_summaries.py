"""Summaries of the shipped cards; `make tables` writes this file from the cards.

In the order in which `call_llm` looks for the provider of a model, and for one with a key.
"""

from __future__ import annotations

from collections.abc import Mapping

from scout_adapters.llm.providers.card_summary import CardSummary as Card

CARD_SUMMARIES: Mapping[str, Card] = {
    card.name: card
    for card in (
        Card(
            "groq",
            "groq",
            models=("llama-", "llama3-", "mixtral-", "gemma2-"),
            has_default=True,
            host="api.groq.com",
        ),
        Card(
            "google",
            "google_genai",
            models=("gemini-", "gemma-"),
            variables=("GOOGLE", "GEMINI"),
            has_default=True,
            host="generativelanguage.googleapis.com",
        ),
        Card("minimax", "minimax", models=("MiniMax-",), has_default=True, host="api.minimax.io"),
        Card(
            "anthropic",
            "anthropic",
            models=("claude-",),
            has_default=True,
            host="api.anthropic.com",
        ),
        Card(
            "openai",
            "openai",
            models=("gpt-", "chatgpt-", "o1", "o3", "o4", "text-embedding-"),
            has_default=True,
            host="api.openai.com",
        ),
        Card("openrouter", "openrouter", has_default=True, host="openrouter.ai"),
        Card(
            "deepseek", "deepseek", models=("deepseek-",), has_default=True, host="api.deepseek.com"
        ),
        Card(
            "mistral",
            "mistralai",
            models=("mistral-", "ministral-", "codestral-", "magistral-", "devstral-", "pixtral-"),
            has_default=True,
            host="api.mistral.ai",
        ),
        Card("xai", "xai", models=("grok-",), has_default=True, host="api.x.ai"),
        Card(
            "together",
            "together",
            variables=("TOGETHER", "TOGETHER_AI", "TOGETHERAI"),
            has_default=True,
            host="api.together.xyz",
        ),
        Card(
            "fireworks",
            "fireworks",
            models=("accounts/",),
            variables=("FIREWORKS", "FIREWORKS_AI", "FIREWORKSAI"),
            has_default=True,
            host="api.fireworks.ai",
        ),
        Card("cerebras", "cerebras", has_default=True, host="api.cerebras.ai"),
        Card("ollama", "ollama", host="localhost"),
        Card("openai_compatible", "openai_compatible"),
        Card(
            "alibaba",
            "alibaba",
            models=("qwen3.7-", "qwen3.8-", "qwen3-max", "qwen-flash", "qwen-max", "qwen-plus"),
            variables=("DASHSCOPE", "ALIBABA", "QWENCLOUD"),
            has_default=True,
            host="dashscope-intl.aliyuncs.com",
        ),
        Card(
            "azure",
            "openai",
            variables=("AZURE_OPENAI", "AZURE"),
            host="{resource}.openai.azure.com",
        ),
        Card(
            "azure_anthropic",
            "anthropic",
            variables=("ANTHROPIC_FOUNDRY", "AZURE_AI"),
            has_default=True,
            host="{resource}.services.ai.azure.com",
        ),
        Card("baseten", "baseten", has_default=True, host="inference.baseten.co"),
        Card(
            "bedrock",
            "anthropic",
            models=("anthropic.claude", "us.anthropic.", "eu.anthropic.", "global.anthropic."),
            has_default=True,
            host="bedrock-runtime.{region}.amazonaws.com",
        ),
        Card("chutes", "chutes", has_default=True, host="llm.chutes.ai"),
        Card("cloudflare", "cloudflare", has_default=True, host="api.cloudflare.com"),
        Card("crusoe", "crusoe", has_default=True, host="api.inference.crusoecloud.com"),
        Card(
            "databricks",
            "databricks",
            models=("databricks-",),
            variables=("DATABRICKS",),
            has_default=True,
        ),
        Card("deepinfra", "deepinfra", has_default=True, host="api.deepinfra.com"),
        Card("huggingface", "huggingface", has_default=True, host="router.huggingface.co"),
        Card("hyperbolic", "hyperbolic", has_default=True, host="api.hyperbolic.xyz"),
        Card("langsmith", "langsmith", host="gateway.smith.langchain.com"),
        Card("meta", "meta", models=("muse-",), has_default=True, host="api.meta.ai"),
        Card(
            "moonshot",
            "moonshot",
            models=("kimi-", "moonshot-v1"),
            has_default=True,
            host="api.moonshot.ai",
        ),
        Card("nebius", "nebius", has_default=True, host="api.tokenfactory.nebius.com"),
        Card("novita", "novita", has_default=True, host="api.novita.ai"),
        Card(
            "nvidia",
            "nvidia",
            variables=("NVIDIA", "NVIDIA_NIM"),
            has_default=True,
            host="integrate.api.nvidia.com",
        ),
        Card("ovhcloud", "ovhcloud", host="oai.endpoints.kepler.ai.cloud.ovh.net"),
        Card(
            "perplexity",
            "perplexity",
            models=("sonar",),
            variables=("PPLX", "PERPLEXITY"),
            has_default=True,
            host="api.perplexity.ai",
        ),
        Card("sambanova", "sambanova", has_default=True, host="api.sambanova.ai"),
        Card(
            "scaleway",
            "scaleway",
            variables=("SCALEWAY",),
            has_default=True,
            host="api.scaleway.ai",
        ),
        Card("snowflake", "snowflake", has_default=True, host="{account}.snowflakecomputing.com"),
        Card(
            "venice",
            "venice",
            variables=("VENICE", "VENICE_AI"),
            has_default=True,
            host="api.venice.ai",
        ),
        Card(
            "vercel",
            "vercel",
            variables=("AI_GATEWAY", "VERCEL_AI_GATEWAY"),
            has_default=True,
            host="ai-gateway.vercel.sh",
        ),
        Card(
            "vertex",
            "google_genai",
            variables=("VERTEX", "VERTEXAI", "GOOGLE_VERTEX"),
            has_default=True,
            host="{location}-aiplatform.googleapis.com",
        ),
        Card("wandb", "wandb", has_default=True, host="api.inference.wandb.ai"),
        Card("zai", "zai", models=("glm-",), has_default=True, host="api.z.ai"),
    )
}
