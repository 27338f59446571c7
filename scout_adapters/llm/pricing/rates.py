"""Prices by kind of token, in exact decimals: pure arithmetic on counts and rates."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from functools import cache
from typing import Any, Literal, NamedTuple

from langchain_core.messages.ai import UsageMetadata

from scout_adapters.errors import one_line
from scout_adapters.llm.pricing.fees import native_usage, web_searches

ZERO = Decimal(0)
STANDARD_TIERS = frozenset({"", "auto", "default", "on_demand", "standard", "unspecified"})
"""Providers' names for the standard service tier."""

TIER_PREFIXES = ("flex", "priority")
"""Service tiers that ChatOpenAI puts before the names of token kinds: `flex_cache_read`."""

MAX_TIER = 40
"""Characters of a tier's name."""

US_ONLY = Decimal("1.1")
"""Factor on all token prices of an answer that Anthropic had to make in the United States:
https://platform.claude.com/docs/en/about-claude/pricing#data-residency-pricing"""


class TokenCounts(NamedTuple):
    """Tokens of a call by kind; the kinds below `output` are parts of `input` or `output`."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    """Written for the default time, which is five minutes at Anthropic."""

    cache_write_1h: int = 0
    input_audio: int = 0
    input_image: int = 0
    reasoning: int = 0
    output_audio: int = 0
    output_image: int = 0
    web_search: int = 0
    """Searches, which are billed beside tokens."""


class ServiceTier(NamedTuple):
    """Service tier, speed and other settings of a call that change its price."""

    tier: str = ""
    speed: str = ""
    factor: Decimal = Decimal(1)
    search_size: str = ""
    """Perplexity's `search_context_size`, on which the fee of a request depends."""


STANDARD = ServiceTier()
PLAIN_KINDS = frozenset(
    {"cache_read", "cache_creation", "audio", "image", "reasoning"}
    | {"ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"}
)
"""Names in LangChain's token details without a prefix for the service tier."""

INPUT_KINDS = frozenset(
    {"cache_read", "cache_write", "cache_write_1h", "input_audio", "input_image"}
)
"""The kinds of tokens that are parts of the input."""


def counts_of(usage: UsageMetadata, metadata: Mapping[str, Any], model: str = "") -> TokenCounts:
    """Return LangChain's counts by kind; `metadata` is the answer's `response_metadata`.

    `model` is the model that was called, used if `metadata` contains none.
    """
    inputs: Mapping[str, Any] = usage.get("input_token_details") or {}
    outputs: Mapping[str, Any] = usage.get("output_token_details") or {}
    searches = web_searches(metadata, model)
    if not inputs and not outputs:
        return TokenCounts(usage["input_tokens"], usage["output_tokens"], web_search=searches)
    of_input, of_output = _without_tiers(inputs), _without_tiers(outputs)
    short = inputs.get("ephemeral_5m_input_tokens") or 0
    return TokenCounts(
        input=usage["input_tokens"],
        output=usage["output_tokens"],
        cache_read=max(0, min(_tokens(of_input, "cache_read"), usage["input_tokens"])),
        # LangChain counts each written token under one of three names.
        cache_write=_tokens(of_input, "cache_creation") + short,
        cache_write_1h=inputs.get("ephemeral_1h_input_tokens") or 0,
        input_audio=_tokens(of_input, "audio"),
        input_image=_tokens(of_input, "image"),
        reasoning=_tokens(of_output, "reasoning"),
        output_audio=_tokens(of_output, "audio"),
        output_image=_tokens(of_output, "image"),
        web_search=searches,
    )


def _tokens(counts: Mapping[str, Any], kind: str) -> int:
    """Return the tokens of a kind; 0 if there are none, or fewer."""
    number = counts.get(kind)
    return max(0, int(number)) if number else 0


def is_usable(usage: UsageMetadata | None) -> bool:
    """Return whether usage has counts, none of them negative."""
    return usage is not None and usage["input_tokens"] >= 0 and usage["output_tokens"] >= 0


def _without_tiers(details: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return token details by kind, without the tier prefixes that ChatOpenAI adds to kinds."""
    if PLAIN_KINDS.issuperset(details):
        return details
    counts: dict[str, Any] = {}
    for name, tokens in details.items():
        tier, _, kind = name.partition("_")
        if tier in TIER_PREFIXES and tokens:
            counts.setdefault(kind, tokens)
    return counts | {kind: count for kind, count in details.items() if count is not None}


def _tier_name(tier: str) -> str:
    """Return a tier's name in lower case, as one short line for warnings and caches."""
    short = len(tier) <= MAX_TIER and tier.isprintable()
    return (tier if short else one_line(tier, MAX_TIER)).lower()


def service_of(usage: UsageMetadata, metadata: Mapping[str, Any]) -> ServiceTier:
    """Return the service tier of an answer; `metadata` is its `response_metadata`."""
    tier = metadata.get("service_tier") or ""
    if tier != "default":  # the usual one of OpenAI's answers
        tier = _tier_name(tier).removeprefix("service_tier_") if isinstance(tier, str) else ""
    if not tier and (details := usage.get("input_token_details")):
        tier = next((prefix for prefix in TIER_PREFIXES if prefix in details), "")
    tier = "" if tier in STANDARD_TIERS else tier
    native = native_usage(metadata)
    speed = "fast" if native.get("speed") == "fast" else ""
    within_us = native.get("inference_geo") == "us"
    size = native.get("search_context_size")
    if not (tier or speed or within_us or size):
        return STANDARD
    size = size if isinstance(size, str) and size in SEARCH_SIZES else ""
    return ServiceTier(tier, speed, US_ONLY if within_us else Decimal(1), size)


def requested_service(body: Mapping[str, Any]) -> ServiceTier:
    """Return the service tier that a request body sets."""
    tier = body.get("service_tier") or body.get("serviceTier")
    if isinstance(tier, Mapping):  # the form of Bedrock's Converse
        tier = tier.get("type")
    if tier is None and "speed" not in body and "inference_geo" not in body:
        return STANDARD
    name = _tier_name(str(tier or "")).removeprefix("service_tier_")
    speed = "fast" if body.get("speed") == "fast" else ""
    factor = US_ONLY if body.get("inference_geo") == "us" else Decimal(1)
    return ServiceTier("" if name in STANDARD_TIERS else name, speed, factor)


SEARCH_SIZES = frozenset({"low", "medium", "high"})


FEES = frozenset({"request", "web_search"})
"""Kinds with a price per piece instead of a price per token."""

PICO_PER_NANO = 1000


def _pico(usd: Decimal) -> int:
    """Return US dollars in pico-dollars, rounded up."""
    return int(usd.scaleb(12).to_integral_value(ROUND_CEILING))


def _extra_rates(
    per_token: Mapping[str, Decimal], input_rate: Decimal, output_rate: Decimal
) -> dict[str, Decimal]:
    """Return by kind the price of a token minus the rate of plain input or output; in USD."""
    price = per_token.get
    write_rate = price("cache_write", input_rate)
    extra = {
        "cache_read": price("cache_read", input_rate) - input_rate,
        "cache_write": write_rate - input_rate,
        "cache_write_1h": price("cache_write_1h", write_rate) - input_rate,
        "input_audio": price("input_audio", input_rate) - input_rate,
        "input_image": price("input_image", input_rate) - input_rate,
    }
    for kind in ("reasoning", "output_audio", "output_image"):
        extra[kind] = price(kind, output_rate) - output_rate
    return extra


class Rates:
    """Prices in US dollars of one token of each kind.

    A kind without its own price has the price of plain input or output.
    """

    __slots__ = (
        "_extra",
        "_input",
        "_output",
        "_overlap",
        "_request",
        "_search",
        "_written_rate",
        "listed",
        "max_rates",
    )

    def __init__(self, per_token: Mapping[str, Decimal]) -> None:
        """`per_token`: US dollars for one token, by the names of `TokenCounts`.

        Two keys are fees for one piece each, `request` and `web_search`. `cached_audio` is the
        price of tokens that are audio and were read from the cache.
        """
        self.listed: Mapping[str, float] = {
            kind: float(price if kind in FEES else price.scaleb(6))
            for kind, price in per_token.items()
        }
        """The prices as price lists show them: US dollars per million tokens, and for one fee."""

        price = per_token.get
        self._input, self._output = price("input"), price("output")
        self._request, self._search = price("request", ZERO), price("web_search", ZERO)
        input_rate = self._input or ZERO
        extra = _extra_rates(per_token, input_rate, self._output or ZERO)
        both = price("cached_audio", price("cache_read", input_rate)) - input_rate
        self._overlap = both - extra["cache_read"] - extra["input_audio"]
        self._written_rate = input_rate if "cache_write" in per_token else ZERO
        self._extra = tuple((kind, more) for kind, more in extra.items() if more)
        self.max_rates = cache(self._max_rates)
        """Cached function: the highest prices for possible kinds of tokens; see `_max_rates`."""

    def usd(self, counts: TokenCounts, factor: Decimal) -> Decimal | None:
        """Return the cost of a call in US dollars; None if a required price is missing.

        `factor` multiplies the token prices, and not the fees.
        """
        input_rate, output_rate = self._input, self._output
        if (counts.input and input_rate is None) or (counts.output and output_rate is None):
            return None
        total = counts.input * (input_rate or ZERO) + counts.output * (output_rate or ZERO)
        for kind, more in self._extra:
            if count := getattr(counts, kind):
                total += count * more
        if counts.cache_read and (written := counts.cache_write + counts.cache_write_1h):
            # Some providers count the same tokens as read and as written: they are no other input.
            twice = max(0, counts.cache_read + written - counts.input)
            total += twice * self._written_rate
        if counts.input_audio and self._overlap:
            # Providers do not state how much of the audio was cached; this is the least possible.
            total += max(0, counts.input_audio + counts.cache_read - counts.input) * self._overlap
        total = max(ZERO, total)  # a provider may count more cached tokens than the prompt has
        if factor != 1:
            total *= factor
        if counts.web_search:
            total += counts.web_search * self._search
        return total + self._request if self._request else total

    def _max_rates(self, kinds: frozenset[str]) -> tuple[int, int | None, int, int] | None:
        """Return the highest prices in pico-dollars: input token, output token, request, search.

        A token may be of any kind in `kinds`, and output tokens may be reasoning. The result is
        None if input has no price; its second price is None if output has none (embeddings).
        """
        if self._input is None:
            return None
        extra = dict(self._extra)
        of_input = (extra.get(kind, ZERO) for kind in kinds & INPUT_KINDS)
        of_output = (extra.get(kind, ZERO) for kind in {"reasoning", *kinds} - INPUT_KINDS)
        return (
            _pico(self._input + max((ZERO, *of_input))),
            None if self._output is None else _pico(self._output + max((ZERO, *of_output))),
            _pico(self._request),
            _pico(self._search),
        )


class Tariff(NamedTuple):
    """The rates of a model by the length of the prompt."""

    base: Rates
    longer: tuple[tuple[int, Rates], ...] = ()
    """Rates of prompts with more than so many tokens, the longest first; they apply to the whole
    prompt and the whole answer."""

    def rates(self, input_tokens: int) -> Rates:
        """Return the rates for a prompt of `input_tokens`."""
        for start, rates in self.longer:
            if input_tokens > start:
                return rates
        return self.base

    def max_cost(
        self, input_tokens: int, output_tokens: int, kinds: frozenset[str], searches: int = 0
    ) -> int | None:
        """Return the highest cost of a call with at most these tokens, in nano-dollars.

        Every token has the highest price of its possible `kinds`. Rounded up; None if a price is
        missing. Budgets call this before every request, so it calculates in integers: decimals
        would take four times as long.
        """
        if self.longer:
            possible = (self.base, *(rates for start, rates in self.longer if input_tokens > start))
            costs = [
                Tariff(rates).max_cost(input_tokens, output_tokens, kinds, searches)
                for rates in possible
            ]
            known = [cost for cost in costs if cost is not None]
            return max(known) if len(known) == len(costs) else None
        rates = self.base.max_rates(kinds)
        if rates is None or (output_tokens and rates[1] is None):
            return None
        fees = rates[2] + searches * rates[3]
        tokens = input_tokens * rates[0] + output_tokens * (rates[1] or 0)
        return -(-(tokens + fees) // PICO_PER_NANO)


Source = Literal["provider", "user", "genai-prices"]


class PriceList(NamedTuple):
    """A model's tariff (None if no price is known) and its source."""

    tariff: Tariff | None
    source: Source
    priced_by: str


def tariff_of(prices: Mapping[int, Mapping[str, Decimal]]) -> Tariff:
    """Return a tariff from `prices`, by the prompt length in tokens above which they apply."""
    starts = sorted(prices, reverse=True)
    complete: dict[int, dict[str, Decimal]] = {0: {}}
    for start in reversed(starts):
        below = max(s for s in complete if s <= start)
        complete[start] = {**complete[below], **prices[start]}
    longer = tuple((start, Rates(complete[start])) for start in starts if start)
    return Tariff(Rates(complete[0]), longer)
