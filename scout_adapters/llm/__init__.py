"""Everything below LangChain: providers, keys, circuits, prices and the engine.

The names in `__all__` load on first use, so that importing one module of this package does not
load the others.
"""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scout_adapters.llm.router.functions import (
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
    if match := CALL.fullmatch(name):
        return _provider_function(match["provider"], name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _provider_function(provider: str, name: str) -> Any:
    """Find `call_{provider}_async` in its own module (the guide's step 1), or make it of a card."""
    if find_spec(f"{__name__}.{provider}") is not None:
        return getattr(import_module(f"{__name__}.{provider}"), name)
    functions = import_module(f"{__name__}.router.functions")
    if hasattr(functions, name):
        return getattr(functions, name)
    if provider in import_module(f"{__name__}.providers").registry:
        return functions.provider_function(provider)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
