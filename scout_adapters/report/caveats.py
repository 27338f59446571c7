"""What the sums of a log leave out, in sentences: estimates, uncertain costs, unknown prices."""

from __future__ import annotations

from collections.abc import Iterator

from scout_adapters.report.format import amount, money
from scout_adapters.report.summary import Summary
from scout_adapters.report.totals import Totals


def caveats(summary: Summary) -> list[str]:
    """Return a sentence for everything that the sums leave out or that is not certain."""
    total = summary.total()
    return [*_cost_caveats(total), *_token_caveats(total), *_row_caveats(summary)]


def _cost_caveats(total: Totals) -> Iterator[str]:
    if total.unpriced:
        yield f"{_many(total.unpriced, 'answer')} without a known price: not in the cost"
    if total.uncertain:
        what = f"{_many(total.uncertain, 'failed request')} may be on a provider's bill"
        yield f"{what}: {money(total.uncertain_cost)} of the cost is known to be theirs"
    if total.estimated:
        attempts = _many(total.estimated, "attempt")
        yield f"{attempts} counted by estimate: {money(total.estimated_cost)} of the cost"


def _token_caveats(total: Totals) -> Iterator[str]:
    if total.uncounted:
        yield f"{_many(total.uncounted, 'answer')} without counted tokens: not in the tokens"
    if total.unknown_savings:
        attempts = _many(total.unknown_savings, "attempt")
        yield f"{attempts} read from a cache at unknown prices: not in what caches saved"


def _row_caveats(summary: Summary) -> Iterator[str]:
    if summary.unsettled:
        requests = _many(summary.unsettled, "request")
        yield f"{requests} without an outcome: see `scout-adapters audit reconcile`"
    if summary.undated:
        yield f"{_many(summary.undated, 'row')} without a readable time: in the sums, on no day"


def _many(number: int, what: str) -> str:
    return f"{amount(number)} {what}{'' if number == 1 else 's'}"
