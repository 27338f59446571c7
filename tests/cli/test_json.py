"""`--json`: one object of documented fields, decimals as strings, for every command with data."""

from __future__ import annotations

import json
import re
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer

from scout_adapters import registry
from scout_adapters.audit import AuditLog
from scout_adapters.budget import SqliteBudgets
from scout_adapters.budget.accounts import Account
from scout_adapters.cli import app
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import Emulator
from scout_adapters.testing.replay.cassette_files import Stamp, write_cassette
from tests.audit.logs import written
from tests.cli.shell import run, start
from tests.support.paths import ROOT
from tests.support.waiting import HANG
from tests.testing.recorded import exchanges

PAGE = (ROOT / "docs/command-line.md").read_text()
ROWS = re.findall(r"^\| `([a-z ]+)` \| (.*?) \| (.*?) ?\|$", PAGE, re.MULTILINE)
FIELDS = {command: re.findall(r"`(\w+)`", fields) for command, fields, _ in ROWS}
ENTRIES = {command: re.findall(r"`(\w+)`", entry.partition("(")[0]) for command, _, entry in ROWS}

ARGUMENTS: dict[str, list[str]] = {
    "providers": [],
    "keys": ["--audit", "audit.jsonl"],
    "keys test": ["groq"],
    "doctor": ["groqq"],
    "prices": ["groq/mine"],
    "models": ["openai/gpt-5-mini", "groq/openai/gpt-oss-120b", "--on", "2026-10-01"],
    "profile": ["groq/openai/gpt-oss-120b"],
    "route": ["route.yaml"],
    "migrate": ["config.yaml"],
    "costs": ["audit.jsonl"],
    "budgets": ["budgets.db"],
    "audit verify": ["edited.jsonl"],
    "audit reconcile": ["audit.jsonl"],
    "audit calls": ["audit.jsonl"],
    "audit show": ["3", "audit.jsonl"],
    "audit export": ["audit.jsonl", "--to", "out.csv"],
    "audit prune": ["audit.jsonl", "--days", "1"],
    "report": ["audit.jsonl", "--html", "out.html"],
    "cassettes list": [],
    "cassettes show": ["cassettes/test_x/test_it.yaml"],
    "cassettes check": ["cassettes"],
    "cassettes redact": ["cassettes"],
}
EXIT_1 = {"doctor", "audit verify", "audit reconcile", "cassettes check"}
SHOWS = {"demo", "cassettes record"}
"""Commands without data."""


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    log = AuditLog("audit.jsonl")
    fields = {"provider": "groq", "model": "m", "run_id": "1", "number": 1, "outcome": "ok"}
    log.log("llm_attempt", **fields, cost=0.1, input_t=10, output_t=5)
    log.log("llm_attempt", **fields | {"run_id": "2"}, cost=0.2)
    log.log("llm_attempt", **fields | {"run_id": "3", "outcome": "capacity"})
    log.log("llm_intent", **fields | {"run_id": "4"})
    log.log("nav", cost=0.0000001)
    log.close()
    edited = written(tmp_path / "edited.jsonl", 4)
    edited.write_bytes(edited.read_bytes().replace(b'"number":3', b'"number":4'))
    SqliteBudgets("budgets.db").hold([Account("b", "user=ada", "2026-11-27", 10**9)], 1)
    Path("config.yaml").write_text(
        "model_list: [{model_name: a, litellm_params: {model: groq/x, cooldown_time: 3}}]\n"
    )
    stamp = Stamp(test="test_x.py::test_it", models=("groq/m",))
    write_cassette(Path("cassettes/test_x/test_it.yaml"), stamp, exchanges("Hello"))
    Path("route.yaml").write_text("models: [ollama/llama3.2]\n")
    monkeypatch.setitem(PRICING, "groq", {"mine": {"input": 0.0000125, "request": 0.01}})


def data(command: str) -> dict[str, Any]:
    done = run(*command.split(), *ARGUMENTS[command], "--json")
    assert (done.code, done.err) == (int(command in EXIT_1), "")
    assert done.out.isascii()
    parsed = json.loads(done.out)
    assert isinstance(parsed, dict)
    return parsed


def test_every_command_with_data_is_in_the_list() -> None:
    groups = {group.name: group.typer_instance for group in app.registered_groups}
    names = {_name(command) for command in app.registered_commands}
    for group, commands in groups.items():
        names |= {f"{group} {_name(command)}" for command in commands.registered_commands}
    assert names | {"keys"} == FIELDS.keys() | SHOWS
    assert FIELDS.keys() - {"emulator"} == ARGUMENTS.keys()


def _name(command: Any) -> str:
    return command.name or typer.main.get_command_name(command.callback.__name__)


@pytest.mark.parametrize("command", ARGUMENTS)
def test_fields_are_those_of_the_page(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_clients", {})
    emulator = Emulator()
    with emulator.serve():
        monkeypatch.setenv("GROQ_API_URL", emulator.url("groq"))
        monkeypatch.setenv("GROQ_API_KEY", "gsk_one")
        parsed = data(command)
    assert list(parsed) == FIELDS[command]
    entries = [entry for value in parsed.values() if isinstance(value, list) for entry in value]
    for entry in entries if command != "costs" else ():
        assert not isinstance(entry, dict) or entry.keys() == set(ENTRIES[command])
    assert not list(floats_of_money(parsed))


def floats_of_money(value: Any, name: str = "") -> Any:
    """Yield the numbers whose names end like amounts of money."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from floats_of_money(inner, f"{name}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from floats_of_money(inner, name)
    elif isinstance(value, int | float) and "usd" in name:
        yield name


def test_costs_are_exact_and_grouped() -> None:
    parsed = data("costs")
    assert Decimal(parsed["cost_usd"]) == Decimal("0.3000001")
    assert parsed["cost_usd"] == "0.3000001"
    assert list(parsed["by"]) == ["day", "model", "provider", "key", "tag", "user"]
    (model,) = parsed["by"]["model"]
    assert ["name", *parsed["total"]] == ENTRIES["costs"][1:2] + list(model)[1:]
    assert (model["name"], model["calls"], model["cost_usd"]) == ("groq/m", 3, "0.3")
    assert parsed["failures"] == [{"outcome": "capacity", "provider": "groq", "requests": 1}]
    assert parsed["other_events"] == [{"event": "nav", "rows": 1, "cost_usd": "0.0000001"}]


def test_prices_are_decimals_and_fees_stand_apart() -> None:
    (tier,) = data("prices")["tiers"]
    (rates,) = tier["rates"]
    assert rates["usd_per_million_tokens"] == {"input": "0.0125"}
    assert Decimal(rates["usd_for_one"]["request"]) == Decimal("0.01")


def test_budgets_are_exact() -> None:
    (row,) = data("budgets")["budgets"]
    assert (row["limit_usd"], row["held_usd"], row["left_usd"]) == (
        "1",
        "0.000000001",
        "0.999999999",
    )


def test_json_may_stand_before_the_name_of_a_subcommand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_clients", {})
    done = run("keys", "--json", "test")
    assert (done.code, json.loads(done.out)) == (1, {"keys": [], "unreadable": []})


def test_an_error_leaves_stdout_empty() -> None:
    done = run("costs", "none.jsonl", "--json")
    assert (done.code, done.out, done.err) == (1, "", "no log at none.jsonl\n")


def test_the_emulator_prints_its_address_and_ends_with_ctrl_c() -> None:
    with start("emulator", "--port", "0", "--json") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=HANG)
        finally:
            process.kill()
    assert list(json.loads("".join(lines))) == FIELDS["emulator"]
    assert (process.returncode, out, err) == (0, "", "")
