"""Costs from tokens and prices, compared with the providers' own figures."""

from __future__ import annotations

from collections import Counter, defaultdict
from statistics import median

import pytest

from tests.llm.pricing.billing_table import rows
from tests.llm.pricing.bills import Bill, bills
from tests.llm.pricing.causes import CAUSES, cause_of, differs
from tests.support import recordings

pytestmark = recordings.needed


@pytest.fixture(scope="module")
def billed() -> list[Bill]:
    return list(bills())


def test_every_difference_from_a_provider_s_own_figure_has_its_cause(
    billed: list[Bill],
) -> None:
    strange = [bill for bill in billed if differs(bill) and cause_of(bill) is None]
    assert [(bill.model, bill.id, bill.difference) for bill in strange] == []


def test_the_median_difference_is_zero_where_the_list_s_price_was_charged(
    billed: list[Bill],
) -> None:
    by_model = defaultdict(list)
    for bill in billed:
        if bill.difference is not None and cause_of(bill) is None:
            by_model[bill.provider, bill.model].append(bill.difference)
    assert {name for name, each in by_model.items() if abs(median(each)) > 1e-12} == set()
    assert sum(map(len, by_model.values())) > len(billed) / 2


def test_every_row_of_the_table_of_causes_explains_something(billed: list[Bill]) -> None:
    used = Counter(cause_of(bill) for bill in billed if differs(bill))
    assert [cause.reason for cause in CAUSES if cause not in used] == []


def test_the_table_has_a_row_for_each_model(billed: list[Bill]) -> None:
    assert len(list(rows(billed))) == len({(bill.provider, bill.model) for bill in billed})
