"""Text of others is printed as it is: no markup, no emoji, no escapes, no lines of its own."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest

from scout_adapters import registry
from scout_adapters.audit import AuditLog
from scout_adapters.budget import SqliteBudgets
from scout_adapters.budget.accounts import Account
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.testing import BadRequest, Emulator
from tests.audit.logs import written
from tests.cli.shell import Done, run

HOSTILE = "[red]:100:\x1b[31m\u202e\nFORGED\r\x9b2J[/red]"
"""Rich markup, a shortcode of an emoji, escapes, a mark that reverses text, and two line ends."""

FIELDS = ("provider", "model", "key_id", "code", "service_tier", "user_id", "reason", "run_id")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Write an answer, a failure, another event and an open intent, all of them hostile."""
    log = AuditLog(tmp_path / f"{HOSTILE}.jsonl")
    fields = dict.fromkeys(FIELDS, HOSTILE) | {"tags": [HOSTILE], "number": 1}
    for outcome, cost in (("ok", 1.0), (HOSTILE, None)):
        log.log("llm_attempt", **fields, outcome=outcome, cost=cost, cache_read_t=5, input_t=9)
    log.log(HOSTILE, cost=2.0)
    log.log("llm_intent", **fields)
    log.close()
    return log.path


def check(done: Done, *, shown: bool = True) -> None:
    """Check that both outputs are plain, and that the hostile text is in them as it is."""
    output = done.out + done.err
    assert {char for char in output if unicodedata.category(char) in {"Cc", "Cf"}} <= {"\n"}
    assert not [line for line in output.splitlines() if line.startswith("FORGED")]
    assert "💯" not in output
    assert "[red]:100:" in output or not shown


@pytest.mark.parametrize("columns", [None, 60, 200])
@pytest.mark.parametrize("command", ["costs", "audit reconcile", "audit verify", "keys --audit"])
def test_a_log_is_printed_as_it_is(command: str, columns: int | None, log: Path) -> None:
    check(run(*command.split(), log, columns=columns))


@pytest.mark.parametrize("by", ["model", "provider", "key", "tag", "user"])
def test_each_table_of_costs_is_printed_as_it_is(by: str, log: Path) -> None:
    done = run("costs", log, "--by", by)
    check(done)
    assert HOSTILE[:10] in done.out.splitlines()[-1]


def test_json_is_of_plain_letters_and_has_the_text_whole(log: Path) -> None:
    done = run("costs", log, "--json")
    assert done.out.isascii()
    check(done)
    assert json.loads(done.out)["by"]["user"][0]["name"] == HOSTILE


def test_keys_show_outcomes_and_models_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_clients", {})
    monkeypatch.setenv("GROQ_API_KEY", "gsk_one")
    log = AuditLog(tmp_path / "audit.jsonl")
    fields = {"provider": "groq", "model": HOSTILE, "outcome": HOSTILE}
    log.log("llm_attempt", key_id=fingerprint("gsk_one"), **fields)
    log.close()
    done = run("keys", "--audit", log.path)
    check(done)
    assert done.out.count("[red]:100:") == 2


def test_keys_test_shows_what_a_provider_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_clients", {})
    emulator = Emulator(keys={"groq": {"gsk_one": BadRequest(message=HOSTILE)}})
    with emulator.serve():
        monkeypatch.setenv("GROQ_API_URL", emulator.url("groq"))
        monkeypatch.setenv("GROQ_API_KEY", "gsk_one")
        check(run("keys", "test", "groq", "--model", "[red]:100:x"))


def test_budgets_show_names_and_scopes(tmp_path: Path) -> None:
    store = SqliteBudgets(tmp_path / "budgets.db")
    store.hold([Account(HOSTILE, f"user={HOSTILE}", HOSTILE, 10**9)], 1)
    done = run("budgets", store.path)
    check(done)
    assert done.out.count("[red]:100:") == 3
    assert json.loads(run("budgets", store.path, "--json").out)["budgets"][0]["window"] == HOSTILE


def test_a_number_of_a_line_is_no_emoji(tmp_path: Path) -> None:
    path = written(tmp_path / "bad.jsonl", 101)
    path.write_bytes(path.read_bytes().replace(b'"number":99', b'"number":98', 1))
    done = run("audit", "verify", path)
    assert f"{path}:100: edited" in done.out


USES: dict[str, Callable[[Path, Path], list[str | Path]]] = {
    "report": lambda log, out: ["report", log, "--html", out / f"{HOSTILE}.html"],
    "export": lambda log, out: ["audit", "export", log, "--to", out / f"{HOSTILE}.csv"],
    "prune": lambda log, out: ["audit", "prune", log, "--days", "1"],
    "doctor": lambda log, out: ["doctor", HOSTILE, "--audit", out / "no.jsonl"],
    "no log": lambda log, out: ["costs", out / HOSTILE],
    "no budgets": lambda log, out: ["budgets", log],
    "no heads": lambda log, out: ["audit", "verify", log, "--heads", log],
    "no module": lambda log, out: ["doctor", "--import", HOSTILE],
    "no provider": lambda log, out: ["keys", "test", HOSTILE],
    "no price": lambda log, out: ["prices", f"groq/{HOSTILE}"],
    "no profile": lambda log, out: ["profile", f"groq/{HOSTILE}"],
    "no time": lambda log, out: ["costs", log, "--since", HOSTILE],
    "no table": lambda log, out: ["costs", log, "--by", HOSTILE],
    "no number": lambda log, out: ["costs", log, "--days", HOSTILE],
    "no command": lambda log, out: [HOSTILE],
    "no option": lambda log, out: ["costs", f"--{HOSTILE}"],
    "no format": lambda log, out: ["audit", "export", log, "--to", out / HOSTILE],
    "no host": lambda log, out: ["emulator", "--host", HOSTILE],
    "no folder": lambda log, out: ["report", log, "--html", out / HOSTILE / "x.html"],
}


NOT_SHOWN = {"prune", "doctor", "no number", "no format"}
"""Uses whose output does not have the name."""


@pytest.mark.parametrize("use", USES)
def test_names_of_files_and_arguments_are_printed_as_they_are(
    use: str, log: Path, tmp_path: Path
) -> None:
    check(run(*USES[use](log, tmp_path)), shown=use not in NOT_SHOWN)
