"""The providers that the emulator plays: where each one lives and who speaks for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scout_adapters.testing.http_messages import TokensSpent

WireName = Literal["openai", "anthropic", "gemini"]


class Price(NamedTuple):
    """Nano-dollars for a token of a kind."""

    input: int
    output: int
    cached: int
    """For a token of the input that the prompt cache gave."""

    def of(self, spent: TokensSpent) -> int:
        """Return what an answer costs."""
        fresh = spent.input - spent.cached.read
        return fresh * self.input + spent.cached.read * self.cached + spent.output * self.output


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedProvider:
    """A provider's address, its protocols and what it charges."""

    name: str
    host: str = ""
    """The host of the real API."""

    base: str = "/v1"
    """The path that its users put behind the host as their `base_url`."""

    roots: Mapping[str, WireName] = field(default_factory=lambda: {"/v1": "openai"})
    """The path in front of each protocol's endpoint. Longer ones come first."""

    keyless: bool = False
    price: Price | None = None
    """At the providers whose answers name their price."""

    flavour: str = "openai"
    """Whose quirks its OpenAI protocol has; the name of a `Voice`."""

    dialect: str = "openai"
    """Whose error bodies it sends."""


def _openai(name: str, host: str, base: str = "/v1", **more: str | bool) -> EmulatedProvider:
    flavour = str(more.get("flavour", name))
    return EmulatedProvider(
        name=name,
        host=host,
        base=base,
        roots={base: "openai"},
        keyless=bool(more.get("keyless")),
        flavour=flavour,
        dialect=str(more.get("dialect", flavour)),
    )


HOUSES: Mapping[str, EmulatedProvider] = {
    emulated_provider.name: emulated_provider
    for emulated_provider in (
        _openai("groq", "api.groq.com", "/openai/v1"),
        _openai("openai", "api.openai.com"),
        EmulatedProvider(
            name="openrouter",
            host="openrouter.ai",
            base="/api/v1",
            roots={"/api/v1": "openai"},
            price=Price(100, 400, 25),
            flavour="openrouter",
            dialect="openrouter",
        ),
        EmulatedProvider(
            name="deepseek",
            host="api.deepseek.com",
            base="",
            roots={"/v1": "openai", "/beta": "openai", "": "openai"},
            flavour="deepseek",
            dialect="deepseek",
        ),
        _openai("mistral", "api.mistral.ai"),
        EmulatedProvider(
            name="xai", host="api.x.ai", price=Price(300, 500, 75), flavour="xai", dialect="xai"
        ),
        _openai("together", "api.together.xyz"),
        _openai("fireworks", "api.fireworks.ai", "/inference/v1"),
        _openai("cerebras", "api.cerebras.ai"),
        _openai("ollama", "localhost:11434", keyless=True),
        EmulatedProvider(
            name="minimax",
            host="api.minimax.io",
            roots={"/anthropic/v1": "anthropic", "/v1": "openai"},
            flavour="minimax",
            dialect="minimax",
        ),
        _openai("vllm", "localhost:8000", keyless=True),
        EmulatedProvider(
            name="anthropic",
            host="api.anthropic.com",
            base="",
            roots={"/v1": "anthropic"},
            dialect="anthropic",
        ),
        EmulatedProvider(
            name="google",
            host="generativelanguage.googleapis.com",
            base="",
            roots={"/v1beta": "gemini", "/v1": "gemini", "/v1alpha": "gemini"},
            dialect="google",
        ),
    )
}

ALIASES: Mapping[str, str] = {"gemini": "google", "google-genai": "google", "claude": "anthropic"}
HOSTS: Mapping[str, EmulatedProvider] = {
    "api.together.ai": HOUSES["together"],
    "api.minimaxi.com": HOUSES["minimax"],
    **{emulated_provider.host: emulated_provider for emulated_provider in HOUSES.values()},
}


def emulated_provider(name: str) -> EmulatedProvider:
    """Return the house of that name; an unknown name is a server that copies OpenAI's API."""
    known = HOUSES.get(ALIASES.get(name, name))
    return known or EmulatedProvider(name=name, keyless=True)
