"""The form of a provider that the emulator plays: address, protocols, prices, error bodies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from scout_adapters.testing.http_messages import Request, TokensSpent
    from scout_adapters.testing.protocols.violation import Violation

WireName = Literal[
    "openai",
    "responses",
    "anthropic",
    "gemini",
    "azure-deployments",
    "vertex-gemini",
    "vertex-anthropic",
    "openai-embeddings",
    "gemini-embeddings",
    "azure-embeddings",
    "converse",
]
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
        tokens = fresh * self.input + spent.cached.read * self.cached + spent.output * self.output
        return tokens + spent.tools.fees


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedProvider:
    """A provider's address, its protocols and its prices."""

    name: str
    host: str = ""
    """The host of the real API."""

    base: str = "/v1"
    """The path behind the host in a user's `base_url`."""

    roots: Mapping[str, tuple[WireName, ...]] = field(
        default_factory=lambda: {"/v1": ("openai", "responses", "openai-embeddings")}
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

    strict: bool = False
    """Whether it refuses fields of Messages that Anthropic's own API refuses."""

    check_request: Callable[[Request, float], Violation | None] | None = None
    """Returns the first reason to refuse a request for its address or its headers, given the wall
    clock in seconds since 1970; None if there is none."""

    key_header: str = ""
    """The header that contains the key, if it is not the protocol's."""

    @property
    def output_price(self) -> int:
        """Nano-dollars per output token; 0 if answers contain no cost."""
        return self.price.output if self.price else 0

    def errors_of(self, wire: WireName) -> str:
        """Return the name of the table of error bodies that a protocol uses."""
        return self.error_tables.get(wire, self.error_table)
