"""Totals of calls: dollars and tokens."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from scout_adapters.llm.engine.record import AttemptRecord


@dataclass(slots=True)
class CostTotals:
    """Totals of calls, in US dollars and tokens."""

    calls: int = 0
    """Number of calls that were answered."""

    unpriced: int = 0
    """Number of answered calls without a known price; `cost` does not include them."""

    cost: Decimal = Decimal(0)
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: int = 0
    """Number of answers without counts from the provider: tokens and cost are estimates."""

    uncertain: int = 0
    """Number of failed or abandoned attempts that the provider may bill."""

    uncertain_cost: Decimal = Decimal(0)
    """US dollars: part of `cost` for uncertain attempts, by the tokens counted until their end."""

    @property
    def cost_usd(self) -> float:
        """`cost` as a float, in US dollars."""
        return float(self.cost)

    def add(self, record: AttemptRecord, cost: Decimal) -> None:
        """Add an attempt; `cost` is `cost_in(record)`."""
        self.cost += cost
        self.input_tokens += record.input_tokens or 0
        self.output_tokens += record.output_tokens or 0
        self.cache_read_tokens += record.cache_read_tokens or 0
        self.cache_write_tokens += record.cache_write_tokens or 0
        self.reasoning_tokens += record.reasoning_tokens or 0
        if record.outcome == "ok":
            self.calls += 1
            self.unpriced += record.cost_usd is None
            self.estimated += record.estimated is True
        else:
            self.uncertain += 1
            self.uncertain_cost += cost


@dataclass(slots=True)
class CostRow(CostTotals):
    """Totals of the calls to one model with one key."""

    provider: str = ""
    model: str = ""
    key_id: str | None = None
