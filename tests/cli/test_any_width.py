"""Every table is readable at every width: no cell is cut, no line is longer than the terminal."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from scout_adapters import registry
from scout_adapters.audit import AuditLog
from scout_adapters.budget import SqliteBudgets
from scout_adapters.budget.accounts import Account
from scout_adapters.cli import demo_script
from scout_adapters.cli.tables import TableData, print_table
from scout_adapters.llm.health.key_texts import fingerprint
from tests.cli.shell import run

LONG = "accounts/fireworks/models/deepseek-v4-flash-of-november"


OF_TABLE = re.compile(r"^(?:    |[^\w ])|^\S.*?  +\S")
"""A line of a table: indented, with a frame, or of several columns. Terminals break sentences."""


def joined(output: str) -> str:
    """Return a text without blanks and frames: as it is, however its lines were broken."""
    return re.sub(r"[\s│┃]", "", output)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a log and budgets with long names into a folder."""
    monkeypatch.setattr(registry, "_clients", {})
    monkeypatch.setenv("GROQ_API_KEY", "gsk_one")
    monkeypatch.chdir(tmp_path)
    log = AuditLog("audit.jsonl")
    fields = {"provider": "groq", "model": LONG, "key_id": fingerprint("gsk_one"), "number": 1}
    log.log("llm_attempt", **fields, run_id="1", outcome="content_refused", user_id=LONG)
    log.log("llm_intent", **fields, run_id="5b6e1c0e-5a4f-4a8e-9f5d-000000000000")
    log.log("nav", cost=1.0)
    log.close()
    account = Account("daily", f"user={LONG}", "2026-11-27", 10**18)
    SqliteBudgets("budgets.db").hold([account], 123_456_789)
    return tmp_path


CELLS = {
    "providers": ("GEMINI_API_KEYS,GEMINI_API_KEY", "https://generativelanguage.googleapis.com"),
    "costs audit.jsonl": (f"groq/{LONG}", "content_refused"),
    "audit reconcile audit.jsonl": (LONG, "5b6e1c0e-5a4f-4a8e-9f5d-000000000000"),
    "audit calls audit.jsonl": (f"groq/{LONG}", "content_refused", "nooutcome"),
    "audit show 5b6e audit.jsonl": (f"groq/{LONG}", "nooutcome", fingerprint("gsk_one")),
    "budgets budgets.db": (f"user={LONG}", "1000000000", "999999999.876543211"),
    "keys --audit audit.jsonl": (fingerprint("gsk_one"), LONG, "content_refused"),
    "prices openai/gpt-5.6-sol": ("promptsover272,000tokens", "cache_read"),
    "profile anthropic/claude-haiku-4-5": ("max_input_tokens", "200000"),
    "doctor": ("SCOUT_AUDIT_PATH=audit.jsonlwriteseveryattemptofeverycalldown",),
}


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
@pytest.mark.parametrize("command", CELLS)
def test_every_cell_is_there_and_no_line_of_a_table_is_too_long(
    command: str, columns: int, files: Path
) -> None:
    done = run(*command.split(), columns=columns)
    assert [cell for cell in CELLS[command] if cell not in joined(done.out)] == []
    assert "…" not in done.out
    tables = filter(OF_TABLE.search, done.out.splitlines())
    assert [line for line in tables if cell_len(line) > columns] == []


@pytest.mark.parametrize("command", CELLS)
def test_a_row_is_one_line_for_the_next_command(command: str, files: Path) -> None:
    lines = run(*command.split()).out.splitlines()
    for cell in CELLS[command]:
        assert any(cell in joined(line) for line in lines)


def test_the_demo_is_whole_at_80_and_60_columns() -> None:
    record = {"provider": "mistral", "model": "mistral-small-latest", "key_id": "5ccbc877"}
    failed = {"outcome": "auth_invalid", "waited_s": 0.308, "latency_s": 0.012, "reason": LONG}
    for columns in (80, 60):
        console = Console(file=StringIO(), width=columns)
        print_table(demo_script.attempts_table([{**record, **failed}]), console)
        output = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
        for cell in ("mistral/mistral-small-latest", "5ccbc877", "auth_invalid", "0.308s"):
            assert cell in joined(output)
        assert LONG[:48] in joined(output)
        assert all(len(line) <= columns for line in output.splitlines())


def test_wide_letters_are_counted_as_they_are_shown() -> None:
    console = Console(file=StringIO(), width=20)
    print_table(TableData(("name", "what"), [("名前" * 8, "x" * 30)]), console)
    output = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert joined(output).count("名前") == 8
    assert output.count("x") == 30
    assert all(cell_len(line) <= 20 for line in output.splitlines())
