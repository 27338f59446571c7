"""The chat model of any server with the Chat Completions API."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutOpenAICompatibleChatModel(ScoutProviderChatModel, init=False):
    """Chat model of any server with the Chat Completions API: vLLM, llama.cpp, LM Studio.

        model = ScoutOpenAICompatibleChatModel(
            model="my-model", base_url="http://localhost:8000/v1"
        )
        print(model.invoke("Hello").text)

    `base_url=` is required, or `OPENAI_COMPATIBLE_API_URL` in the environment; a key is optional.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "openai_compatible"
