"""The providers that the emulator plays: addresses, protocols, prices, tables of error bodies."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scout_adapters.testing.http_messages import TokensSpent

WireName = Literal["openai", "responses", "anthropic", "gemini"]
"""The name of a protocol, as in `emulator.url(provider, wire)`; see `protocols.protocol_table`."""


class Price(NamedTuple):
    """Nano-dollars per token."""

    input: int
    output: int
    cached: int
    """For an input token that was read from the prompt cache."""

    def cost(self, spent: TokensSpent) -> int:
        """Return what an answer costs, in nano-dollars."""
        fresh = spent.input - spent.cached.read
        return fresh * self.input + spent.cached.read * self.cached + spent.output * self.output


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedProvider:
    """A provider's address, its protocols and its prices."""

    name: str
    host: str = ""
    """The host of the real API."""

    base: str = "/v1"
    """The path behind the host in a user's `base_url`."""

    roots: Mapping[str, tuple[WireName, ...]] = field(
        default_factory=lambda: {"/v1": ("openai", "responses")}
    )
    """The protocols behind each path, by the path in front of their endpoints; longer paths come
    first."""

    keyless: bool = False
    """Whether requests without a key are accepted."""

    price: Price | None = None
    """Only for providers whose answers contain a cost."""

    openai_dialect: str = "openai"
    """The name of its `OpenAIDialect`."""

    error_table: str = "openai"
    """The name of its table of error bodies."""

    error_tables: Mapping[WireName, str] = field(default_factory=dict)
    """The tables for the protocols that do not use `error_table`."""

    def errors_of(self, wire: WireName) -> str:
        """Return the name of the table of error bodies that a protocol uses."""
        return self.error_tables.get(wire, self.error_table)


BOTH: tuple[WireName, ...] = ("openai", "responses")
"""Chat Completions and Responses."""


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
        _openai("openai", "api.openai.com", wires=BOTH),
        _openai("openrouter", "openrouter.ai", "/api/v1", price=Price(100, 400, 25), wires=BOTH),
        EmulatedProvider(
            name="deepseek",
            host="api.deepseek.com",
            base="",
            roots={"/v1": ("openai",), "/beta": ("openai",), "": ("openai",)},
            openai_dialect="deepseek",
            error_table="deepseek",
        ),
        _openai("mistral", "api.mistral.ai"),
        _openai("xai", "api.x.ai", price=Price(300, 500, 75), wires=BOTH),
        _openai("together", "api.together.xyz"),
        _openai("fireworks", "api.fireworks.ai", "/inference/v1"),
        _openai("cerebras", "api.cerebras.ai"),
        _openai("ollama", "localhost:11434", keyless=True),
        EmulatedProvider(
            name="minimax",
            host="api.minimax.io",
            roots={"/anthropic/v1": ("anthropic",), "/v1": ("openai",)},
            openai_dialect="minimax",
            error_table="minimax",
            error_tables={"anthropic": "minimax-messages"},
        ),
        _openai("vllm", "localhost:8000", keyless=True),
        EmulatedProvider(
            name="anthropic",
            host="api.anthropic.com",
            base="",
            roots={"/v1": ("anthropic",)},
            error_table="anthropic",
        ),
        EmulatedProvider(
            name="google",
            host="generativelanguage.googleapis.com",
            base="",
            roots=dict.fromkeys(("/v1beta", "/v1", "/v1alpha"), ("gemini",)),
            error_table="google",
        ),
    )
}

ALIASES: Mapping[str, str] = {"gemini": "google", "google-genai": "google", "claude": "anthropic"}
HOSTS: Mapping[str, EmulatedProvider] = {
    "api.together.ai": EMULATED_PROVIDERS["together"],
    "api.minimaxi.com": EMULATED_PROVIDERS["minimax"],
    **{provider.host: provider for provider in EMULATED_PROVIDERS.values()},
}


def emulated_provider(name: str) -> EmulatedProvider:
    """Return the provider of that name; an unknown name is a server that copies OpenAI's API."""
    provider = EMULATED_PROVIDERS.get(ALIASES.get(name, name))
    return provider or EmulatedProvider(name=name, keyless=True)
