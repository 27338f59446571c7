"""The chat model of xAI."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutXAIChatModel(ScoutProviderChatModel, init=False):
    """Chat model of xAI: Grok.

        model = ScoutXAIChatModel(model="grok-4.3", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `XAI_API_KEYS` or `XAI_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "xai"
