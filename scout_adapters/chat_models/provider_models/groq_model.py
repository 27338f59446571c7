"""The chat model of Groq."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutGroqChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Groq: open models.

        model = ScoutGroqChatModel(model="openai/gpt-oss-120b", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `GROQ_API_KEYS` or `GROQ_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "groq"
