"""The chat model of DeepSeek."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutDeepSeekChatModel(ScoutProviderChatModel, init=False):
    """Chat model of DeepSeek.

        model = ScoutDeepSeekChatModel(model="deepseek-v4-flash", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `DEEPSEEK_API_KEYS` or `DEEPSEEK_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "deepseek"
