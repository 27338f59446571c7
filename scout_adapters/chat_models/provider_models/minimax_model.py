"""The chat model of MiniMax."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutMiniMaxChatModel(ScoutProviderChatModel, init=False):
    """Chat model of MiniMax.

        model = ScoutMiniMaxChatModel(model="MiniMax-M2.7", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `MINIMAX_API_KEYS` or `MINIMAX_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "minimax"
