"""The chat model of Cerebras."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutCerebrasChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Cerebras: open models.

        model = ScoutCerebrasChatModel(model="gpt-oss-120b", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `CEREBRAS_API_KEYS` or `CEREBRAS_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "cerebras"
