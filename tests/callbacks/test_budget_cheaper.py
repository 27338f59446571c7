"""A route at a budget's limit: a cheaper candidate or key, or an error."""

from __future__ import annotations

import pytest

from scout_adapters import ScoutBudgetCallbackHandler
from scout_adapters.errors import BudgetExceeded
from scout_adapters.testing import Emulator
from tests.callbacks.budgets import Ask, both, groq, refused_in_the_end

pytestmark = pytest.mark.usefixtures("prices")


def test_cheaper_goes_on_to_a_candidate_that_there_is_room_for(
    ask: Ask, emulator: Emulator
) -> None:
    budget = ScoutBudgetCallbackHandler(5, on_exceeded="cheaper")
    answer = ask(both(emulator), "hi", {"callbacks": [budget]})
    last = answer[-1] if isinstance(answer, list) else answer
    skipped, good = last.response_metadata["scout"]["attempts"]
    assert (skipped["outcome"], skipped["provider"]) == ("skipped", "groq")
    assert "budget 'total'" in skipped["reason"]
    assert (good["outcome"], good["number"]) == ("ok", 1)
    assert [request.provider for request in emulator.log] == ["openai"]
    assert [balance.held for balance in budget.balances] == [0]


def test_cheaper_raises_where_no_candidate_is_cheap_enough(ask: Ask, emulator: Emulator) -> None:
    budget = ScoutBudgetCallbackHandler(0.1, on_exceeded="cheaper")
    with pytest.raises(BudgetExceeded) as raised:
        ask(both(emulator), "hi", {"callbacks": [budget]})
    assert [attempt["outcome"] for attempt in raised.value.attempts] == ["skipped", "skipped"]
    assert emulator.log == []


def test_without_it_a_route_stops_at_the_first_that_costs_too_much(
    ask: Ask, emulator: Emulator
) -> None:
    with pytest.raises(BudgetExceeded):
        ask(both(emulator), "hi", {"callbacks": [ScoutBudgetCallbackHandler(5)]})
    assert emulator.log == []


def test_cheaper_by_key_goes_on_to_the_next_key(emulator: Emulator) -> None:
    budget = ScoutBudgetCallbackHandler(1.2, scope="key", on_exceeded="cheaper")
    model = groq(emulator)
    refused_in_the_end(lambda: model.invoke("hi", {"callbacks": [budget]}))
    assert {request.key for request in emulator.log} == {"gsk_a", "gsk_b"}
    assert all(balance.left < 1_200_000_000 for balance in budget.balances)
    assert len(budget.balances) == 2


def test_a_second_budget_that_refuses_releases_what_the_first_holds(
    ask: Ask, emulator: Emulator
) -> None:
    wide, narrow = ScoutBudgetCallbackHandler(100), ScoutBudgetCallbackHandler(0.001)
    for order in ([wide, narrow], [narrow, wide]):
        with pytest.raises(BudgetExceeded):
            ask(groq(emulator), "hi", {"callbacks": order})
    assert [(balance.spent, balance.held) for balance in wide.balances] in ([(0, 0)], [])
    assert emulator.log == []
