"""The chat model of OpenRouter."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutOpenRouterChatModel(ScoutProviderChatModel, init=False):
    """Chat model of OpenRouter: the models of many makers.

        model = ScoutOpenRouterChatModel(model="openai/gpt-5.6-luna", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `OPENROUTER_API_KEYS` or `OPENROUTER_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "openrouter"
