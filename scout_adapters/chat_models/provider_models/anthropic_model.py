"""The chat model of Anthropic."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutAnthropicChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Anthropic: Claude.

        model = ScoutAnthropicChatModel(model="claude-haiku-4-5", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `ANTHROPIC_API_KEYS` or `ANTHROPIC_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "anthropic"
