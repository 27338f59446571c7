"""How our figures agree with the providers' own, as a table."""

from __future__ import annotations

import logging
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from statistics import median

from tests.llm.pricing.bills import Bill, bills
from tests.llm.pricing.causes import cause_of, differs

ROW = "{:15} {:45} {:>4} {:>6} {:>13} {:>13}  {}"


def rows(all_bills: Iterable[Bill]) -> Iterator[str]:
    """Yield a row for each model: answers, equal ones, median and largest difference, cause."""
    groups: dict[tuple[str, str], list[Bill]] = defaultdict(list)
    for bill in all_bills:
        groups[bill.provider, bill.model].append(bill)
    for (provider, model), group in sorted(groups.items()):
        amounts: list[Decimal] = [bill.difference for bill in group if bill.difference is not None]
        equal = len(group) - sum(map(differs, group)) - (len(group) - len(amounts))
        figures = ["-", "-"]
        if amounts:
            figures = [f"{median(amounts):.10f}", f"{max(amounts, key=abs):.10f}"]
        yield ROW.format(provider, model, len(group), equal, *figures, "; ".join(_why(group)))


def _why(group: list[Bill]) -> Iterator[str]:
    unpriced = sum(bill.difference is None for bill in group)
    if unpriced:
        yield f"{unpriced}: no price known"
    causes = Counter(cause_of(bill) for bill in group if differs(bill))
    for cause, count in causes.items():
        yield f"{count}: {cause.reason if cause else 'UNEXPLAINED'}"


def main() -> int:
    """Print the table; 1 where a difference has no cause."""
    logging.disable(logging.WARNING)  # models without a price are in the table
    all_bills = list(bills())
    sys.stdout.write(ROW.format("provider", "model", "n", "equal", "median $", "worst $", "why"))
    sys.stdout.write("\n" + "\n".join(rows(all_bills)) + "\n")
    priced = [bill for bill in all_bills if bill.difference is not None]
    wrong = [bill for bill in priced if differs(bill)]
    open_ones = [bill for bill in wrong if cause_of(bill) is None]
    sys.stdout.write(
        f"{len(all_bills)} bills, {len(priced)} of a known price: {len(priced) - len(wrong)} equal,"
        f" {len(wrong) - len(open_ones)} explained, {len(open_ones)} not\n"
    )
    return 1 if open_ones else 0
