"""LangChain faces of single providers; all that one adds to the base is its name.

`init=False` is for type checkers, which would make an `__init__` of pydantic's fields for each: it
would take no plain string for a key, and no option of the provider's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutAnthropicChatModel(ScoutProviderChatModel, init=False):
    """Claude, from Anthropic."""

    provider = "anthropic"


class ScoutCerebrasChatModel(ScoutProviderChatModel, init=False):
    """Open models on Cerebras."""

    provider = "cerebras"


class ScoutDeepSeekChatModel(ScoutProviderChatModel, init=False):
    """DeepSeek's own models."""

    provider = "deepseek"


class ScoutFireworksChatModel(ScoutProviderChatModel, init=False):
    """Open models on Fireworks."""

    provider = "fireworks"


class ScoutGoogleChatModel(ScoutProviderChatModel, init=False):
    """Gemini, from Google."""

    provider = "google"


class ScoutGroqChatModel(ScoutProviderChatModel, init=False):
    """Open models on Groq's hardware."""

    provider = "groq"


class ScoutMiniMaxChatModel(ScoutProviderChatModel, init=False):
    """MiniMax's own models."""

    provider = "minimax"


class ScoutMistralChatModel(ScoutProviderChatModel, init=False):
    """Mistral's own models."""

    provider = "mistral"


class ScoutOllamaChatModel(ScoutProviderChatModel, init=False):
    """Local models on Ollama; no key needed."""

    provider = "ollama"


class ScoutOpenAIChatModel(ScoutProviderChatModel, init=False):
    """OpenAI's models, over Chat Completions."""

    provider = "openai"


class ScoutOpenAICompatibleChatModel(ScoutProviderChatModel, init=False):
    """Any server that speaks Chat Completions, at `base_url`: vLLM, llama.cpp, LM Studio."""

    provider = "openai_compatible"


class ScoutOpenRouterChatModel(ScoutProviderChatModel, init=False):
    """Anybody's models, through OpenRouter."""

    provider = "openrouter"


class ScoutTogetherChatModel(ScoutProviderChatModel, init=False):
    """Open models on Together."""

    provider = "together"


class ScoutXAIChatModel(ScoutProviderChatModel, init=False):
    """Grok, from xAI."""

    provider = "xai"


MODEL_CLASSES: Mapping[str, type[ScoutProviderChatModel]] = {
    face.provider: face
    for face in (
        ScoutAnthropicChatModel,
        ScoutCerebrasChatModel,
        ScoutDeepSeekChatModel,
        ScoutFireworksChatModel,
        ScoutGoogleChatModel,
        ScoutGroqChatModel,
        ScoutMiniMaxChatModel,
        ScoutMistralChatModel,
        ScoutOllamaChatModel,
        ScoutOpenAIChatModel,
        ScoutOpenAICompatibleChatModel,
        ScoutOpenRouterChatModel,
        ScoutTogetherChatModel,
        ScoutXAIChatModel,
    )
}


def init_scout_model(model: str, **options: Any) -> ScoutProviderChatModel:
    """Make the chat model of `"provider/model"`; also of a provider that was registered.

    Options are those of the model; `UnknownProvider` lists the known providers.
    """
    from scout_adapters.llm.router.functions import split_model

    provider, name = split_model(model)
    return model_class(provider)(model=name, **options)


def model_class(provider: str) -> type[ScoutProviderChatModel]:
    """Return a provider's face; one that was registered gets its own on the spot."""
    from scout_adapters.llm.providers import registry

    if provider in MODEL_CLASSES:
        return MODEL_CLASSES[provider]
    registry.get(provider)  # raises, listing the known ones
    name = f"Scout{provider.title().replace('_', '')}ChatModel"
    return type(name, (ScoutProviderChatModel,), {"provider": provider, "__module__": __name__})
