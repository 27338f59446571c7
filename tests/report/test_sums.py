"""The report's sums equal those that `recount` computes from the rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest

from scout_adapters.audit import AuditLog, read_rows
from scout_adapters.audit.retention import open_intents
from scout_adapters.audit.verify import verify
from scout_adapters.report.latencies import percentiles
from scout_adapters.report.summary import By, Summary, summarise
from scout_adapters.report.time_buckets import TO_FIT, utc
from tests.report import seeded_log
from tests.report.recount import (
    attempts_in,
    calls_in,
    end_of,
    exact_fields,
    failures_in,
    reckon,
    reckoned_by,
    requests_in,
)

ROWS = 6000


@pytest.fixture(scope="module")
def log(tmp_path_factory: Any) -> Path:
    path = tmp_path_factory.mktemp("seeded") / "audit.jsonl"
    return seeded_log.write(path, ROWS, seed=11)


@pytest.fixture(scope="module")
def summary(log: Path) -> Summary:
    return summarise(log)


@pytest.fixture(scope="module")
def shuffled(tmp_path_factory: Any) -> Path:
    """Return a log whose first rows are not its oldest."""
    rows = list(seeded_log.rows(ROWS, seed=5))
    rows = rows[2000:] + rows[:2000]
    path = tmp_path_factory.mktemp("shuffled") / "audit.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


def test_a_seeded_log_is_whole_and_always_the_same(log: Path, tmp_path: Path) -> None:
    assert verify(log).findings == ()
    again = list(read_rows(seeded_log.write(tmp_path / "again.jsonl", ROWS, seed=11)))
    first = list(read_rows(log))
    assert len(first) == ROWS
    assert [row | {"chain": 0} for row in first] == [row | {"chain": 0} for row in again]
    assert first[0]["time"] < first[-1]["time"]


@pytest.mark.parametrize("what", get_args(By))
def test_sums_are_those_of_the_rows_to_the_last_digit(
    log: Path, summary: Summary, what: By
) -> None:
    sums = {name: exact_fields(totals) for name, totals in summary.by(what).items()}
    assert sums == reckoned_by(log, what)


def test_the_total_is_that_of_all_rows(log: Path, summary: Summary) -> None:
    rows = attempts_in(log)
    assert exact_fields(summary.total()) == reckon(rows, [end_of(call) for call in calls_in(rows)])
    assert Fraction(summary.cost) == sum(
        (Fraction(repr(row["cost"])) for row in read_rows(log) if "cost" in row), Fraction()
    )
    assert summary.cost > summary.total().cost  # the user's events


def test_failures_and_retries_are_those_of_the_rows(log: Path, summary: Summary) -> None:
    calls = calls_in(attempts_in(log))
    again = [call for call in calls if len(requests_in(call)) > 1]
    assert summary.failures == failures_in(log)
    assert summary.calls.retried == len(again) > 0
    assert summary.calls.rescued == sum(end_of(call)["outcome"] == "ok" for call in again) > 0


def test_requests_without_an_outcome_are_those_that_reconcile_lists(tmp_path: Path) -> None:
    rows = list(seeded_log.rows(ROWS, seed=3))
    lost = [row for number, row in enumerate(rows) if number % 50 or "outcome" not in row]
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in lost))
    assert summarise(path).unsettled == len(open_intents(path)) > 50


def test_rows_with_and_without_chains_and_in_segments_come_to_the_same(
    log: Path, tmp_path: Path
) -> None:
    plain = seeded_log.write(tmp_path / "plain.jsonl", ROWS, seed=11, chained=False)
    lines = log.read_bytes().splitlines(keepends=True)
    for number in range(3):
        part = tmp_path / f"audit.{number + 1:06}.jsonl"
        part.write_bytes(b"".join(lines[number * 2000 : (number + 1) * 2000]))
    expected = summarise(log)
    for path in (plain, tmp_path / "audit.jsonl"):
        summary = summarise(path)
        assert summary.rows == ROWS
        assert (summary.total(), summary.cost) == (expected.total(), expected.cost)


@pytest.mark.parametrize("limit", [1, 7, 100, 10_000])
def test_the_newest_calls_are_kept_whatever_the_order_of_the_rows(
    shuffled: Path, limit: int
) -> None:
    ends = sorted((end_of(call)["time"] for call in calls_in(attempts_in(shuffled))), reverse=True)
    newest = summarise(shuffled, newest=limit).calls.newest()
    assert [call.last.time for call in newest] == ends[:limit]


def test_a_call_has_the_cost_of_all_its_attempts_and_lists_the_failed_ones(log: Path) -> None:
    calls = {call[0]["run_id"]: call for call in calls_in(attempts_in(log))}
    for call in summarise(log, newest=ROWS).calls.newest():
        rows = calls.pop(call.last.run_id)
        requests = requests_in(rows)
        assert call.requests == len(requests)
        assert call.last.outcome == end_of(rows)["outcome"]
        assert len(call.before) == max(0, len(requests) - 1)
        costs = [Decimal(repr(row["cost"])) for row in rows if "cost" in row]
        assert call.cost == (sum(costs, Decimal(0)) if costs else None)
        assert call.unpriced == (call.last.ok and "cost" not in requests[-1])
    assert calls == {}


def test_half_of_the_answers_took_no_longer_than_p50() -> None:
    percentile = percentiles([float(number) for number in range(1, 101)])
    assert (percentile.count, percentile.p50, percentile.p90, percentile.p99) == (
        100,
        50.0,
        90.0,
        99.0,
    )
    assert percentiles([3.0]).p99 == 3.0


def test_latencies_are_of_answers_by_model_and_by_day(log: Path, summary: Summary) -> None:
    answers = [row for row in attempts_in(log) if row["outcome"] == "ok"]
    for name, latency in summary.latencies.by_model().items():
        model = [row for row in answers if f"{row['provider']}/{row['model']}" == name]
        assert latency == percentiles([row["latency_s"] for row in model])
    first = sum(latency.count for latency in summary.latencies.first_by_model().values())
    assert first == sum("first_token_s" in row for row in answers)
    for (day, name), latency in summary.latencies.over_time(summary.axis.shortened).items():
        of_day = [row for row in answers if row["time"].startswith(day)]
        assert latency.count == sum(f"{row['provider']}/{row['model']}" == name for row in of_day)


def test_what_was_before_since_is_left_out(log: Path) -> None:
    rows = list(read_rows(log))
    since = rows[ROWS // 2]["time"]
    summary = summarise(log, since=since)
    assert summary.rows == sum(row["time"] >= since for row in rows)
    later = [row for row in attempts_in(log) if row["time"] >= since]
    assert Fraction(summary.total().cost) == reckon(later, [])["cost"]


@pytest.mark.parametrize(
    ("span", "unit", "buckets"),
    [
        (timedelta(seconds=29), "minute", 1),
        (timedelta(minutes=59), "minute", 60),
        (timedelta(hours=2), "ten minutes", 13),
        (timedelta(hours=3), "hour", 4),
        (timedelta(hours=71), "hour", 72),
        (timedelta(days=4), "day", 5),
        (timedelta(days=185), "day", 186),
        (timedelta(days=400), "month", 14),
    ],
)
def test_buckets_grow_with_the_span_and_lose_nothing(
    span: timedelta, unit: str, buckets: int, tmp_path: Path
) -> None:
    begin, path = datetime(2026, 1, 5, 10, 30, tzinfo=UTC), tmp_path / "audit.jsonl"
    rows = [
        {"time": utc((begin + span * part / 40).isoformat()), "event": "llm_attempt"}
        | {"run_id": str(part), "outcome": "ok", "cost": 0.25}
        for part in range(41)
    ]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    summary = summarise(path, levels=TO_FIT)
    spent = summary.spent_by_time()
    assert (summary.axis.level.unit, len(spent)) == (unit, buckets)
    assert sum(spent.values()) == Decimal("0.25") * 41


def test_the_costs_of_other_events_stand_under_their_names(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.log("nav", cost=0.1)
    log.log("nav", cost=0.2)
    log.log("brief", cost=1.5, model="groq/whatever", input_t=5)
    log.log("budget")
    summary = summarise(log.path)
    costs = {name: spent.cost for name, spent in summary.spent_on(lambda place: place[1]).items()}
    assert costs == {"nav": Decimal("0.3"), "brief": Decimal("1.5")}
    assert summary.cost == Decimal("1.8")
    assert summary.total().calls == 0
