"""The chat model of OpenAI."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutOpenAIChatModel(ScoutProviderChatModel, init=False):
    """Chat model of OpenAI, over the Responses API where a request needs it, else Chat Completions.

        model = ScoutOpenAIChatModel(model="gpt-6-luna", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `OPENAI_API_KEYS` or `OPENAI_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "openai"
