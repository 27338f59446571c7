"""Names and variables that other libraries have for providers: each is understood or unknown."""

from __future__ import annotations

import pytest
from langchain.chat_models.base import _BUILTIN_PROVIDERS

from scout_adapters import registry
from scout_adapters.llm.providers import ProviderRegistry
from scout_adapters.llm.providers.other_names import OTHER_NAMES
from tests.support.paths import TESTS

LITELLM = dict(
    line.split()
    for line in (TESTS / "llm/providers/litellm_names.txt").read_text("utf-8").splitlines()
)
"""All providers of LiteLLM 1.110.2 (its `LlmProviders`, `openai_like/providers.json` and its map of
prices), and the card that is at the same address; `-` if there is none."""


def test_every_provider_of_litellm_is_found_by_its_name_or_has_no_card() -> None:
    assert len(LITELLM) > 200
    assert {name: registry.find_by_name(name) or "-" for name in LITELLM} == LITELLM


def test_every_provider_of_langchain_is_found_but_those_without_a_card() -> None:
    found = {name for name in _BUILTIN_PROVIDERS if registry.find_by_name(name)}
    assert _BUILTIN_PROVIDERS.keys() - found == {"cohere", "ibm", "litellm", "upstage"}


def test_every_other_name_leads_to_a_card() -> None:
    assert all(card in registry for card in OTHER_NAMES.values())


@pytest.mark.parametrize(
    ("provider", "variables"),
    [
        ("alibaba", "DASHSCOPE_API_KEY QWENCLOUD_API_KEY"),
        ("anthropic", "ANTHROPIC_API_KEY"),
        ("azure", "AZURE_OPENAI_API_KEY AZURE_API_KEY"),
        ("azure_anthropic", "ANTHROPIC_FOUNDRY_API_KEY AZURE_AI_API_KEY"),
        ("baseten", "BASETEN_API_KEY"),
        ("bedrock", "AWS_BEARER_TOKEN_BEDROCK"),
        ("chutes", "CHUTES_API_KEY"),
        ("cloudflare", "CLOUDFLARE_API_KEY CLOUDFLARE_API_TOKEN"),
        ("crusoe", "CRUSOE_API_KEY"),
        ("databricks", "DATABRICKS_TOKEN DATABRICKS_API_KEY"),
        ("deepinfra", "DEEPINFRA_API_KEY DEEPINFRA_API_TOKEN"),
        ("fireworks", "FIREWORKS_API_KEY FIREWORKS_AI_API_KEY"),
        ("google", "GOOGLE_API_KEY GEMINI_API_KEY GEMINI_API_KEY_1"),
        ("huggingface", "HF_TOKEN HUGGINGFACEHUB_API_TOKEN HUGGINGFACE_API_KEY HF_TOKEN_2"),
        ("hyperbolic", "HYPERBOLIC_API_KEY"),
        ("langsmith", "LANGSMITH_API_KEY"),
        ("meta", "META_API_KEY MODEL_API_KEY"),
        ("moonshot", "MOONSHOT_API_KEY"),
        ("nebius", "NEBIUS_API_KEY"),
        ("novita", "NOVITA_API_KEY"),
        ("nvidia", "NVIDIA_API_KEY NVIDIA_NIM_API_KEY NVIDIA_API_KEY_1"),
        ("ovhcloud", "OVHCLOUD_API_KEY"),
        ("perplexity", "PPLX_API_KEY PERPLEXITY_API_KEY"),
        ("sambanova", "SAMBANOVA_API_KEY"),
        ("scaleway", "SCW_SECRET_KEY SCALEWAY_API_KEY"),
        ("snowflake", "SNOWFLAKE_TOKEN SNOWFLAKE_JWT SNOWFLAKE_CORTEX_PAT"),
        ("together", "TOGETHER_API_KEY TOGETHER_AI_API_KEY TOGETHERAI_API_KEY"),
        ("venice", "VENICE_API_KEY VENICE_AI_API_KEY"),
        ("vercel", "AI_GATEWAY_API_KEY VERCEL_AI_GATEWAY_API_KEY"),
        ("wandb", "WANDB_API_KEY"),
        ("zai", "ZAI_API_KEY"),
    ],
)
def test_keys_come_from_the_variables_of_other_libraries(
    provider: str, variables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in registry.spec(provider).placeholders.values():
        monkeypatch.setenv(part[0], "part.example")
    for variable in variables.split():
        with monkeypatch.context() as environment:
            environment.setenv(variable, "their-key")
            client = ProviderRegistry(registry.spec(provider)).get(provider)
            assert [state.key for state in client.keys] == ["their-key"], variable


@pytest.mark.parametrize(
    ("provider", "variables"),
    [
        ("alibaba", "DASHSCOPE_API_BASE QWENCLOUD_API_BASE"),
        ("baseten", "BASETEN_API_BASE"),
        ("crusoe", "CRUSOE_API_BASE"),
        ("databricks", "DATABRICKS_API_BASE"),
        ("deepinfra", "DEEPINFRA_API_BASE"),
        ("huggingface", "HUGGINGFACE_API_BASE"),
        ("hyperbolic", "HYPERBOLIC_API_BASE"),
        ("meta", "META_API_BASE"),
        ("moonshot", "MOONSHOT_API_BASE"),
        ("nebius", "NEBIUS_API_BASE"),
        ("novita", "NOVITA_API_BASE"),
        ("nvidia", "NVIDIA_NIM_API_BASE NVIDIA_BASE_URL"),
        ("openai_compatible", "HOSTED_VLLM_API_BASE"),
        ("sambanova", "SAMBANOVA_API_BASE"),
        ("vercel", "VERCEL_AI_GATEWAY_API_BASE"),
        ("wandb", "WANDB_API_BASE"),
        ("zai", "ZAI_API_BASE"),
    ],
)
def test_addresses_come_from_the_variables_of_other_libraries(
    provider: str, variables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in variables.split():
        with monkeypatch.context() as environment:
            environment.setenv(variable, "https://gateway.example/v1")
            client = ProviderRegistry(registry.spec(provider)).get(provider)
            assert client.base_url == "https://gateway.example/v1", variable
