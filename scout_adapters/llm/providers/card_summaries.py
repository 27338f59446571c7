"""Summaries of the shipped cards; `make tables` writes this file from the cards.

In the order in which `call_llm` looks for the provider of a model, and for one with a key.
"""

from __future__ import annotations

from collections.abc import Mapping

from scout_adapters.llm.providers.card_summary import CardSummary as Card

CARD_SUMMARIES: Mapping[str, Card] = {
    card.name: card
    for card in (
        Card("groq", "groq", models=("llama-", "llama3-", "mixtral-", "gemma2-"), has_default=True),
        Card(
            "google",
            "google_genai",
            models=("gemini-", "gemma-"),
            variables=("GOOGLE", "GEMINI"),
            has_default=True,
        ),
        Card("minimax", "minimax", models=("MiniMax-",), has_default=True),
        Card("anthropic", "anthropic", models=("claude-",), has_default=True),
        Card(
            "openai",
            "openai",
            models=("gpt-", "chatgpt-", "o1", "o3", "o4", "text-embedding-"),
            has_default=True,
        ),
        Card("openrouter", "openrouter", has_default=True),
        Card("deepseek", "deepseek", models=("deepseek-",), has_default=True),
        Card(
            "mistral",
            "mistralai",
            models=("mistral-", "ministral-", "codestral-", "magistral-", "devstral-", "pixtral-"),
            has_default=True,
        ),
        Card("xai", "xai", models=("grok-",), has_default=True),
        Card("together", "together", has_default=True),
        Card("fireworks", "fireworks", models=("accounts/",), has_default=True),
        Card("cerebras", "cerebras", has_default=True),
        Card("ollama", "ollama"),
        Card("openai_compatible", "openai_compatible"),
        Card(
            "alibaba",
            "alibaba",
            models=("qwen3.7-", "qwen3.8-", "qwen3-max", "qwen-flash", "qwen-max", "qwen-plus"),
            variables=("DASHSCOPE", "ALIBABA"),
            has_default=True,
        ),
        Card("azure", "openai", variables=("AZURE_OPENAI", "AZURE")),
        Card(
            "azure_anthropic",
            "anthropic",
            variables=("ANTHROPIC_FOUNDRY", "AZURE_AI"),
            has_default=True,
        ),
        Card("baseten", "baseten", has_default=True),
        Card(
            "bedrock",
            "anthropic",
            models=("anthropic.claude", "us.anthropic.", "eu.anthropic.", "global.anthropic."),
            has_default=True,
        ),
        Card("chutes", "chutes", has_default=True),
        Card("cloudflare", "cloudflare", has_default=True),
        Card("crusoe", "crusoe", has_default=True),
        Card(
            "databricks",
            "databricks",
            models=("databricks-",),
            variables=("DATABRICKS",),
            has_default=True,
        ),
        Card("deepinfra", "deepinfra", has_default=True),
        Card("huggingface", "huggingface", has_default=True),
        Card("hyperbolic", "hyperbolic", has_default=True),
        Card("langsmith", "langsmith"),
        Card("meta", "meta", models=("muse-",), has_default=True),
        Card("moonshot", "moonshot", models=("kimi-", "moonshot-v1"), has_default=True),
        Card("nebius", "nebius", has_default=True),
        Card("novita", "novita", has_default=True),
        Card("nvidia", "nvidia", variables=("NVIDIA", "NVIDIA_NIM"), has_default=True),
        Card("ovhcloud", "ovhcloud"),
        Card(
            "perplexity",
            "perplexity",
            models=("sonar",),
            variables=("PPLX", "PERPLEXITY"),
            has_default=True,
        ),
        Card("sambanova", "sambanova", has_default=True),
        Card("scaleway", "scaleway", variables=("SCALEWAY",), has_default=True),
        Card("snowflake", "snowflake", has_default=True),
        Card("venice", "venice", variables=("VENICE", "VENICE_AI"), has_default=True),
        Card("vercel", "vercel", variables=("AI_GATEWAY", "VERCEL_AI_GATEWAY"), has_default=True),
        Card(
            "vertex",
            "google_genai",
            variables=("VERTEX", "VERTEXAI", "GOOGLE_VERTEX"),
            has_default=True,
        ),
        Card("wandb", "wandb", has_default=True),
        Card("zai", "zai", models=("glm-",), has_default=True),
    )
}
