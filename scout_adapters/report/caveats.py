"""What sums of a log do not know, in sentences: what is estimated, uncertain or without a price."""

from __future__ import annotations

from collections.abc import Iterator

from scout_adapters.report.format import amount, money
from scout_adapters.report.summary import Summary
from scout_adapters.report.totals import Totals


def caveats(summary: Summary) -> list[str]:
    """Return a sentence for each thing that the figures leave out or take on trust."""
    total = summary.total()
    return [*_of_cost(total), *_of_tokens(total), *_of_rows(summary)]


def _of_cost(total: Totals) -> Iterator[str]:
    if total.unpriced:
        yield f"{_many(total.unpriced, 'answer')} without a known price: not in the cost"
    if total.uncertain:
        what = f"{_many(total.uncertain, 'failed request')} may be on a provider's bill"
        yield f"{what}: {money(total.uncertain_cost)} of the cost is known to be theirs"
    if total.estimated:
        guessed = _many(total.estimated, "attempt")
        yield f"{guessed} counted by estimate: {money(total.estimated_cost)} of the cost"


def _of_tokens(total: Totals) -> Iterator[str]:
    if total.uncounted:
        yield f"{_many(total.uncounted, 'answer')} without counted tokens: not in the tokens"
    if total.unknown_savings:
        read = _many(total.unknown_savings, "attempt")
        yield f"{read} read from a cache at unknown prices: not in what caches saved"


def _of_rows(summary: Summary) -> Iterator[str]:
    if summary.unsettled:
        without = _many(summary.unsettled, "request")
        yield f"{without} without an outcome: see `scout-adapters audit reconcile`"
    if summary.undated:
        yield f"{_many(summary.undated, 'row')} without a readable time: in the sums, on no day"


def _many(number: int, what: str) -> str:
    return f"{amount(number)} {what}{'' if number == 1 else 's'}"
