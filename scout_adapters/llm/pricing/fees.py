"""Fees for one request or search that genai-prices lacks, or lists for the largest size only."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal


def _by_size(low: str, medium: str, high: str) -> Mapping[str, Decimal]:
    return {"low": Decimal(low), "medium": Decimal(medium), "high": Decimal(high)}


REQUEST_FEES: Mapping[tuple[str, str], Mapping[str, Decimal]] = {
    ("perplexity", "sonar"): _by_size("0.005", "0.008", "0.012"),
    ("perplexity", "sonar-pro"): _by_size("0.006", "0.010", "0.014"),
    ("perplexity", "sonar-reasoning"): _by_size("0.005", "0.008", "0.012"),
    ("perplexity", "sonar-reasoning-pro"): _by_size("0.006", "0.010", "0.014"),
}
"""USD of one request by provider, model and the `search_context_size` that the answer states:
https://docs.perplexity.ai/getting-started/pricing, and recorded costs."""

SEARCH_FEES: Mapping[str, Decimal] = {"x-ai": Decimal("0.005")}
"""USD of one search by provider, where genai-prices has none: https://docs.x.ai/developers/pricing.
A call of xAI's code tool costs the same."""


def missing_fees(provider: str, model: str, search_size: str) -> Mapping[str, Decimal]:
    """Return the fees that replace or complete those of genai-prices, by the names of `FEES`."""
    request_fee = REQUEST_FEES.get((provider, model), {}).get(search_size)
    search_fee = SEARCH_FEES.get(provider)
    fees = {"request": request_fee, "web_search": search_fee}
    return {kind: fee for kind, fee in fees.items() if fee is not None}
