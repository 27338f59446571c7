"""Everything below LangChain: providers, keys, circuits, prices and the engine.

The names in `__all__` load on first use, so that importing one module of this package does not
load the others. `call_<provider>_async` exists for every registered provider.
"""

from __future__ import annotations

import re
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scout_adapters.llm.adapters.results import LLMResponse
    from scout_adapters.llm.router.functions import (
        call_anthropic_async,
        call_google_async,
        call_groq_async,
        call_llm,
        call_minimax_async,
    )

__all__ = [
    "LLMResponse",
    "call_anthropic_async",
    "call_google_async",
    "call_groq_async",
    "call_llm",
    "call_minimax_async",
]

CALL = re.compile(r"call_(?P<provider>\w+)_async")


def __getattr__(name: str) -> Any:
    if name == "LLMResponse":
        from scout_adapters.llm.adapters.results import LLMResponse  # noqa: PLC0415  # loads on first use

        return LLMResponse
    if name == "call_llm":
        from scout_adapters.llm.router.functions import call_llm  # noqa: PLC0415  # as above

        return call_llm
    if match := CALL.fullmatch(name):
        return _provider_function(match["provider"], name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _provider_function(provider: str, name: str) -> Any:
    """Return `call_{provider}_async`: a user's own from `llm/{provider}.py`, or one for the card.

    The guide has users add the module `scout_adapters/llm/{provider}.py`.
    """
    if find_spec(f"{__name__}.{provider}") is not None:
        return getattr(import_module(f"{__name__}.{provider}"), name)
    from scout_adapters.llm.providers import registry  # noqa: PLC0415  # loads on first use
    from scout_adapters.llm.router import functions  # noqa: PLC0415  # as above

    if hasattr(functions, name):
        return getattr(functions, name)
    if provider in registry:
        return functions.provider_function(provider)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
