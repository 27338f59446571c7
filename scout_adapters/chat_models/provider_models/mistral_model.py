"""The chat model of Mistral."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutMistralChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Mistral.

        model = ScoutMistralChatModel(model="mistral-small-latest", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `MISTRAL_API_KEYS` or `MISTRAL_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "mistral"
