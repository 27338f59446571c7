"""The chat model of Google."""

from __future__ import annotations

from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


class ScoutGoogleChatModel(ScoutProviderChatModel, init=False):
    """Chat model of Google: Gemini, over the Gemini API.

        model = ScoutGoogleChatModel(model="gemini-3.5-flash", api_keys=["key-1", "key-2"])
        print(model.invoke("Hello").text)

    Keys in the environment: `GOOGLE_API_KEYS`, `GEMINI_API_KEYS`, `GOOGLE_API_KEY` or
    `GEMINI_API_KEY`.
    Arguments and errors: `ScoutProviderChatModel`.
    """

    provider = "google"
