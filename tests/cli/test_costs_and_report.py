"""`scout-adapters costs` and `report`, as a user at a terminal runs them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from scout_adapters.audit import AuditLog
from scout_adapters.cli import costs
from tests.report import seeded_log
from tests.report.output import line, run_cli
from tests.report.recount import NAMED, attempts_in

ROWS = 4000


@pytest.fixture(scope="module")
def log(tmp_path_factory: Any) -> Path:
    return seeded_log.write(tmp_path_factory.mktemp("commands") / "audit.jsonl", ROWS, seed=2)


@pytest.fixture
def own(tmp_path: Path) -> AuditLog:
    return AuditLog(tmp_path / "own.jsonl")


def call(log: AuditLog, run: str, outcome: str = "ok", **fields: Any) -> None:
    defaults = {"run_id": run, "number": 1, "provider": "groq", "model": "m", "outcome": outcome}
    log.log("llm_attempt", **defaults | fields)


@pytest.mark.parametrize("command", [["costs"], ["report", "--html", "out.html"]])
def test_a_missing_log_is_reported(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(tmp_path / "none.jsonl"))
    code, output = run_cli(*command)
    assert (code, output.splitlines()) == (1, [f"no log at {tmp_path / 'none.jsonl'}"])
    assert list(tmp_path.iterdir()) == []


def test_a_log_without_calls_is_reported_and_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.touch()
    assert run_cli("costs", path) == (0, f"no calls in {path}\n")
    assert run_cli("report", path, "--html", tmp_path / "out.html")[0] == 0


def test_all_tables_are_there_and_cut(log: Path) -> None:
    code, output = run_cli("costs", log)
    assert code == 0
    assert "2026-08-29 to 2026-11-26 (UTC)" in output
    assert "▂" in line(output, "per day")
    for name in ("day", "model", "provider", "key", "tag", "user", "failed"):
        assert line(output, name)
    assert "76 earlier: --by day" in output
    assert "more: --by user" in output
    assert len(output.splitlines()) < 120


@pytest.mark.parametrize("by", list(costs.By))
def test_the_table_that_is_chosen_is_whole(log: Path, by: str) -> None:
    code, output = run_cli("costs", log, "--by", by)
    assert code == 0
    assert "--by" not in output
    names = {name for row in attempts_in(log) for name in NAMED[by](row)} - {""}
    assert all(name in output for name in names)


def test_costs_are_shown_with_the_answers_without_a_price(own: AuditLog) -> None:
    call(own, "1", cost=0.1, input_t=100, output_t=10, cache_read_t=50, key_id="aaaa")
    call(own, "2", cost=0.2, input_t=100, output_t=10, key_id="aaaa")
    call(own, "3", input_t=1, output_t=1, provider="mine", user_id="ada")
    call(own, "4", "timeout_response", billed="unknown", key_id="aaaa")
    own.log("nav", cost=1.5)
    code, output = run_cli("costs", own.path)
    assert code == 0
    assert "≥ $1.80: calls ≥ $0.300, nav $1.50" in line(output, "spent")
    assert line(output, "groq/m").split() == [
        *("groq/m", "3", "1", "1", "$0.300", "200", "20", "25%")
    ]
    assert line(output, "mine/m").split() == [*("mine/m", "1", "0", "0", "unknown", "1", "1", "0%")]
    assert line(output, "no user named").split()[-5:] == ["1", "$0.300", "200", "20", "25%"]
    assert line(output, "timeout_response").split() == ["timeout_response", "1", "25%", "groq", "1"]
    assert "1 answer without a known price: not in the cost" in output
    assert "1 failed request may be on a provider's bill" in output
    assert "saved by reads from caches: unknown" in output


def test_retried_calls_are_counted_with_those_that_succeeded(own: AuditLog) -> None:
    for run, outcome in (("1", "capacity"), ("1", "ok"), ("2", "capacity"), ("2", "capacity")):
        call(own, run, outcome, cost=0.5 if outcome == "ok" else None)
    output = run_cli("costs", own.path)[1]
    assert "tried again: calls that took more than one request 2, answered in the end 1" in output


def test_texts_of_the_log_do_nothing_to_a_terminal(own: AuditLog) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07[red]:key:[/red]\u202e"
    call(own, "1", evil, model=evil, provider=evil, key_id=evil, tags=[evil], user_id=evil)
    code, output = run_cli("costs", own.path)
    assert code == 0
    assert not set(output) & {"\x1b", "\x07", "\u202e"}
    assert "[red]:key:[/red]" in output


def test_since_and_days_leave_out_what_was_before(own: AuditLog, tmp_path: Path) -> None:
    path, now = tmp_path / "old.jsonl", datetime.now(UTC)
    rows = [
        {"time": (now - timedelta(days=age)).isoformat(timespec="microseconds")}
        | {"event": "llm_attempt", "run_id": str(age), "outcome": "ok", "cost": 1.0}
        for age in (1, 3, 30)
    ]
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    begin = f"{now - timedelta(days=4):%Y-%m-%d}"
    for options, cost in ((["--days", "2"], 1), (["--since", begin], 2), ([], 3)):
        assert f"${cost}.00" in line(run_cli("costs", path, *options)[1], "spent")
    assert "no calls" in run_cli("costs", path, "--since", "2999-01-01")[1]


@pytest.mark.parametrize("wrong", [["--since", "soon"], ["--since", "2026-01-01", "--days", "3"]])
def test_an_invalid_time_is_refused(wrong: list[str], log: Path) -> None:
    assert run_cli("costs", log, *wrong)[0] == 2


def test_a_page_is_written_for_its_owner_and_replaces_the_one_before(
    log: Path, tmp_path: Path
) -> None:
    page = tmp_path / "out.html"
    for title in ("First", "Second & last"):
        code, output = run_cli("report", log, "--html", page, "--title", title)
        assert (code, f"{page}: " in output) == (0, True)
    text = page.read_text()
    assert "<title>Second &amp; last</title>" in text
    assert "First</title>" not in text
    assert page.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [page]


def test_a_page_that_cannot_be_written_is_reported(log: Path, tmp_path: Path) -> None:
    code, output = run_cli("report", log, "--html", tmp_path / "no" / "out.html")
    assert (code, "No such file" in output) == (1, True)
