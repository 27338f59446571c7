"""What tokens cost by kind, in exact decimals: pure arithmetic on counts and rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import cache
from typing import Any, Literal, NamedTuple

from langchain_core.messages.ai import UsageMetadata

ZERO = Decimal(0)
USUAL_TIERS = frozenset({"", "auto", "default", "on_demand", "standard", "unspecified"})
"""How providers call the service that their price lists speak of."""

OWN_TIERS = ("flex", "priority")
"""Prefixes that ChatOpenAI puts before the kinds of tokens which were served otherwise."""

US_ONLY = Decimal("1.1")
"""Anthropic's surcharge on all tokens of an answer that had to be made in the United States:
https://platform.claude.com/docs/en/about-claude/pricing#data-residency-pricing"""


class TokenCounts(NamedTuple):
    """What a call used. Tokens of kinds are parts of `input` and `output`."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    """Written for the usual time: five minutes at Anthropic's."""

    cache_write_1h: int = 0
    input_audio: int = 0
    input_image: int = 0
    reasoning: int = 0
    output_audio: int = 0
    output_image: int = 0
    web_search: int = 0


@dataclass(frozen=True, slots=True)
class ServiceTier:
    """How a call was served, as far as that changes its price."""

    tier: str = ""
    speed: str = ""
    factor: Decimal = Decimal(1)

    @property
    def is_usual(self) -> bool:
        """Whether price lists speak of it without a further word."""
        return not self.tier and not self.speed


USUAL = ServiceTier()
INPUTS = frozenset({"cache_read", "cache_write", "cache_write_1h", "input_audio", "input_image"})
"""The kinds of tokens that are parts of the input."""


def counts_of(usage: UsageMetadata, told: Mapping[str, Any]) -> TokenCounts:
    """Sort LangChain's counts by kind; `told` is the answer's `response_metadata`."""
    given: Mapping[str, Any] = usage.get("input_token_details") or {}
    taken: Mapping[str, Any] = usage.get("output_token_details") or {}
    searches = _searches(told)
    if not given and not taken:
        return TokenCounts(usage["input_tokens"], usage["output_tokens"], web_search=searches)
    short, hour = (given.get(f"ephemeral_{time}_input_tokens") or 0 for time in ("5m", "1h"))
    return TokenCounts(
        input=usage["input_tokens"],
        output=usage["output_tokens"],
        cache_read=_of(given, "cache_read"),
        # LangChain counts each token that is written under one of the three.
        cache_write=_of(given, "cache_creation") + short,
        cache_write_1h=hour,
        input_audio=_of(given, "audio"),
        input_image=_of(given, "image"),
        reasoning=_of(taken, "reasoning"),
        output_audio=_of(taken, "audio"),
        output_image=_of(taken, "image"),
        web_search=searches,
    )


def _of(details: Mapping[str, Any], kind: str) -> int:
    count = details.get(kind)
    if count is None:
        for name, served in details.items():
            tier, _, own = name.partition("_")
            if own == kind and tier in OWN_TIERS and served:
                return int(served)
        return 0
    return int(count)


def _searches(told: Mapping[str, Any]) -> int:
    """Count the searches that Anthropic bills beside tokens."""
    usage = told.get("usage")
    served = usage.get("server_tool_use") if isinstance(usage, Mapping) else None
    count = served.get("web_search_requests") if isinstance(served, Mapping) else None
    return count if isinstance(count, int) else 0


def service_of(usage: UsageMetadata, told: Mapping[str, Any]) -> ServiceTier:
    """Read how a call was served from what the answer says of it."""
    tier = told.get("service_tier")
    tier = tier.lower().removeprefix("service_tier_") if isinstance(tier, str) else ""
    if not tier and (details := usage.get("input_token_details")):
        tier = next((own for own in OWN_TIERS if own in details), "")
    tier = "" if tier in USUAL_TIERS else tier
    raw = told.get("usage")
    said: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    speed = "fast" if said.get("speed") == "fast" else ""
    within_us = said.get("inference_geo") == "us"
    if not (tier or speed or within_us):
        return USUAL
    return ServiceTier(tier, speed, US_ONLY if within_us else Decimal(1))


FEES = frozenset({"request", "web_search"})
MILLE = 1000
"""Pico-dollars in a nano-dollar."""


def _pico(usd: Decimal) -> int:
    return int(usd.scaleb(12).to_integral_value(ROUND_CEILING))


class Rates:
    """US dollars of one token of each kind.

    A kind without a price of its own costs what all input, or all output, costs.
    """

    __slots__ = (
        "_extra",
        "_input",
        "_output",
        "_overlap",
        "_request",
        "_search",
        "dearest",
        "listed",
    )

    def __init__(self, per_token: Mapping[str, Decimal]) -> None:
        """Take prices by the names of `TokenCounts`.

        `request` and `web_search` are fees for one each, and `cached_audio` is the price of tokens
        that are both.
        """
        self.listed: Mapping[str, float] = {
            kind: float(price if kind in FEES else price.scaleb(6))
            for kind, price in per_token.items()
        }
        """The prices as lists have them: US dollars per million tokens, fees for one each."""

        price = per_token.get
        self._input, self._output = price("input"), price("output")
        self._request, self._search = price("request", ZERO), price("web_search", ZERO)
        given = self._input or ZERO
        write = price("cache_write", given)
        kinds = {
            "cache_read": price("cache_read", given) - given,
            "cache_write": write - given,
            "cache_write_1h": price("cache_write_1h", write) - given,
            "input_audio": price("input_audio", given) - given,
            "input_image": price("input_image", given) - given,
        }
        taken = self._output or ZERO
        for kind in ("reasoning", "output_audio", "output_image"):
            kinds[kind] = price(kind, taken) - taken
        both = price("cached_audio", price("cache_read", given)) - given
        self._overlap = both - kinds["cache_read"] - kinds["input_audio"]
        self._extra = tuple((kind, more) for kind, more in kinds.items() if more)
        self.dearest = cache(self._sought)
        """Returns what a budget must have room for, by the kinds of tokens that a call may have."""

    def usd(self, counts: TokenCounts, factor: Decimal) -> Decimal | None:
        """Return what a call costs; None where a price is missing that it needs."""
        given, taken = self._input, self._output
        if (counts.input and given is None) or (counts.output and taken is None):
            return None
        total = counts.input * (given or ZERO) + counts.output * (taken or ZERO)
        for kind, more in self._extra:
            if count := getattr(counts, kind):
                total += count * more
        if counts.input_audio and self._overlap:
            # Nobody says how much of the sound was cached; it is no less than this.
            total += max(0, counts.input_audio + counts.cache_read - counts.input) * self._overlap
        if factor != 1:
            total *= factor
        if counts.web_search:
            total += counts.web_search * self._search
        return total + self._request if self._request else total

    def _sought(self, kinds: frozenset[str]) -> tuple[int, int, int] | None:
        """Return pico-dollars: of the dearest token given, of the dearest one taken, of a request.

        Of the input, tokens may be of any of the kinds; thoughts are always possible. None where a
        price is missing.
        """
        if self._input is None or self._output is None:
            return None
        extra = dict(self._extra)
        given = (extra.get(kind, ZERO) for kind in kinds & INPUTS)
        taken = (extra.get(kind, ZERO) for kind in {"reasoning", *kinds} - INPUTS)
        return (
            _pico(self._input + max((ZERO, *given))),
            _pico(self._output + max((ZERO, *taken))),
            _pico(self._request),
        )


@dataclass(frozen=True, slots=True)
class Tariff:
    """The rates of a model by the length of the prompt; a longer one costs more from its start."""

    base: Rates
    longer: tuple[tuple[int, Rates], ...] = ()
    """Rates of prompts with more than so many tokens, the longest first; they hold for the whole
    prompt and the whole answer."""

    def rates(self, given: int) -> Rates:
        """Return the rates of a prompt of so many tokens."""
        for start, rates in self.longer:
            if given > start:
                return rates
        return self.base

    def most(self, given: int, taken: int, kinds: frozenset[str]) -> int | None:
        """Return the most that a call of no more tokens can cost, each of the dearest of `kinds`.

        Nano-dollars, rounded up; None where a price is missing. It is asked before every request,
        and decimals would take four times as long.
        """
        if self.longer:
            possible = (self.base, *(rates for start, rates in self.longer if given > start))
            costs = [Tariff(rates).most(given, taken, kinds) for rates in possible]
            known = [cost for cost in costs if cost is not None]
            return max(known) if len(known) == len(costs) else None
        dearest = self.base.dearest(kinds)
        if dearest is None:
            return None
        return -(-(given * dearest[0] + taken * dearest[1] + dearest[2]) // MILLE)


Source = Literal["provider", "user", "genai-prices"]


@dataclass(frozen=True, slots=True)
class PriceList:
    """A model's tariff, None where nobody knows one, and whose it is."""

    tariff: Tariff | None
    source: Source
    priced_by: str


def tariff_of(prices: Mapping[int, Mapping[str, Decimal]]) -> Tariff:
    """Make a tariff of prices by the length from which they hold; 0 is any length."""
    starts = sorted(prices, reverse=True)
    known: dict[int, dict[str, Decimal]] = {0: {}}
    for start in reversed(starts):
        known[start] = {**known[max(s for s in known if s <= start)], **prices[start]}
    longer = tuple((start, Rates(known[start])) for start in starts if start)
    return Tariff(Rates(known[0]), longer)
