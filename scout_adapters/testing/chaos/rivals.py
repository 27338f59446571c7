"""The same candidates without our router: LangChain's `with_fallbacks`, and LiteLLM's router."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from scout_adapters.llm.providers import registry
from scout_adapters.testing.isolation.provider_environment import emulated_key

_PACKAGES = {
    "anthropic": ("langchain_anthropic", "ChatAnthropic"),
    "google": ("langchain_google_genai", "ChatGoogleGenerativeAI"),
    "groq": ("langchain_groq", "ChatGroq"),
    "openai": ("langchain_openai", "ChatOpenAI"),
}
"""Packages with a chat model of their own; all others are used by `ChatOpenAI`."""

_LITELLM_NAMES = {"google": "gemini", "together": "together_ai", "fireworks": "fireworks_ai"}


class RivalMissing(Exception):
    """A package is not installed, or has no equal of the model."""


def with_fallbacks(candidates: Sequence[str]) -> Any:
    """Return the packages' own models in the order of the candidates, with their own retries."""
    first, *rest = [_partner(name) for name in candidates]
    return first.with_fallbacks(rest) if rest else first


def litellm_router(candidates: Sequence[str]) -> Any:
    """Return a `ChatLiteLLMRouter` that falls back in the order of the candidates."""
    for package in ("litellm", "langchain_litellm"):
        if find_spec(package) is None:
            raise RivalMissing(f"{package} is not installed")
    os.environ.setdefault(
        "LITELLM_LOCAL_MODEL_COST_MAP", "True"
    )  # else its import opens a connection
    import litellm  # noqa: PLC0415  # takes seconds, and is optional
    from langchain_litellm import ChatLiteLLMRouter  # noqa: PLC0415  # as above

    litellm.suppress_debug_info = True
    litellm.disable_aiohttp_transport = True
    names = [f"candidate-{number}" for number, _ in enumerate(candidates)]
    router = litellm.Router(
        model_list=[
            {"model_name": name, "litellm_params": _litellm_params(candidate)}
            for name, candidate in zip(names, candidates, strict=True)
        ],
        fallbacks=[{names[0]: names[1:]}] if names[1:] else [],
        num_retries=2,
    )
    return ChatLiteLLMRouter(router=router, model_name=names[0])


RIVALS: Mapping[str, Callable[[Sequence[str]], Any]] = {
    "with_fallbacks": with_fallbacks,
    "litellm": litellm_router,
}


def _partner(candidate: str) -> Any:
    provider, _, model = candidate.partition("/")
    package, name = _PACKAGES.get(provider, _PACKAGES["openai"])
    if find_spec(package) is None:
        raise RivalMissing(f"{package} is not installed")
    options: dict[str, Any] = {}
    if provider not in _PACKAGES:
        card = registry.get(provider).spec
        options = {"base_url": card.base_url, "api_key": emulated_key(provider)}
    return getattr(__import__(package), name)(model=model, **options)


def _litellm_params(candidate: str) -> dict[str, str]:
    provider, _, model = candidate.partition("/")
    name = _LITELLM_NAMES.get(provider, provider)
    return {"model": f"{name}/{model}", "api_key": emulated_key(provider)}
