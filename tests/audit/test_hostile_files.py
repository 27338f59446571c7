"""Rows too long or odd, cells that are formulas, links and files that other programs move."""

from __future__ import annotations

import csv
import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from scout_adapters.audit import AuditLog, read_rows
from scout_adapters.audit.export import export
from scout_adapters.audit.file import AppendingFile
from scout_adapters.audit.retention import open_intents
from scout_adapters.audit.verify import verify
from scout_adapters.budget import Account, Hold, SqliteBudgets
from scout_adapters.errors import AuditError
from scout_adapters.report.call_list import CallFilter, list_calls
from scout_adapters.report.summary import summarise

TIME = "2026-11-23T10:00:00.000000+00:00"
ODD: list[dict[str, Any]] = [
    {"event": "llm_intent", "run_id": ["a"], "number": {"b": 1}},
    {"event": "llm_attempt", "run_id": ["a"], "number": {"b": 1}, "outcome": "ok", "cost": 2**63},
    {"event": "llm_attempt", "run_id": "c", "cost": 10**15, "latency_s": 2**64 - 1},
    {"event": "llm_attempt", "run_id": 2**64 - 1, "input_t": 2**64 - 1, "user_id": [2**63]},
    {"event": ["llm_attempt"], "run_id": "d"},
]


@pytest.mark.parametrize(
    "text",
    ["x" * (20 << 20), "\x01" * (9 << 20), "\N{GRINNING FACE}" * (6 << 20), '"' * (12 << 20)],
)
def test_a_row_that_is_too_long_is_cut_and_marked(tmp_path: Path, text: str) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.log("llm_prompt", text=text, user="ada", pictures=[text[:1000]])
    log.log("after")
    rows = list(read_rows(log.path))
    assert [row["event"] for row in rows] == ["llm_prompt", "after"]
    assert rows[0]["cut"] == ["text"]
    assert text.startswith(rows[0]["text"])
    assert len(rows[0]["text"]) > 100_000
    assert rows[0]["user"] == "ada"
    assert verify(log.path).findings == ()


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ("e" * (20 << 20), {}),
        ("e", {"k" * (20 << 20): 1}),
        ("e", {f"{number:0500}": 1 for number in range(40_000)}),
        ("e", {"run_id": "r" * (20 << 20)}),
    ],
    ids=["event", "name", "names", "run"],
)
def test_a_row_with_long_names_is_cut_and_marked(
    tmp_path: Path, event: str, fields: dict[str, Any]
) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.log(event, user="ada", **fields)
    log.log("after")
    first, last = read_rows(log.path)
    assert first["event"][0] == "e"
    assert "cut" in first
    assert last["event"] == "after"
    assert verify(log.path).findings == ()


def test_a_value_that_cannot_be_written_stands_for_itself(tmp_path: Path) -> None:
    class Unreadable:
        def __str__(self) -> str:
            raise OSError

        __repr__ = __str__

    log = AuditLog(tmp_path / "audit.jsonl")
    log.log("x", about={"a": Unreadable()})
    (row,) = read_rows(log.path)
    assert row["about"] == {"a": "(of type Unreadable)"}


FORMULAS = ["\n=1+1", "\uff1d1+1", "\uff0b1", " =1+1", "\u3000\uff1d1"]
HIDDEN = ["\u200b=1", "\ufeff=1", "\x0b\u00ad@x", "\ufe661", "\u2212cmd"]


@pytest.mark.parametrize("cell", FORMULAS + HIDDEN)
def test_no_cell_of_a_csv_is_a_formula(tmp_path: Path, cell: str) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.log("x", reason=cell, model=cell)
    export(log.path, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["reason"] == row["model"] == f"'{cell}"


def test_a_cell_of_a_csv_has_no_nul(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.log("x", reason="a\0=1", model="\0=1")
    export(log.path, tmp_path / "out.csv")
    text = (tmp_path / "out.csv").read_text()
    assert "\0" not in text
    assert "a\ufffd=1" in text


@pytest.mark.parametrize(
    "line",
    [b'{"time":"x","cost":1e400}', b'{"time":"x","a":' + b"[" * 2000 + b"}", b"not a row", b"5"],
)
def test_lines_that_are_no_rows_are_told_and_the_rest_is_exported(
    line: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.log("before")
    with log.path.open("ab") as file:
        file.write(line + b"\n" + line + b"\n")
    log.log("after")
    assert export(log.path, tmp_path / "out.csv") == 2
    assert "audit.jsonl that are no rows, and are not exported: 2" in caplog.text


def test_odd_rows_crash_no_reader(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    lines = [orjson.dumps({"time": TIME, **row}) for row in ODD]
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert export(path, tmp_path / "out.csv") == len(ODD)
    assert export(path, tmp_path / "out.db") == len(ODD)
    with closing(sqlite3.connect(tmp_path / "out.db")) as base:
        assert base.execute("SELECT cost FROM audit WHERE run_id = 'c'").fetchone() == (1e15,)
    assert open_intents(path) == []
    assert verify(path).rows == len(ODD)
    summarise(path)
    assert list_calls(path, CallFilter(), 10).matching


def test_a_link_that_is_planted_beside_the_target_is_not_followed(tmp_path: Path) -> None:
    import os

    log = AuditLog(tmp_path / "audit.jsonl")
    log.log("x")
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / f"out.csv.{os.getpid()}.part").symlink_to(victim)
    export(log.path, tmp_path / "out.csv")
    assert victim.read_text() == "mine"
    assert (tmp_path / "out.csv").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("moved", [True, False])
def test_a_log_that_is_moved_away_is_noticed_at_the_next_row(
    tmp_path: Path, moved: bool, caplog: pytest.LogCaptureFixture
) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.log("before")
    log.path.rename(tmp_path / "old.jsonl") if moved else log.path.unlink()
    with caplog.at_level(logging.WARNING):
        log.log("after")
    assert [row["event"] for row in read_rows(log.path)] == ["after"]
    assert "was moved or deleted: a new one begins" in caplog.text
    assert verify(log.path).findings == ()


def test_a_pipe_in_the_place_of_a_log_that_nothing_reads_is_an_error(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.log("before")
    log.path.unlink()
    os.mkfifo(log.path)
    with pytest.raises(AuditError):
        log.log("after")


def test_a_budget_file_that_is_deleted_is_noticed_at_the_next_step(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, account = SqliteBudgets(tmp_path / "b.db"), Account("b", "", "", 100)
    hold = store.hold([account], 60)
    assert isinstance(hold, Hold)
    store.settle(hold, 60)
    (tmp_path / "b.db").unlink()
    with caplog.at_level(logging.WARNING):
        assert isinstance(store.hold([account], 50), Hold)
    assert "were moved or deleted: new ones begin" in caplog.text
    assert isinstance(SqliteBudgets(tmp_path / "b.db").hold([account], 50), Hold)
    assert (tmp_path / "b.db").exists()


def test_a_file_is_closed_once(tmp_path: Path) -> None:
    file = AppendingFile(tmp_path / "audit.jsonl", sync=False)
    file.close()
    stranger = os.open(tmp_path / "other", os.O_CREAT | os.O_WRONLY)  # has the number that was free
    try:
        file.close()
        assert os.write(stranger, b"x") == 1
    finally:
        os.close(stranger)
