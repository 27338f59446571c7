"""The chat model of Fireworks."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutFireworksChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Fireworks: open models.

        model = ScoutFireworksChatModel(
            model="accounts/fireworks/models/glm-5p3-flash", api_keys=["key-1", "key-2"]
        )
        print(model.invoke("Hello").text)

    Keys in the environment: `FIREWORKS_API_KEYS` or `FIREWORKS_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "fireworks"
