"""The seven models under test: six providers, and a route over three protocols."""

from __future__ import annotations

from itertools import count
from typing import Any

from scout_adapters import ScoutRouterChatModel, init_scout_model
from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.testing import Emulator

MODELS = {
    "groq": "openai/gpt-oss-20b",
    "google": "gemini-2.5-flash",
    "minimax": "MiniMax-M3",
    "anthropic": "claude-haiku-4-5",
    "openai": "gpt-4.1-mini",
    "openrouter": "google/gemini-2.5-flash",
}
ROUTE = ("groq", "anthropic", "google")
"""The router's candidates in order: three providers, three protocols."""

IDS = (*MODELS, "router")

_numbers = count(1)


def entry(provider: str, emulator: Emulator, *, served: bool = False, **options: Any) -> Any:
    """Return a provider's model and address: in this process, or on a served loopback."""
    reached = (
        {"base_url": emulator.url(provider)} if served else {"transport": emulator.transport()}
    )
    key = f"key-{next(_numbers)}-of-{provider}"
    model = f"{provider}/{MODELS.get(provider, 'm')}"
    return {"model": model, "api_key": key, **reached, **options}


def build(name: str, emulator: Emulator, *, served: bool = False, **options: Any) -> ScoutChatModel:
    """Make the model of that name, with keys that no other test has used."""
    if name == "router":
        models = [entry(provider, emulator, served=served) for provider in ROUTE]
        return ScoutRouterChatModel(**{"models": models, **options})
    fields = {**entry(name, emulator, served=served), **options}
    model = fields.pop("model")
    qualified = model if model.startswith(f"{name}/") else f"{name}/{model}"
    return init_scout_model(qualified, **fields)
