"""The demo shows what it promises, and the log of the emulator confirms it."""

from __future__ import annotations

import json
import os
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from scout_adapters.cli import app, demo_script
from scout_adapters.llm.health.key_texts import fingerprint


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    audit = tmp_path_factory.mktemp("demo") / "audit.jsonl"
    console = Console(file=StringIO(), width=160)
    demo_script.run(console, audit_path=audit)
    output = console.file
    assert isinstance(output, StringIO)
    return output.getvalue(), audit


def test_it_rotates_past_the_revoked_and_the_limited_key(played: tuple[str, Path]) -> None:
    outcomes: dict[object, object] = {}
    for row in rows(played[1]):  # the first of each key: the limit ends while the demo goes on
        outcomes.setdefault((row["provider"], row.get("key_id")), row["outcome"])
    assert outcomes["groq", fingerprint("groq-demo-revoked")] == "auth_invalid"
    assert outcomes["groq", fingerprint("groq-demo-limited")] == "rate_limit"
    assert outcomes["groq", fingerprint("groq-demo-good")] == "ok"


def test_it_fails_over_past_the_dead_provider(played: tuple[str, Path]) -> None:
    first = rows(played[1])[0]
    assert (first["provider"], first["outcome"]) == ("mistral", "capacity")
    assert any(row["outcome"] == "skipped" for row in rows(played[1]))


def test_it_prints_answers_attempts_and_costs(played: tuple[str, Path]) -> None:
    text = played[0]
    for heading in ("Attempts", "Cost by model", "What the emulator saw", "get_weather", "Joke("):
        assert heading in text
    assert "total" in text
    assert "0.00000000" not in text


def test_no_key_stands_in_what_it_prints_or_logs(played: tuple[str, Path]) -> None:
    everything = played[0] + played[1].read_text()
    for keys in demo_script.KEYS.values():
        assert not [key for key in keys if key in everything]


def test_live_without_keys_names_the_variable_to_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in list(os.environ):
        if "_API_KEY" in name:
            monkeypatch.delenv(name)
    done = CliRunner().invoke(app, ["demo", "--live", "--audit", str(tmp_path / "a.jsonl")])
    assert done.exit_code == 1
    assert "GROQ_API_KEY" in done.output


def test_the_list_of_providers_names_variables() -> None:
    done = CliRunner().invoke(app, ["providers"], env={"COLUMNS": "200"})
    assert done.exit_code == 0
    assert "GEMINI_API_KEY" in done.output


def rows(audit: Path) -> list[dict[str, object]]:
    lines = map(json.loads, audit.read_text().splitlines())
    return [line for line in lines if line["event"] == "llm_attempt"]
