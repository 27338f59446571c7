"""Keys from files and variables in `keys`, `keys test` and `doctor`: by label, never by secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scout_adapters import registry
from scout_adapters.cli import app
from scout_adapters.cli.console import console
from scout_adapters.testing import Emulator

GOOD = "gsk_cli_of_a_file_1"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file with the key of Groq, which its variable names."""
    path = tmp_path / "groq"
    path.write_text(GOOD)
    monkeypatch.setattr(registry, "_clients", {})
    monkeypatch.setattr(console, "_width", 400)
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(tmp_path / "audit.jsonl"))
    with (emulator := Emulator(keys={"groq": {GOOD: None}})).serve():
        monkeypatch.setenv("GROQ_API_URL", emulator.url("groq"))
        monkeypatch.setenv("GROQ_API_KEY", f"file:{path}")
        yield path


def run_cli(*arguments: str) -> str:
    output = CliRunner().invoke(app, arguments).output
    assert GOOD not in output
    return output


def test_a_key_from_a_file_is_listed_by_its_label_and_tested(path: Path) -> None:
    assert f"(file:{path})" in run_cli("keys")
    (row,) = json.loads(run_cli("keys", "--json"))["keys"]
    assert (row["source"], row["key_id"][:4]) == (f"file:{path}", "src_")
    assert "key source" not in run_cli("doctor")
    tested = json.loads(run_cli("keys", "test", "groq", "--json"))["keys"][0]
    assert (tested["outcome"], tested["source"]) == ("works", f"file:{path}")


def test_a_file_that_is_not_there_is_a_finding(path: Path) -> None:
    path.unlink()
    output = run_cli("doctor")
    assert f"the key source file:{path} raised FileNotFoundError" in output
    assert "repair the file, variable or function that the key comes from" in output
    assert (
        json.loads(run_cli("keys", "test", "groq", "--json"))["keys"][0]["outcome"] == "key_source"
    )
