"""Rows of other forms: older ones, other programs', broken ones, hostile ones."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scout_adapters.errors.policy import POLICIES, ErrorKind
from scout_adapters.report.call_row import MAX_FAILURES
from scout_adapters.report.caveats import caveats
from scout_adapters.report.key_health import STATE_BY_OUTCOME, State
from scout_adapters.report.page import as_data
from scout_adapters.report.page_data import page_data
from scout_adapters.report.summary import Summary, summarise
from scout_adapters.report.time_buckets import TO_FIT, utc

TIME = "2026-11-23T10:00:00.000000+00:00"
FIELDS = [
    *("time", "event", "run_id", "number", "provider", "model", "outcome", "key_id", "tags"),
    *("user_id", "cost", "price", "billed", "reason", "latency_s", "first_token_s", "estimated"),
    *("input_t", "output_t", "cache_read_t", "cache_write_t", "reasoning_t"),
]

numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
plain = st.none() | st.booleans() | numbers | st.text(max_size=8)
anything = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)
likely = st.sampled_from(
    ["llm_attempt", "llm_intent", "ok", "skipped", "rate_limit", TIME, "2026-11-23", "yes", "a", ""]
)
odd_rows = st.dictionaries(st.sampled_from(FIELDS), likely | anything)


def logged(path: Path, *rows: Any) -> Path:
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def attempt(**fields: Any) -> dict[str, Any]:
    defaults = {"time": TIME, "event": "llm_attempt", "run_id": "r", "number": 1, "outcome": "ok"}
    return defaults | {"provider": "groq", "model": "m"} | fields


def sum_usd(tmp_path: Path, *rows: Any) -> Summary:
    return summarise(logged(tmp_path / "audit.jsonl", *rows), levels=TO_FIT, newest=100)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(odd_rows.map(lambda row: {"event": "llm_attempt"} | row), max_size=6))
def test_no_row_keeps_the_page_from_being_made(rows: list[Any], tmp_path_factory: Any) -> None:
    path = logged(tmp_path_factory.mktemp("odd") / "audit.jsonl", *rows)
    summary = summarise(path, levels=TO_FIT, newest=3)
    assert summary.rows == len(rows)
    assert orjson.loads(as_data(page_data(summary)))["rows"] == len(rows)


@settings(max_examples=100, deadline=None)
@given(costs=st.lists(numbers, min_size=1, max_size=20))
def test_sums_of_all_numbers_there_are_stay_exact(
    costs: list[float], tmp_path_factory: Any
) -> None:
    rows = [attempt(run_id=str(number), cost=cost) for number, cost in enumerate(costs)]
    path = logged(tmp_path_factory.mktemp("sums") / "audit.jsonl", *rows)
    expected = sum((Fraction(repr(cost)) for cost in costs), Fraction())
    assert Fraction(summarise(path).total().cost) == expected


def test_what_is_unknown_is_counted_as_unknown_and_not_as_nothing(tmp_path: Path) -> None:
    summary = sum_usd(
        tmp_path,
        attempt(run_id="1"),
        attempt(run_id="2", cost=0.5, input_t=10, output_t=1, cache_read_t=5),
        attempt(run_id="3", outcome="timeout_response", billed="unknown"),
        attempt(run_id="4", cost=0.25, estimated=True, input_t=1, output_t=1),
    )
    total = summary.total()
    assert (total.unpriced, total.uncounted, total.unknown_savings) == (1, 1, 1)
    assert (total.uncertain, total.estimated, total.saved) == (1, 1, 0)
    text = "\n".join(caveats(summary))
    assert "1 answer without a known price: not in the cost" in text
    assert "1 failed request may be on a provider's bill" in text
    assert "1 attempt counted by estimate: $0.250 of the cost" in text
    assert "1 answer without counted tokens" in text
    assert "at unknown prices: not in what caches saved" in text


@pytest.mark.parametrize(
    ("price", "saved"),
    [
        ({"input": 1.0, "cache_read": 0.1}, Decimal("0.9")),
        ({"input": 3, "cache_read": 0.3, "output": 15.0}, Decimal("2.7")),
        ({"input": 1.0}, None),
        ({"cache_read": 0.1}, None),
        ({"input": "1", "cache_read": 0.1}, None),
        ([1.0, 0.1], None),
        (None, None),
    ],
)
def test_a_cache_saves_the_difference_of_two_known_prices(
    price: Any, saved: Decimal | None, tmp_path: Path
) -> None:
    total = sum_usd(tmp_path, attempt(cache_read_t=1_000_000, price=price)).total()
    assert total.saved == (saved or 0)
    assert total.unknown_savings == (saved is None)


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        (TIME, TIME),
        ("2026-11-23", "2026-11-23T00:00:00.000000+00:00"),
        ("2026-11-23T10:00:00", TIME),
        ("2026-11-23T12:00:00+02:00", TIME),
        ("2026-11-23T10:00:00Z", TIME),
        ("0001-01-01T00:00:00+05:00", ""),
        ("2026-13-45T99:99:99.000000+00:00", ""),
        ("yesterday", ""),
        (1_764_000_000, ""),
        (None, ""),
    ],
)
def test_times_of_other_forms_are_read_or_unknown(stated: Any, read: str, tmp_path: Path) -> None:
    assert utc(stated) == read
    summary = sum_usd(tmp_path, attempt(time=stated, cost=0.5))
    assert summary.undated == (read == "")
    assert summary.cost == Decimal("0.5")
    assert list(summary.spent_by_time()) == ([read[:16]] if read else [])


def test_a_row_without_a_run_is_a_call_of_its_own(tmp_path: Path) -> None:
    row = attempt()
    del row["run_id"]
    summary = sum_usd(tmp_path, row, row, {**row, "outcome": "capacity"})
    assert (summary.total().calls, summary.total().answered) == (3, 2)
    assert len(summary.calls.newest()) == 3


def test_an_answer_that_comes_in_several_rows_is_one_call(tmp_path: Path) -> None:
    summary = sum_usd(tmp_path, attempt(cost=0.5), attempt(cost=0.5))
    total = summary.total()
    assert (total.calls, total.requests, total.cost) == (1, 2, 1)
    assert summary.calls.retried == 0


def test_a_call_with_skipped_attempts_only_is_a_call_without_requests(tmp_path: Path) -> None:
    skipped = attempt(number=0, outcome="skipped", reason="every key rests")
    summary = sum_usd(tmp_path, skipped, skipped)
    total = summary.total()
    assert (total.calls, total.answered, total.requests, total.skipped) == (1, 0, 0, 2)
    assert summary.failures == {}


def test_whoever_is_passed_over_at_the_end_is_not_what_a_call_came_to(tmp_path: Path) -> None:
    summary = sum_usd(
        tmp_path,
        attempt(outcome="rate_limit", key_id="k"),
        attempt(outcome="skipped", model="other", reason="its circuit is open"),
    )
    (call,) = summary.calls.newest()
    assert (call.last.outcome, call.requests, call.before) == ("rate_limit", 1, ())
    assert summary.by("model")["groq/m"].calls == 1


def test_a_run_without_end_takes_no_more_memory_than_one_with_an_end(tmp_path: Path) -> None:
    rows = [attempt(number=number, outcome="capacity") for number in range(500)]
    (call,) = sum_usd(tmp_path, *rows).calls.newest()
    assert call.requests == 500
    assert len(call.before) == MAX_FAILURES


def test_a_time_in_the_far_future_does_not_make_a_page_of_empty_months(tmp_path: Path) -> None:
    summary = sum_usd(tmp_path, attempt(), attempt(run_id="2", time="9999-12-31T23:00:00+00:00"))
    assert list(summary.spent_by_time()) == ["2026-11", "9999-12"]


def test_every_failure_that_rests_a_key_has_a_state_of_its_own() -> None:
    of_keys = {kind for kind in ErrorKind if POLICIES[kind].key_effect != "none"}
    assert of_keys == {kind for kind in STATE_BY_OUTCOME if kind in set(ErrorKind)}
    assert State.OTHER not in STATE_BY_OUTCOME.values()


def test_a_keys_state_is_what_its_last_telling_attempt_has_shown(tmp_path: Path) -> None:
    at = "2026-11-23T10:0{}:00.000000+00:00".format
    outcomes = ["ok", "auth_invalid", "auth_invalid", "server_error", "cancelled"]
    rows = [
        attempt(run_id=str(n), time=at(n), outcome=outcome, key_id="k")
        for n, outcome in enumerate(outcomes)
    ]
    (key,) = sum_usd(tmp_path, *rows).keys.ranked()
    assert (key.state, key.since, key.last_seen) == (State.REFUSED, at(1), at(4))
    assert (key.uses, sum(key.counts)) == (5, 5)


def test_keys_that_are_not_in_order_come_before_those_that_are(tmp_path: Path) -> None:
    rows = [attempt(run_id=str(n), key_id=f"k{n % 90:02}") for n in range(300)]
    rows += [attempt(run_id="x", key_id="k77", outcome="billing")]
    keys = page_data(sum_usd(tmp_path, *rows))["keys"]
    assert keys["all"] == 90
    assert len(keys["listed"]) == 50
    assert (keys["listed"][0]["key"], keys["listed"][0]["state"]) == ("k77", "out of credit")
    assert keys["folded"] == [{"state": "ok", "keys": 40}]
