"""The chat model of Together."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutTogetherChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Together: open models.

        model = ScoutTogetherChatModel(model="openai/gpt-oss-120b", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `TOGETHER_API_KEYS` or `TOGETHER_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "together"
