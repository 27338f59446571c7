"""LangChain chat models over many providers and keys: rotation, failover, costs, audit log.

    from scout_adapters import ScoutRouterChatModel
    model = ScoutRouterChatModel(models=["groq/llama-3.3-70b-versatile", "openai/gpt-6-luna"])

Names load on first use. Importing this package reads no environment variable and opens no file or
connection.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scout_adapters.callbacks import (
        ScoutAuditCallbackHandler,
        ScoutBudgetCallbackHandler,
        ScoutCostCallbackHandler,
        get_scout_cost_callback,
    )
    from scout_adapters.chat_models.clouds import (
        ScoutAzureAnthropicChatModel,
        ScoutAzureOpenAIChatModel,
        ScoutBedrockChatModel,
        ScoutVertexChatModel,
    )
    from scout_adapters.chat_models.provider_models.anthropic_model import ScoutAnthropicChatModel
    from scout_adapters.chat_models.provider_models.cerebras_model import ScoutCerebrasChatModel
    from scout_adapters.chat_models.provider_models.deepseek_model import ScoutDeepSeekChatModel
    from scout_adapters.chat_models.provider_models.fireworks_model import ScoutFireworksChatModel
    from scout_adapters.chat_models.provider_models.google_model import ScoutGoogleChatModel
    from scout_adapters.chat_models.provider_models.groq_model import ScoutGroqChatModel
    from scout_adapters.chat_models.provider_models.minimax_model import ScoutMiniMaxChatModel
    from scout_adapters.chat_models.provider_models.mistral_model import ScoutMistralChatModel
    from scout_adapters.chat_models.provider_models.ollama_model import ScoutOllamaChatModel
    from scout_adapters.chat_models.provider_models.openai_compatible_model import (
        ScoutOpenAICompatibleChatModel,
    )
    from scout_adapters.chat_models.provider_models.openai_model import ScoutOpenAIChatModel
    from scout_adapters.chat_models.provider_models.openrouter_model import ScoutOpenRouterChatModel
    from scout_adapters.chat_models.provider_models.together_model import ScoutTogetherChatModel
    from scout_adapters.chat_models.provider_models.xai_model import ScoutXAIChatModel
    from scout_adapters.chat_models.providers import init_scout_model
    from scout_adapters.chat_models.router import ScoutRouterChatModel
    from scout_adapters.embeddings.scout_embeddings import ScoutEmbeddings
    from scout_adapters.errors import ScoutError
    from scout_adapters.llm.limits.usage_limits import Limits
    from scout_adapters.llm.providers import registry
    from scout_adapters.llm.types import ProviderSpec
    from scout_adapters.telemetry import (
        ScoutTelemetryCallbackHandler as ScoutTelemetryCallbackHandler,
    )

__version__ = "0.1.0"

__all__ = [
    "Limits",
    "ProviderSpec",
    "ScoutAnthropicChatModel",
    "ScoutAuditCallbackHandler",
    "ScoutAzureAnthropicChatModel",
    "ScoutAzureOpenAIChatModel",
    "ScoutBedrockChatModel",
    "ScoutBudgetCallbackHandler",
    "ScoutCerebrasChatModel",
    "ScoutCostCallbackHandler",
    "ScoutDeepSeekChatModel",
    "ScoutEmbeddings",
    "ScoutError",
    "ScoutFireworksChatModel",
    "ScoutGoogleChatModel",
    "ScoutGroqChatModel",
    "ScoutMiniMaxChatModel",
    "ScoutMistralChatModel",
    "ScoutOllamaChatModel",
    "ScoutOpenAIChatModel",
    "ScoutOpenAICompatibleChatModel",
    "ScoutOpenRouterChatModel",
    "ScoutRouterChatModel",
    "ScoutTogetherChatModel",
    "ScoutVertexChatModel",
    "ScoutXAIChatModel",
    "get_scout_cost_callback",
    "init_scout_model",
    "registry",
]

WITH_EXTRA = ("ScoutTelemetryCallbackHandler",)
"""Names that need an extra; they are not in `__all__`, so that `import *` works without it."""

HOMES = {
    "Limits": "llm.limits.usage_limits",
    "ProviderSpec": "llm.types",
    "ScoutAuditCallbackHandler": "callbacks",
    "ScoutAzureAnthropicChatModel": "chat_models.clouds",
    "ScoutAzureOpenAIChatModel": "chat_models.clouds",
    "ScoutBedrockChatModel": "chat_models.clouds",
    "ScoutBudgetCallbackHandler": "callbacks",
    "ScoutCostCallbackHandler": "callbacks",
    "ScoutEmbeddings": "embeddings.scout_embeddings",
    "ScoutError": "errors",
    "ScoutRouterChatModel": "chat_models.router",
    "ScoutTelemetryCallbackHandler": "telemetry",
    "get_scout_cost_callback": "callbacks",
    "ScoutVertexChatModel": "chat_models.clouds",
    "registry": "llm.providers",
}
"""The module of each name, below this package; all other names are in `chat_models.providers`."""


if not TYPE_CHECKING:  # with this function type checkers would accept misspelt names

    def __getattr__(name: str) -> Any:
        if name not in __all__ and name not in WITH_EXTRA:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(
            import_module(f"{__name__}.{HOMES.get(name, 'chat_models.providers')}"), name
        )
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return [*__all__, *WITH_EXTRA]
