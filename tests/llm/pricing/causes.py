"""Why a bill differs from tokens at the list's prices. A row that explains nothing is removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scout_adapters.llm.pricing.price_list import cost_of
from tests.llm.pricing.bills import LISTS, Bill

EXACT = Decimal("1e-12")
"""US dollars: some providers state floats that have been added up."""


@dataclass(frozen=True)
class Cause:
    """One row: `holds` reads the bill, never its id."""

    provider: str
    reason: str
    holds: Callable[[Bill], bool]


def _parts(bill: Bill) -> tuple[Decimal, Decimal] | None:
    """Return what OpenRouter charged for the prompt and for the answer."""
    details = bill.usage.get("cost_details") or {}
    names = ("prompt", "completions"), ("input", "output")
    for prompt, answer in names:
        charges = [details.get(f"upstream_inference_{kind}_cost") for kind in (prompt, answer)]
        if None not in charges:
            return Decimal(repr(charges[0])), Decimal(repr(charges[1]))
    return None


def _fee(bill: Bill) -> bool:
    """Return whether the sum exceeds its parts by exactly the difference."""
    parts = _parts(bill)
    fee = bill.stated - sum(parts) if parts else Decimal(0)
    return fee > EXACT and abs(fee + (bill.difference or 0)) <= EXACT


def _sound(bill: Bill) -> bool:
    return bill.tokens.get("input_token_details", {}).get("audio", 0) > 0


def _listed(bill: Bill, **counts: Any) -> Decimal:
    usage: Any = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0} | counts
    prices = LISTS.get(bill.provider, bill.provider)
    size = {"token_usage": {"search_context_size": bill.usage.get("search_context_size")}}
    cost = cost_of(bill.provider, bill.model, usage, prices=prices, metadata=size)
    return Decimal(repr(cost.usd))


def _other_price(bill: Bill) -> bool:
    """Return whether the prompt or the answer was charged at another price than the list's."""
    parts = _parts(bill)
    if parts is None or bill.stated - sum(parts) > EXACT:
        return False
    details = bill.tokens.get("input_token_details", {})  # not every host charges less for a cache
    count = bill.tokens["input_tokens"]
    at_list_input = _listed(bill, input_tokens=count, input_token_details=details)
    at_list_output = _listed(bill, output_tokens=bill.tokens["output_tokens"])
    return abs(parts[0] - at_list_input) > EXACT or abs(parts[1] - at_list_output) > EXACT


def _rounded(bill: Bill) -> bool:
    """Return whether Perplexity rounded its parts, to a tenth of a cent, around a fee like ours."""
    cost = bill.usage.get("cost")
    if not isinstance(cost, dict) or not differs(bill):
        return False
    count = bill.tokens["input_tokens"]
    fee = Decimal(repr(cost["request_cost"]))
    parts = {
        "input_tokens_cost": _listed(bill, input_tokens=count) - fee,
        "output_tokens_cost": _listed(bill, output_tokens=bill.tokens["output_tokens"]) - fee,
    }
    return all(abs(ours - Decimal(repr(cost[name]))) <= HALF for name, ours in parts.items())


HALF = Decimal("0.0005")


CAUSES = (
    Cause("openrouter", "a fee for a search or a tool, which no count tells of", _fee),
    Cause("openrouter", "sound in the prompt: the list has no price for it", _sound),
    Cause("openrouter", "the host that served it has, or had then, another price", _other_price),
    Cause("perplexity", "each part is rounded to a tenth of a cent, or finer", _rounded),
)


def cause_of(bill: Bill) -> Cause | None:
    """Return the first row that explains a difference."""
    rows = (cause for cause in CAUSES if cause.provider == bill.provider)
    return next((cause for cause in rows if cause.holds(bill)), None)


def differs(bill: Bill) -> bool:
    """Return whether a price exists and gives another figure than the provider's."""
    return bill.difference is not None and abs(bill.difference) > EXACT
