"""Calls that a budget lets pass, by the emulator's log, and its errors for those it refuses."""

from __future__ import annotations

import asyncio
import logging
import pickle
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from langchain_core.caches import InMemoryCache

from scout_adapters import (
    ScoutAuditCallbackHandler,
    ScoutBudgetCallbackHandler,
    ScoutCostCallbackHandler,
)
from scout_adapters.audit import read_rows
from scout_adapters.budget import SqliteBudgets
from scout_adapters.errors import BudgetExceeded, ConfigurationError, ScoutError
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import (
    CutMidStream,
    Emulator,
    Hang,
    Overloaded,
    RateLimited,
    ServerError,
)
from tests.callbacks.budgets import SMALL, Ask, both, groq, refused_in_the_end
from tests.support.waiting import HANG, auntil

pytestmark = pytest.mark.usefixtures("prices")


def billed(emulator: Emulator) -> Decimal:
    requests = [request for request in emulator.log if request.billed]
    tokens = sum(request.input_tokens + request.output_tokens for request in requests)
    return Decimal(tokens) / 1000


def test_calls_pass_until_there_is_no_room_for_the_next(ask: Ask, emulator: Emulator) -> None:
    budget = ScoutBudgetCallbackHandler(1.5)
    model, config = groq(emulator), {"callbacks": [budget]}
    error = refused_in_the_end(lambda: ask(model, "hi", config))
    assert len(emulator.log) > 1
    assert Decimal(repr(budget.spent_usd)) == billed(emulator) <= Decimal("1.5")
    assert (error.spent_usd, error.held_usd, error.limit_usd) == (budget.spent_usd, 0.0, 1.5)
    assert error.asked_usd is not None
    assert error.asked_usd > error.left_usd == pytest.approx(1.5 - budget.spent_usd)
    assert (error.opens_at, error.is_retryable) == (None, False)
    assert "$1.5 (" in str(error)
    assert pickle.loads(pickle.dumps(error)).asked_usd == error.asked_usd


def test_nothing_is_sent_where_the_first_call_may_already_cost_too_much(
    ask: Ask, emulator: Emulator
) -> None:
    with pytest.raises(BudgetExceeded, match=r"groq/small may cost \$1\.\d+ and \$0.5 is left"):
        ask(groq(emulator), "hi", {"callbacks": [ScoutBudgetCallbackHandler("0.5")]})
    assert emulator.log == []


def test_each_attempt_has_a_hold_and_an_unbilled_failure_releases_it(
    ask: Ask, emulator: Emulator
) -> None:
    emulator.script("groq", [RateLimited(), ServerError()])
    budget = ScoutBudgetCallbackHandler(1.5)
    ask(groq(emulator), "hi", {"callbacks": [budget]})
    assert len(emulator.log) == 3
    (balance,) = budget.balances
    assert (balance.held, balance.uncertain) == (0, 0)
    assert Decimal(repr(budget.spent_usd)) == billed(emulator)


def test_a_stream_that_breaks_is_charged_what_was_held_for_it(emulator: Emulator) -> None:
    emulator.script("groq", [CutMidStream()])
    budget = ScoutBudgetCallbackHandler(1.5)
    with pytest.raises(ScoutError):
        list(groq(emulator).stream("Write a story.", {"callbacks": [budget]}))
    (balance,) = budget.balances
    assert balance.spent == balance.uncertain > float(billed(emulator)) * 1e9
    assert balance.held == 0


async def test_a_call_that_is_cancelled_is_charged_what_was_held_for_it(
    emulator: Emulator,
) -> None:
    emulator.script("groq", [Hang(seconds=HANG)])
    budget = ScoutBudgetCallbackHandler(1.5)
    task = asyncio.create_task(groq(emulator).ainvoke("hi", {"callbacks": [budget]}))
    await auntil(lambda: emulator.log)
    assert len(emulator.log) == 1
    assert budget.held_usd > 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (balance,) = budget.balances
    assert balance.spent == balance.uncertain > 1_000_000_000
    assert balance.held == 0


def test_a_stream_that_is_left_is_charged_what_was_held_for_it(emulator: Emulator) -> None:
    budget = ScoutBudgetCallbackHandler(1.5)
    stream = groq(emulator).stream("Write a story.", {"callbacks": [budget]})
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # a generator
    (balance,) = budget.balances
    assert (balance.held, balance.spent) == (0, balance.uncertain)
    assert balance.spent > 1_000_000_000


def test_crowds_do_not_pass_the_limit_together(emulator: Emulator) -> None:
    """Fifty threads at once: what each may cost is held, so that too many never leave."""
    budget = ScoutBudgetCallbackHandler(3)
    costs = ScoutCostCallbackHandler()
    model, config = groq(emulator), {"callbacks": [budget, costs]}

    def passes(_: int) -> bool:
        try:
            model.invoke("hi", config)
        except BudgetExceeded:
            return False
        return True

    with ThreadPoolExecutor(50) as threads:
        passed = sum(threads.map(passes, range(200)))
    while passes(0):  # the others may all have been refused while the first ones ran
        passed += 1
    assert passed == len(emulator.log) == costs.calls > 2
    assert Decimal(repr(budget.spent_usd)) == costs.total.cost == billed(emulator) <= 3


def test_the_next_window_lets_calls_pass_again_and_the_error_names_its_start(
    ask: Ask, emulator: Emulator, wall: Any
) -> None:
    wall.now = datetime(2026, 12, 31, 23, 59, 30, tzinfo=UTC).timestamp()
    for per, seconds in (("hour", 30), ("day", 30), ("month", 30)):
        budget = ScoutBudgetCallbackHandler(1.4, per=per, wall=wall)  # type: ignore[arg-type]  # a literal
        model, config = groq(emulator), {"callbacks": [budget]}
        error = refused_in_the_end(partial(ask, model, "hi", config))
        assert error.opens_at == datetime(2027, 1, 1, tzinfo=UTC)
        assert error.retry_after == pytest.approx(seconds)
        assert "opens at 2027-01-01T00:00Z" in str(error)
        assert not error.is_retryable
        wall.now += 60
        ask(model, "hi", config)
        wall.now -= 60


def test_a_clock_that_is_set_back_reopens_no_window(emulator: Emulator, wall: Any) -> None:
    budget = ScoutBudgetCallbackHandler(1.2, per="hour", wall=wall)
    model, config = groq(emulator), {"callbacks": [budget]}

    def fill() -> int:
        before = len(emulator.log)
        refused_in_the_end(lambda: model.invoke("hi", config))
        return len(emulator.log) - before

    assert fill() > 0
    wall.now += 7200
    assert fill() > 0
    wall.now -= 7200
    assert fill() == 0


def test_a_clock_that_goes_back_over_hours_opens_no_earlier_window(
    emulator: Emulator, wall: Any
) -> None:
    budget = ScoutBudgetCallbackHandler(1.2, per="hour", wall=wall)
    model, config = groq(emulator), {"callbacks": [budget]}
    refused_in_the_end(lambda: model.invoke("hi", config))
    sent, spent = len(emulator.log), budget.spent_usd
    for _ in range(12):
        wall.now -= 3600
        refused_in_the_end(lambda: model.invoke("hi", config))
    assert (len(emulator.log), budget.spent_usd) == (sent, spent)
    wall.now += 13 * 3600
    model.invoke("hi", config)
    assert len(emulator.log) == sent + 1


async def test_calls_that_share_a_run_id_are_settled_one_by_one(emulator: Emulator) -> None:
    budget = ScoutBudgetCallbackHandler(100)
    model, config = groq(emulator), {"callbacks": [budget], "run_id": uuid4()}
    await asyncio.gather(*(model.ainvoke("hi", config) for _ in range(5)))
    assert budget.held_usd == 0
    assert Decimal(repr(budget.spent_usd)) == billed(emulator)


def test_warn_lets_the_call_pass_and_logs_it(
    ask: Ask, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    budget = ScoutBudgetCallbackHandler(0.001, on_exceeded="warn")
    with caplog.at_level(logging.WARNING):
        ask(groq(emulator), "hi", {"callbacks": [budget]})
    assert "it is made all the same" in caplog.text
    assert Decimal(repr(budget.spent_usd)) == billed(emulator) > Decimal("0.001")


def test_a_call_that_costs_more_than_its_hold_is_logged_and_counted(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    budget = ScoutBudgetCallbackHandler("1.2", answer_tokens=1)
    PRICING["groq"][SMALL] = {"input": 1.0, "output": 100.0}
    model = groq(emulator, max_tokens=None)
    model.invoke("hi", {"callbacks": [budget]})
    (balance,) = budget.balances
    assert "a call to groq/small cost $" in caplog.text
    assert "more than was held for it" in caplog.text
    error = refused_in_the_end(lambda: model.invoke("hi", {"callbacks": [budget]}))
    assert error.asked_usd == pytest.approx((balance.spent - balance.overage) / 1e9)
    assert (error.left_usd, len(emulator.log)) == (0.0, 1)


def test_a_model_without_a_price_is_not_called_unless_that_is_allowed(
    ask: Ask, emulator: Emulator
) -> None:
    model = groq(emulator, "nobody-s-model")
    with pytest.raises(BudgetExceeded, match="no price is known for groq/nobody-s-model"):
        ask(model, "hi", {"callbacks": [ScoutBudgetCallbackHandler(5)]})
    assert emulator.log == []
    budget = ScoutBudgetCallbackHandler(5, unpriced="allow")
    ask(model, "hi", {"callbacks": [budget]})
    assert (len(emulator.log), budget.spent_usd) == (1, 0.0)


def test_a_model_without_an_output_limit_is_not_called(
    emulator: Emulator,
) -> None:
    model = groq(emulator, max_tokens=None)
    with pytest.raises(BudgetExceeded, match="set max_tokens="):
        model.invoke("hi", {"callbacks": [ScoutBudgetCallbackHandler(5)]})
    model.invoke("hi", {"callbacks": [ScoutBudgetCallbackHandler(5, answer_tokens=100)]})
    assert len(emulator.log) == 1


def test_what_the_cache_answers_costs_nothing(emulator: Emulator) -> None:
    budget = ScoutBudgetCallbackHandler(1.5)
    model = groq(emulator, cache=InMemoryCache())
    for _ in range(50):
        model.invoke("hi", {"callbacks": [budget]})
    assert len(emulator.log) == 1


def test_two_handlers_with_one_file_share_a_budget(
    emulator: Emulator, tmp_path: Path, wall: Any
) -> None:
    options: Any = {"limit_usd": 1.5, "per": "day", "path": tmp_path / "budgets.db", "wall": wall}
    first, second = (ScoutBudgetCallbackHandler(**options) for _ in range(2))
    groq(emulator).invoke("hi", {"callbacks": [first]})
    assert second.spent_usd == first.spent_usd > 0
    third = ScoutBudgetCallbackHandler(**options, name="another")
    assert third.spent_usd == 0


def test_a_budget_that_cannot_be_booked_takes_no_answer_away(
    emulator: Emulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = SqliteBudgets(tmp_path / "budgets.db", lock_timeout=0.05)
    budget = ScoutBudgetCallbackHandler(5, store=store)
    answer = emulator.answer
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other_process:

        def locking(request: Any) -> Any:
            other_process.execute("BEGIN IMMEDIATE")
            return answer(request)

        emulator.answer = locking  # type: ignore[method-assign]  # while the request is under way
        assert groq(emulator).invoke("hi", {"callbacks": [budget]}).text
    assert "is not booked" in caplog.text
    assert budget.held_usd > 1  # it is not given back
    store.path.unlink()


def test_skips_and_budgets_stand_in_the_audit_log(emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    budget = ScoutBudgetCallbackHandler(5, on_exceeded="cheaper")
    both(emulator).invoke("hi", {"callbacks": [ScoutAuditCallbackHandler(path), budget]})
    rows = list(read_rows(path))
    assert [(row["event"], row.get("outcome")) for row in rows] == [
        ("llm_attempt", "skipped"),
        ("llm_intent", None),
        ("llm_attempt", "ok"),
    ]
    assert "$5 is left of $5" in rows[0]["reason"]


def test_a_route_with_a_dead_provider_stays_within_the_budget(ask: Ask, emulator: Emulator) -> None:
    emulator.down["groq"] = Overloaded()
    budget = ScoutBudgetCallbackHandler(50)
    ask(both(emulator, max_retries=1), "hi", {"callbacks": [budget]})
    assert [request.provider for request in emulator.log][-1] == "openai"
    assert Decimal(repr(budget.spent_usd)) == billed(emulator)


@pytest.mark.parametrize(
    "options",
    [
        {"limit_usd": -1},
        {"limit_usd": "much"},
        {"limit_usd": float("nan")},
        {"limit_usd": 10**5000},
        {"limit_usd": 1, "answer_tokens": float("nan")},
        {"limit_usd": 1, "answer_tokens": [1]},
        {"limit_usd": {"ada": 1}},
        {"limit_usd": 1, "per": "week"},
        {"limit_usd": 1, "scope": "team"},
        {"limit_usd": 1, "scope": {"tag": "a", "user": "b"}},
        {"limit_usd": 1, "on_exceeded": "stop"},
        {"limit_usd": 1, "per": "call", "path": "x.db"},
    ],
)
def test_a_budget_that_makes_no_sense_is_refused_when_it_is_made(options: Any) -> None:
    with pytest.raises(ConfigurationError):
        ScoutBudgetCallbackHandler(**options)
