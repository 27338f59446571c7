"""Providers, keys, circuits, prices and the engine: everything below LangChain's faces.

Names and modules load on first use, so that importing a part does not load the whole: the faces
say `llm.engine.complete(…)`, and an import of a face does not wait for the engine.
"""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scout_adapters.llm import (
        address,
        attempts,
        auditing,
        client,
        endpoint,
        engine,
        exchange,
        explaining,
        keys,
        patience,
        providers,
        record,
        route,
        router,
        transport,
        types,
    )
    from scout_adapters.llm.router import (
        call_anthropic_async,
        call_google_async,
        call_groq_async,
        call_llm,
        call_minimax_async,
    )
    from scout_adapters.llm.types import LLMResponse

__all__ = [
    "LLMResponse",
    "call_anthropic_async",
    "call_google_async",
    "call_groq_async",
    "call_llm",
    "call_minimax_async",
]

HOMES = {"LLMResponse": "types", "call_llm": "router"}
CALL = re.compile(r"call_(?P<provider>\w+)_async")


def __getattr__(name: str) -> Any:
    if name in HOMES:
        return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    if find_spec(f"{__name__}.{name}") is not None:
        return import_module(f"{__name__}.{name}")
    if match := CALL.fullmatch(name):
        return _provider_function(match["provider"], name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _provider_function(provider: str, name: str) -> Any:
    """Find `call_{provider}_async` in its own module (the guide's step 1), or make it of a card."""
    if find_spec(f"{__name__}.{provider}") is not None:
        return getattr(import_module(f"{__name__}.{provider}"), name)
    router = import_module(f"{__name__}.router")
    if hasattr(router, name):
        return getattr(router, name)
    if provider in import_module(f"{__name__}.providers").registry:
        return router.provider_function(provider)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
