"""The commands share one console, one way to fail and one definition of their options."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from scout_adapters import cli
from scout_adapters.cli import app
from scout_adapters.cli.console import console

FILES = sorted(Path(cli.__file__).parent.glob("*.py"))
MODULES = [f"scout_adapters.cli.{file.stem}" for file in FILES if not file.stem.startswith("__")]


@pytest.mark.parametrize("name", MODULES)
def test_no_command_has_a_console_of_its_own(name: str) -> None:
    values = vars(importlib.import_module(name)).values()
    assert all(value is console for value in values if isinstance(value, Console))


@pytest.mark.parametrize(
    "arguments",
    [
        ["doctor", "--import", "no_such_module"],
        ["prices", "no_such_provider/model"],
        ["profile", "no_such_provider/model"],
        ["budgets", "no_such_file.db"],
        ["keys", "test", "no_such_provider"],
        ["audit", "verify", "no_such_log.jsonl"],
        ["costs", "no_such_log.jsonl"],
    ],
)
def test_a_command_that_fails_reports_it_and_exits_with_1(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1
    assert "no_such" in result.output
    assert len(result.output.splitlines()) <= 2
