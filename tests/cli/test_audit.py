"""The log on the command line, and as a table."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from scout_adapters import ScoutAuditCallbackHandler, ScoutRouterChatModel
from scout_adapters.audit import AuditLog, read_rows
from scout_adapters.audit.export import export
from scout_adapters.audit.retention import open_intents
from scout_adapters.chat_models.providers import ScoutGroqChatModel
from scout_adapters.cli import app
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.engine.audit_rows import EnvironmentAudit
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.testing import Emulator, RateLimited
from tests.audit.logs import written


def audit(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["audit", *map(str, arguments)])
    return result.exit_code, result.output


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Log two calls, the first of them with a key that is limited, at the emulator."""
    path = tmp_path / "audit.jsonl"
    first, second = (f"key-{uuid4()}" for _ in range(2))  # health is shared by all who use a key
    emulator = Emulator(keys={"groq": {first: RateLimited(seconds=60), second: None}})
    groq = ScoutGroqChatModel(model="m", api_keys=[first, second], transport=emulator.transport())
    config = {"callbacks": [ScoutAuditCallbackHandler(AuditLog(path))]}
    for _ in range(2):
        assert ScoutRouterChatModel(models=[groq]).invoke("hi", config).text
    intents = sum(row["event"] == "llm_intent" for row in read_rows(path))
    assert intents == len(emulator.log) >= 3
    return path


def test_verify_reports_an_intact_log_or_the_line_that_is_wrong(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", 6)
    other = written(tmp_path / "other.jsonl", 4)
    assert audit("verify", path, other)[0] == 0
    path.write_bytes(path.read_bytes().replace(b'"number":3', b'"number":4'))
    code, output = audit("verify", path, other)
    assert code == 1
    assert f"{path}:4: edited" in output
    assert "nothing is wrong" in output


def test_verify_against_kept_heads_finds_a_log_that_was_cut(tmp_path: Path) -> None:
    path, heads = written(tmp_path / "audit.jsonl", 6), tmp_path / "heads.json"
    assert audit("verify", path, "--heads", heads)[0] == 0
    AuditLog(path).log("event")
    assert audit("verify", path, "--heads", heads)[0] == 0
    before = heads.read_bytes()
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-2]))
    assert audit("verify", path)[0] == 0
    code, output = audit("verify", path, "--heads", heads)
    assert (code, output.count(": cut: ")) == (1, 2)
    assert heads.read_bytes() == before


@pytest.mark.parametrize("command", ["verify", "reconcile"])
def test_a_missing_log_is_reported(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(tmp_path / "none.jsonl"))
    code, output = audit(command)
    assert code == 1
    assert "no log at" in output


def test_reconcile_lists_the_requests_without_an_outcome(log: Path) -> None:
    assert audit("reconcile", log) == (0, "every intent has its outcome\n")
    lines = log.read_bytes().splitlines(keepends=True)
    lost = next(number for number, line in enumerate(lines) if b'"status":429' in line)
    row = json.loads(lines.pop(lost))
    log.write_bytes(b"".join(lines))
    (intent,) = open_intents(log)
    assert (intent["run_id"], intent["key_id"]) == (row["run_id"], row["key_id"])
    code, output = audit("reconcile", log)
    assert code == 1
    assert row["key_id"] in output


def test_calls_without_langchain_are_distinguished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(tmp_path / "audit.jsonl"))
    about = {"number": 1, "provider": "groq", "model": "m"}
    calls = [EnvironmentAudit() for _ in range(2)]
    for call, name in zip(calls, ("one", "other"), strict=True):
        call.on_start(SimpleNamespace(about={**about, "key_id": name}))
    calls[0].on_end(AttemptRecord(**about, outcome="ok", key_id="one"))
    assert [row["key_id"] for row in open_intents(tmp_path / "audit.jsonl")] == ["other"]


def cells_of(table: Path) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


def rows_of(base: Path) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(base)) as opened:
        opened.row_factory = sqlite3.Row
        return opened.execute("SELECT * FROM audit").fetchall()


@pytest.mark.parametrize("name", ["out.db", "out.csv"])
def test_an_export_holds_every_row_and_is_replaced_by_the_next(log: Path, name: str) -> None:
    out = log.with_name(name)
    expected = list(read_rows(log))
    for _ in range(2):
        assert audit("export", log, "--to", out)[0] == 0
    rows = rows_of(out) if name == "out.db" else cells_of(out)
    assert [row["event"] for row in rows] == [row["event"] for row in expected]
    assert [int(row["seq"]) for row in rows] == [row["chain"]["seq"] for row in expected]
    assert out.stat().st_mode & 0o077 == 0


def test_sql_sums_equal_those_of_the_log(log: Path) -> None:
    out = log.with_name("out.db")
    export(log, out)
    with closing(sqlite3.connect(out)) as base:
        (total,) = base.execute("SELECT sum(output_t) FROM audit WHERE outcome = 'ok'").fetchone()
        (unknown,) = base.execute("SELECT count(*) FROM audit WHERE output_t IS NULL").fetchone()
    rows = list(read_rows(log))
    assert total == sum(row.get("output_t", 0) for row in rows) > 0
    assert unknown == sum("output_t" not in row for row in rows) > 0


def test_fields_of_ones_own_and_strange_values_are_exported_too(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.log("mine", user="me", reason="=HYPERLINK(1)", status=1 << 63, code=["a"])
    export(log.path, tmp_path / "out.db")
    export(log.path, tmp_path / "out.csv")
    (row,) = rows_of(tmp_path / "out.db")
    assert json.loads(row["more"]) == {"user": "me", "status": 1 << 63}  # no column holds it
    assert (row["reason"], row["code"], row["status"]) == ("=HYPERLINK(1)", '["a"]', None)
    (cells,) = cells_of(tmp_path / "out.csv")
    assert cells["reason"] == "'=HYPERLINK(1)"


def test_an_export_to_what_is_no_table_is_refused(log: Path) -> None:
    assert audit("export", log, "--to", log.with_name("out.txt"))[0] == 2
    with pytest.raises(ConfigurationError):
        export(log, log.with_name("out"))


def test_prune_deletes_whole_old_files(tmp_path: Path) -> None:
    path = written(tmp_path / "audit.jsonl", 40, rotate=2000)
    os.utime(tmp_path / "audit.000001.jsonl", (0, 0))
    code, output = audit("prune", path, "--days", "30")
    assert (code, "1 files deleted" in output) == (0, True)
    assert audit("verify", path)[0] == 0
