"""`audit calls` and `audit show`: which call failed, and what it did, from the log alone."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from langchain_core.language_models import BaseChatModel

from scout_adapters import ScoutAuditCallbackHandler, ScoutRouterChatModel
from scout_adapters.audit import AuditLog, read_rows
from scout_adapters.chat_models.providers import ScoutGroqChatModel, ScoutMistralChatModel
from scout_adapters.errors import MalformedResponse, NoWorkingKey, ProviderUnavailable
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.testing import (
    CloseBeforeAnswer,
    Emulator,
    OutOfCredit,
    Overloaded,
    RateLimited,
    Revoked,
)
from tests.cli.shell import Done, run
from tests.report.output import line

FAILED, ANSWERED, UNSENT = (str(UUID(int=number << 120)) for number in (5, 6, 7))
"""Runs of three calls: refused everywhere, answered by the second model, and not sent at all."""

KEYS = {name: f"key-{uuid4()}" for name in ("revoked", "broke", "limited", "busy", "good")}


@pytest.fixture(scope="module")
def log(tmp_path_factory: Any) -> Path:
    path = tmp_path_factory.mktemp("calls") / "audit.jsonl"
    faults = {"revoked": Revoked(), "broke": OutOfCredit(), "limited": RateLimited(seconds=60)}
    groq_keys = {KEYS[name]: fault for name, fault in faults.items()}
    mistral_keys = {KEYS["busy"]: Overloaded(), KEYS["good"]: None}
    transport = Emulator(keys={"groq": groq_keys, "mistral": mistral_keys}).transport()
    groq = ScoutGroqChatModel(
        model="openai/gpt-oss-120b", api_keys=[*groq_keys], transport=transport
    )
    busy, good = (
        ScoutMistralChatModel(
            model="mistral-small-latest", api_keys=[KEYS[name]], transport=transport, max_retries=0
        )
        for name in ("busy", "good")
    )
    handler = ScoutAuditCallbackHandler(AuditLog(path))

    def call(run_id: str, user: str, *models: BaseChatModel) -> None:
        config = {"callbacks": [handler], "run_id": UUID(run_id), "tags": ["nightly"]}
        route = ScoutRouterChatModel(models=[*models], max_wait=0, max_retries=0)
        route.invoke("hi", {**config, "metadata": {"user_id": user}})  # type: ignore[arg-type]  # a config

    with pytest.raises(ProviderUnavailable):
        call(FAILED, "ada", groq, busy)
    call(ANSWERED, "bob", groq, good)
    with pytest.raises(NoWorkingKey):
        call(UNSENT, "ada", groq)
    return path


def audit(*arguments: str | Path) -> Done:
    return run("audit", *arguments)


def data(*arguments: str | Path) -> dict[str, Any]:
    parsed = json.loads(audit(*arguments, "--json").out)
    assert isinstance(parsed, dict)
    return parsed


def runs_of(*arguments: str | Path) -> list[str]:
    return [call["run_id"] for call in data("calls", *arguments)["calls"]]


def test_each_call_is_a_line_with_the_model_that_answered_or_refused_last(log: Path) -> None:
    output = audit("calls", log).out
    failed, answered, unsent = (
        line_with(output, run_id).split() for run_id in (FAILED, ANSWERED, UNSENT)
    )
    assert failed[3:7] == ["capacity", "mistral/mistral-small-latest", "ada", "nightly"]
    assert answered[3:7] == ["ok", "mistral/mistral-small-latest", "bob", "nightly"]
    assert answered[-1].startswith("$0.0")
    assert unsent[3:8] == ["no", "candidate", "groq/openai/gpt-oss-120b", "ada", "nightly"]


def line_with(output: str, text: str) -> str:
    return next(each for each in output.splitlines() if text in each)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], [FAILED, ANSWERED, UNSENT]),
        (["--failed"], [FAILED, UNSENT]),
        (["--user", "bob"], [ANSWERED]),
        (["--tag", "nightly", "--failed", "--newest", "1"], [UNSENT]),
        (["--tag", "night"], []),
        (["--until", "2020-01-01"], []),
    ],
)
def test_calls_are_found_by_outcome_user_tag_and_time(
    options: list[str], expected: list[str], log: Path
) -> None:
    assert runs_of(log, *options) == expected


def test_a_call_belongs_to_the_time_at_which_it_began(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    times = ("01:59:59", "02:00:00", "02:00:05", "02:59:59", "03:00:01", "03:00:02")
    events = [("intent", "1"), ("attempt", "1"), ("intent", "2"), ("intent", "3")]
    events += [("attempt", "2"), ("attempt", "3")]
    rows = [
        {"time": f"2026-11-29T{time}.000000+00:00", "event": f"llm_{event}", "run_id": run_id}
        | {"number": 1, **({"outcome": "ok"} if event == "attempt" else {})}
        for time, (event, run_id) in zip(times, events, strict=True)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    window = ["--since", "2026-11-29T02:00", "--until", "2026-11-29T03:00"]
    calls = data("calls", path, *window)
    assert [(call["run_id"], call["outcome"]) for call in calls["calls"]] == [
        ("2", "ok"),
        ("3", "ok"),
    ]
    assert calls["calls"][1]["lasted_s"] == 3.0
    assert calls["until"] == "2026-11-29T03:00:00.000000+00:00"
    assert runs_of(path, *window, "--failed") == []


def test_a_call_that_waited_has_lasted_longer_than_its_last_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scout_adapters.audit.log.now", lambda: "2026-11-29T02:00:00.000000+00:00")
    log = AuditLog(tmp_path / "audit.jsonl")
    fields = {"run_id": "1", "provider": "groq", "model": "m", "outcome": "capacity"}
    log.log("llm_attempt", **fields, number=1, latency_s=0.5)
    log.log("llm_attempt", **fields, number=2, latency_s=0.025, waited_s=2.5)
    (call,) = data("calls", log.path)["calls"]
    assert (call["lasted_s"], call["waited_s"], call["requests"]) == (3.025, 2.5, 2)


def test_a_request_without_outcome_is_no_answer(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit.jsonl")
    log.log("llm_intent", run_id="1", number=1, provider="groq", model="m", key_id="aaaaaaaa")
    (call,) = data("calls", log.path, "--failed")["calls"]
    assert (call["run_id"], call["outcome"], call["model"]) == ("1", "no outcome", "m")
    assert "in progress, or its process ended" in audit("show", "1", log.path).out


def test_a_call_is_shown_with_its_attempts_in_order_and_who_must_act_first(log: Path) -> None:
    output = audit("show", FAILED[:4], log).out
    lines = output.splitlines()
    assert lines[0].startswith(f"run {FAILED}, 20")
    assert "user ada; tags nightly" in lines[1]
    assert "capacity, 4 requests, lasted " in lines[2]
    keys = [fingerprint(KEYS[name]) for name in ("revoked", "broke", "limited", "busy")]
    shown = [each.split()[1:6] for each in lines if "gpt-oss-120b" in each or "small" in each]
    assert [each[:5] for each in shown[:3]] == [
        ["1", "groq/openai/gpt-oss-120b", keys[0], "auth_invalid", "401"],
        ["2", "groq/openai/gpt-oss-120b", keys[1], "billing", "402"],
        ["3", "groq/openai/gpt-oss-120b", keys[2], "rate_limit", "429"],
    ]
    assert "60.0 s" in line_with(output, keys[2])
    assert "skipped" in lines[8]
    owners = [each.split(":")[0] for each in lines[-4:]]
    assert owners == ["key", "account", "provider", "nobody"]
    assert line(output, "key:") == f"key: groq key {keys[0]}: replace the key (auth_invalid)"


def test_every_row_of_a_call_is_in_its_data(log: Path) -> None:
    shown, rows = data("show", FAILED, log), list(read_rows(log))
    attempts = [row for row in rows if row["run_id"] == FAILED and row["event"] == "llm_attempt"]
    assert len(shown["attempts"]) == len(attempts) == 5
    for entry, row in zip(shown["attempts"], attempts, strict=True):
        for field in ("number", "provider", "model", "key_id", "outcome", "status", "reason"):
            assert entry[field] == row.get(field)
        assert (entry["retry_after_s"], entry["latency_s"]) == (
            row.get("retry_after"),
            row.get("latency_s"),
        )
    answered = data("show", ANSWERED, log)
    assert Decimal(str(answered["cost_usd"])) > 0
    assert (answered["user"], answered["tags"]) == ("bob", ["nightly"])


def test_a_call_without_a_request_shows_why_each_candidate_was_skipped(log: Path) -> None:
    shown = data("show", UNSENT, log)
    assert (shown["outcome"], shown["requests"]) == ("no candidate", 0)
    assert [entry["outcome"] for entry in shown["attempts"]] == ["skipped"]
    assert "every key" in shown["attempts"][0]["reason"]
    owners = audit("show", UNSENT, log).out.splitlines()[-3:]
    revoked, broke = (fingerprint(KEYS[name]) for name in ("revoked", "broke"))
    assert owners[0] == f"key: groq key {revoked}: replace the key (refused before the call)"
    assert owners[1].startswith(f"account: groq key {broke}: add credit to the account")


def test_a_prefix_of_no_run_or_of_several_is_refused(log: Path) -> None:
    none, several = audit("show", "ffff", log), audit("show", "0", log)
    assert (none.code, several.code) == (1, 2)
    assert "has a run id that begins with ffff" in none.err
    assert all(run_id in several.err for run_id in (FAILED, ANSWERED, UNSENT))


def test_the_log_that_is_read_and_why_is_said_on_stderr(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(log))
    assert audit("calls").err == f"reading {log}: SCOUT_AUDIT_PATH names it\n"
    assert audit("calls", log).err == ""
    monkeypatch.delenv("SCOUT_AUDIT_PATH")
    monkeypatch.setenv("HOME", str(tmp_path))
    default = tmp_path / ".scout/audit.jsonl"
    assert audit("calls").err == f"no log at {default}: SCOUT_AUDIT_PATH is not set\n"
    AuditLog(default).log("event")
    assert audit("calls").err == f"reading {default}: SCOUT_AUDIT_PATH is not set\n"


def test_the_advice_fits_an_answer_that_never_came(tmp_path: Path) -> None:
    transport = Emulator(down={"groq": CloseBeforeAnswer()}).transport()
    model = ScoutGroqChatModel(api_key="k", transport=transport, max_retries=0)
    config = {
        "callbacks": [ScoutAuditCallbackHandler(tmp_path / "x.jsonl")],
        "run_id": UUID(FAILED),
    }
    with pytest.raises(MalformedResponse):
        model.invoke("hi", config)  # type: ignore[arg-type]  # a config
    assert "the answer broke off, or does not" in audit("show", FAILED, tmp_path / "x.jsonl").out
