"""The page's list of calls: how long each lasted and waited, why it failed, and its attempts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scout_adapters.audit import AuditLog
from scout_adapters.report.page import PARTS, PageOptions, write_page
from tests.report.output import data_in, run_cli

OF_RUN = {"run_id": "1", "provider": "groq", "model": "m"}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AuditLog:
    """Return a log whose rows are all of one moment."""
    monkeypatch.setattr("scout_adapters.audit.log.now", lambda: "2026-11-29T02:00:00.000000+00:00")
    return AuditLog(tmp_path / "audit.jsonl")


def calls_in_page(log: AuditLog) -> dict[str, Any]:
    page = log.path.with_name("page.html")
    write_page(log.path, page, PageOptions())
    data = data_in(page.read_text())
    return {**data["calls"], "attempts": data["attempts"]}


def texts(column: dict[str, Any]) -> list[Any]:
    return [column["names"][code] for code in column["codes"]]


def test_a_failed_call_has_lasted_as_long_as_all_its_attempts_and_waits(log: AuditLog) -> None:
    log.log("llm_attempt", **OF_RUN, number=1, outcome="capacity", status=503, latency_s=0.5)
    log.log(
        "llm_attempt", **OF_RUN, number=2, outcome="rate_limit", latency_s=0.025, waited_s=2.5,
        retry_after=60, key_id="aaaaaaaa", code="tpm", reason="limit reached",
    )  # fmt: skip
    log.log("llm_attempt", **OF_RUN | {"model": "n"}, number=2, outcome="skipped", ready_in_s=9.5)
    calls = calls_in_page(log)
    assert (calls["lasted"], calls["waited"]) == ([3.025], [2.5])
    attempts = calls["attempts"]
    assert attempts["count"] == [3]
    assert texts(attempts["outcome"]) == ["capacity", "rate_limit", "skipped"]
    assert texts(attempts["reason"]) == ["", "tpm: limit reached", ""]
    assert texts(attempts["key"]) == ["", "aaaaaaaa", ""]
    assert attempts["status"] == [503, None, None]
    assert attempts["ready"] == [None, 60, 9.5]
    assert attempts["took"] == [0.5, 0.025, None]


def test_a_call_without_a_request_has_the_reasons_of_all_candidates(log: AuditLog) -> None:
    for model, reason in (("m", "circuit open"), ("n", "every key was refused: 1 refused (a)")):
        log.log(
            "llm_attempt", **OF_RUN | {"model": model}, number=0, outcome="skipped", reason=reason
        )
    calls = calls_in_page(log)
    assert texts(calls["outcome"]) == ["no candidate"]
    assert texts(calls["model"]) == [["groq/m", "groq/n"]]
    assert texts(calls["reason"]) == [
        "groq/m: circuit open; groq/n: every key was refused: 1 refused (a)"
    ]
    assert calls["attempts"]["count"] == [2]


def test_an_answer_at_once_lists_no_attempts(log: AuditLog) -> None:
    log.log("llm_attempt", **OF_RUN, number=1, outcome="ok", latency_s=0.5)
    assert calls_in_page(log)["attempts"]["count"] == [0]


def test_a_page_without_scripts_names_the_command_that_shows_the_same() -> None:
    _, _, rest = (PARTS / "page.html").read_text().partition("<noscript>")
    assert "scout-adapters audit calls" in rest.partition("</noscript>")[0]


def test_the_page_has_a_name_of_its_own(
    log: AuditLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log.log("llm_attempt", **OF_RUN, number=1, outcome="ok")
    code, output = run_cli("report", log.path)
    assert (code, output) == (0, "report.html: 0.3 MB\n")
    assert (tmp_path / "report.html").exists()
