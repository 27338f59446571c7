"""The chat model of Ollama."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutOllamaChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Ollama: local models, without a key.

        model = ScoutOllamaChatModel(model="llama3.2")
        print(model.invoke("Hello").text)

    The address is `http://localhost:11434`, unless `base_url=` or `OLLAMA_API_URL` is set.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "ollama"
