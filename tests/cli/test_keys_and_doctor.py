"""`scout-adapters keys`, `keys test` and `doctor`, as a user at a terminal runs them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from scout_adapters import ScoutGroqChatModel, registry
from scout_adapters.cli import app
from scout_adapters.cli.console import console
from scout_adapters.doctor.key_checks import AT_ONCE
from scout_adapters.doctor.key_outcomes import last_outcomes
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.testing import Emulator, OutOfCredit, RateLimited, Revoked

GOOD, DEAD, SLOW = "gsk_cli_good_1", "gsk_cli_dead_2", "gsk_cli_slow_3"


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if "API_KEY" in name or "API_URL" in name or "TRACING" in name:
            monkeypatch.delenv(name)
    path = tmp_path / "audit.jsonl"
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(path))
    monkeypatch.setattr(console, "_width", 200)
    return path


@pytest.fixture
def emulator(log: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Groq with a good, a dead and a limited key; clients are new, as in a new process."""
    keys = {GOOD: None, DEAD: Revoked(), SLOW: RateLimited(seconds=90)}
    emulator = Emulator(keys={"groq": keys})
    monkeypatch.setattr(registry, "_clients", {})
    with emulator.serve():
        monkeypatch.setenv("GROQ_API_URL", emulator.url("groq"))
        monkeypatch.setenv("GROQ_API_KEYS", ",".join(keys))
        yield emulator


def run_cli(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, arguments)
    assert not any(key in result.output for key in (GOOD, DEAD, SLOW))
    return result.exit_code, result.output


def line(output: str, key: str) -> str:
    return next(line for line in output.splitlines() if fingerprint(key) in line)


def test_without_a_log_the_state_of_keys_is_unknown(emulator: Emulator) -> None:
    code, output = run_cli("keys")
    assert (code, "unknown" in line(output, GOOD)) == (0, True)
    assert "there is no log at" in output
    assert emulator.log == []


def test_each_key_is_tested_by_itself_once_whatever_the_others_do(emulator: Emulator) -> None:
    code, output = run_cli("keys", "test", "groq")
    assert code == 1
    assert sorted(request.key for request in emulator.log) == sorted((GOOD, DEAD, SLOW))
    assert "works" in line(output, GOOD)
    assert "$0.00" in line(output, GOOD)
    assert "auth_invalid" in line(output, DEAD)
    assert "key: replace the key" in line(output, DEAD)
    assert "rate_limit" in line(output, SLOW)
    assert "nobody: wait" in line(output, SLOW)
    assert all(request.body["max_tokens"] <= 64 for request in emulator.log)


def test_what_calls_wrote_down_is_what_the_list_shows(emulator: Emulator, log: Path) -> None:
    model = ScoutGroqChatModel()
    for _ in range(3):
        model.invoke("hi")
    code, output = run_cli("keys", "--audit", str(log))
    assert code == 0
    assert " ok " in line(output, GOOD)
    assert "auth_invalid" in line(output, DEAD)
    rests = last_outcomes(log)["groq", fingerprint(SLOW)].rests_until
    assert rests is not None
    assert f"{rests.astimezone():%H:%M:%S}" in line(output, SLOW)


def test_good_keys_are_good_news(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEYS", GOOD)
    assert run_cli("keys", "test")[0] == 0


def test_a_provider_without_its_key_is_not_one_that_needs_none(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROQ_API_KEYS")
    code, output = run_cli("keys", "test", "groq")
    assert code == 1
    assert "none set" in output
    assert "none needed" not in output


def test_keys_can_be_tested_with_another_model(emulator: Emulator) -> None:
    run_cli("keys", "test", "groq", "--model", "llama-3.3-70b-versatile")
    assert {request.model for request in emulator.log} == {"llama-3.3-70b-versatile"}


def test_an_account_without_credit_is_the_accounts_to_act(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.script("groq", [OutOfCredit()] * 3)
    assert "account" in line(run_cli("keys", "test", "groq")[1], GOOD)


def test_no_more_keys_than_the_bound_are_tested_at_once(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [f"gsk_many_{number:04}" for number in range(3 * AT_ONCE)]
    emulator.keys["groq"] = dict.fromkeys(keys)
    monkeypatch.setenv("GROQ_API_KEYS", ",".join(keys))
    waiting: list[int] = []
    answer = emulator.answer

    def watched(request: Any) -> Any:
        rows = Path(os.environ["SCOUT_AUDIT_PATH"]).read_text().splitlines(keepends=True)
        written = [json.loads(row) for row in rows if row.endswith("\n")]  # else half written
        over = sum(row["event"] == "llm_attempt" for row in written)
        waiting.append(len(written) - 2 * over)
        return answer(request)

    monkeypatch.setattr(emulator, "answer", watched)
    assert run_cli("keys", "test", "groq")[0] == 0
    assert sorted(entry.key for entry in emulator.log) == keys
    assert 1 < max(waiting) <= AT_ONCE


def test_a_key_test_changes_no_health_state_of_calls(emulator: Emulator) -> None:
    run_cli("keys", "test", "groq")
    states = registry.get("groq").keys
    assert [(state.failures, state.permanently_failed) for state in states] == [(0, False)] * 3
    assert registry.get("groq").endpoint.circuit.is_available()


def test_torn_and_foreign_lines_of_a_log_are_passed_over(log: Path) -> None:
    row = {"event": "llm_attempt", "provider": "groq", "key_id": "ab", "outcome": "ok"}
    lines = [
        json.dumps(row | {"time": "2026-01-02T03:04:05.678+00:00"}),
        json.dumps(row | {"key_id": "cd", "time": "yesterday"}),
        json.dumps(row | {"key_id": "ef", "time": "2026-01-02T03:04:05Z", "retry_after": 1e300})[
            :60
        ],
        '["llm_attempt"]',
        json.dumps(row | {"key_id": "no time"}),
    ]
    log.write_text("\n".join(lines))
    assert list(last_outcomes(log)) == [("groq", "ab")]


def test_a_key_that_cannot_be_read_is_reported_and_the_others_are_listed(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "CANARY and a blank")
    code, output = run_cli("keys")
    assert code == 1
    assert fingerprint(GOOD) in output
    assert "a key from MISTRAL_API_KEY contains a blank" in output
    assert "CANARY" not in output
    code, output = run_cli("keys", "test")
    assert (code, "works" in line(output, GOOD)) == (1, True)
    assert "a key from MISTRAL_API_KEY contains a blank" in output


def test_every_command_reports_an_address_that_cannot_be_used(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "mistral-key-1")
    monkeypatch.setenv("MISTRAL_API_URL", "https://user:CANARY@mistral.example/v1")
    for command in ("keys", "doctor"):
        code, output = run_cli(command)
        assert (code, "MISTRAL_API_URL" in output, "CANARY" in output) == (1, True, False)
    code, output = run_cli("providers")
    assert (code, "see doctor" in output, "CANARY" in output) == (0, True, False)


def test_a_models_name_is_shown_as_it_was_written(log: Path) -> None:
    code, output = run_cli("profile", "groq/[/x]")
    assert (code, "[/x]" in output) == (1, True)


def test_an_unknown_provider_is_answered_with_the_known_ones(log: Path) -> None:
    code, output = run_cli("keys", "test", "groqq")
    assert (code, "known are groq" in output) == (1, True)


def test_the_doctor_reads_the_log_and_exits_with_1(emulator: Emulator) -> None:
    code, output = run_cli("doctor")
    assert (code, "nothing wrong" in output) == (0, True)
    run_cli("keys", "test", "groq")
    code, output = run_cli("doctor")
    assert (code, "1 wrong" in output) == (1, True)
    assert "replace the key" in line(output, DEAD)


def test_a_module_that_registers_a_provider_can_be_named(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from scout_adapters.llm.providers import ProviderClient, registry\n"
    code += "async def call(model, prompt, api_key=None, **more):\n    return api_key\n"
    code += "registry.register('mine', ProviderClient('mine', call, 'MINE_API_KEYS'))\n"
    (tmp_path / "my_own_provider.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    monkeypatch.setenv("MINE_API_KEYS", "mine-1,mine-2")
    assert run_cli("doctor", "mine")[0] == 1
    assert run_cli("doctor", "mine", "--import", "my_own_provider")[0] == 0
    assert fingerprint("mine-2") in run_cli("keys", "--import", "my_own_provider")[1]
    assert run_cli("doctor", "--import", "no_such_module")[0] == 1
