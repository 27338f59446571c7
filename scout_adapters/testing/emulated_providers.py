"""The providers that the emulator plays: addresses, protocols, prices, tables of error bodies."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING

from scout_adapters.errors import ConfigurationError
from scout_adapters.testing.compatible_providers import COMPATIBLE_HOSTS
from scout_adapters.testing.emulated_clouds import CLOUDS, cloud_at
from scout_adapters.testing.emulated_provider import EmulatedProvider, Price, WireName

if TYPE_CHECKING:
    from collections.abc import Mapping

BOTH: tuple[WireName, ...] = ("openai", "responses")
"""Chat Completions and Responses."""

EMBEDDINGS: WireName = "openai-embeddings"
"""OpenAI's embeddings."""

ALL: tuple[WireName, ...] = (*BOTH, EMBEDDINGS)
"""All of OpenAI's APIs."""

CHAT: tuple[WireName, ...] = ("openai", EMBEDDINGS)
"""Chat Completions and embeddings."""


def _openai(
    name: str,
    host: str,
    base: str = "/v1",
    *,
    keyless: bool = False,
    price: Price | None = None,
    wires: tuple[WireName, ...] = ("openai",),
) -> EmulatedProvider:
    """Make a provider that copies OpenAI, in a dialect of its own name."""
    return EmulatedProvider(
        name=name,
        host=host,
        base=base,
        roots={base: wires},
        keyless=keyless,
        price=price,
        openai_dialect=name,
        error_table=name,
    )


EMULATED_PROVIDERS: Mapping[str, EmulatedProvider] = {
    provider.name: provider
    for provider in (
        _openai("groq", "api.groq.com", "/openai/v1"),
        _openai("openai", "api.openai.com", wires=ALL),
        _openai(
            "openrouter",
            "openrouter.ai",
            "/api/v1",
            price=Price(100, 400, 25),
            wires=ALL,
        ),
        EmulatedProvider(
            name="deepseek",
            host="api.deepseek.com",
            base="",
            roots={"/v1": ("openai",), "/beta": ("openai",), "": ("openai",)},
            openai_dialect="deepseek",
            error_table="deepseek",
        ),
        _openai("mistral", "api.mistral.ai", wires=CHAT),
        _openai("xai", "api.x.ai", price=Price(300, 500, 75), wires=BOTH),
        _openai("together", "api.together.xyz", wires=CHAT),
        _openai("fireworks", "api.fireworks.ai", "/inference/v1", wires=CHAT),
        _openai("cerebras", "api.cerebras.ai"),
        _openai("ollama", "localhost:11434", keyless=True, wires=CHAT),
        EmulatedProvider(
            name="minimax",
            host="api.minimax.io",
            roots={"/anthropic/v1": ("anthropic",), "/v1": ("openai",)},
            openai_dialect="minimax",
            error_table="minimax",
            error_tables={"anthropic": "minimax-messages"},
        ),
        _openai("vllm", "localhost:8000", keyless=True, wires=CHAT),
        EmulatedProvider(
            name="anthropic",
            host="api.anthropic.com",
            base="",
            roots={"/v1": ("anthropic",)},
            error_table="anthropic",
            strict=True,
        ),
        EmulatedProvider(
            name="google",
            host="generativelanguage.googleapis.com",
            base="",
            roots=dict.fromkeys(("/v1beta", "/v1", "/v1alpha"), ("gemini", "gemini-embeddings")),
            error_table="google",
        ),
    )
}

COMPATIBLE: Mapping[str, EmulatedProvider] = {
    name: EmulatedProvider(
        name=name,
        host=at.host,
        base=at.base,
        roots={at.base: CHAT if at.embeds else ("openai",), "/v1": ALL if at.embeds else BOTH},
    )
    for name, at in COMPATIBLE_HOSTS.items()
}
"""The providers that have nothing of their own: OpenAI's protocol and errors at their hosts."""

ALIASES: Mapping[str, str] = {"gemini": "google", "google-genai": "google", "claude": "anthropic"}
HOSTS: Mapping[str, EmulatedProvider] = {
    "api.together.ai": EMULATED_PROVIDERS["together"],
    "api.minimaxi.com": EMULATED_PROVIDERS["minimax"],
    **{provider.host: provider for provider in COMPATIBLE.values()},
    **{provider.host: provider for provider in EMULATED_PROVIDERS.values()},
}


@cache
def documented_fields(name: str) -> frozenset[str]:
    """Return the fields of bodies that the card of a provider that copies OpenAI's API documents.

    Servers without a card have those of vLLM and llama.cpp.
    """
    from scout_adapters.llm.providers import registry  # noqa: PLC0415  # only for such a provider

    if name in EMULATED_PROVIDERS or name in CLOUDS:
        return frozenset()
    return registry.spec(name if name in COMPATIBLE else "openai_compatible").body_fields


MISSPELT = 0.7
"""The similarity, from 0 to 1, from which an unknown name counts as a misspelt provider."""


def emulated_provider(name: str) -> EmulatedProvider:
    """Return the provider of that name; an unknown name is a server that copies OpenAI's API."""
    name = ALIASES.get(name, name)
    provider = EMULATED_PROVIDERS.get(name) or CLOUDS.get(name) or COMPATIBLE.get(name)
    return provider or EmulatedProvider(name=name, keyless=True)


def named_provider(name: str) -> EmulatedProvider:
    """Return the provider that a test names: played here, registered, or a server of its own.

    Raises: `ConfigurationError` for a misspelt name, which would leave a test without its fault.
    """
    if is_emulated(name):
        return emulated_provider(name)
    from scout_adapters.llm.providers import registry  # noqa: PLC0415  # needed for few names

    if own := registry.find_by_name(name):
        return emulated_provider(own)
    names = sorted({*EMULATED_PROVIDERS, *ALIASES, *CLOUDS, *COMPATIBLE})
    if close := get_close_matches(name.lower(), names, n=1, cutoff=MISSPELT):
        raise ConfigurationError(
            f"the emulator has no provider {name!r:.80}; did you mean {close[0]!r}? "
            "(a server of your own needs another name)"
        )
    return emulated_provider(name)


def provider_at(host: str, path: str) -> EmulatedProvider | None:
    """Return the provider whose real host this is; None for another host."""
    return HOSTS.get(host) or cloud_at(host, path)


def is_emulated(name: str) -> bool:
    """Return whether a name is that of a provider."""
    return any(name in names for names in (EMULATED_PROVIDERS, ALIASES, CLOUDS, COMPATIBLE))
