"""Outages are found in the rows: when a provider stopped to answer, and when it answered again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from scout_adapters.report.page import PageOptions, write_page
from tests.cli.shell import run
from tests.report.output import data_in, line


def at(minute: int) -> str:
    return f"2026-11-29T02:{minute:02}:00.000000+00:00"


def row(minute: int, outcome: str, model: str = "m", **fields: Any) -> dict[str, Any]:
    names = {"event": "llm_attempt", "run_id": str(minute), "number": 1, "provider": "groq"}
    return {"time": at(minute), **names, "model": model, "outcome": outcome, **fields}


@pytest.fixture
def log(tmp_path: Path) -> Any:
    def write(*rows: dict[str, Any]) -> Path:
        path = tmp_path / "audit.jsonl"
        path.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in rows))
        return path

    return write


def outages(path: Path, *options: str) -> list[dict[str, Any]]:
    found = json.loads(run("costs", path, "--json", *options).out)["outages"]
    assert isinstance(found, list)
    return found


def test_an_outage_lasts_from_the_first_refusal_to_the_next_answer(log: Any) -> None:
    path = log(
        row(0, "ok"),
        row(1, "capacity"),
        row(2, "server_error", run_id="1"),
        row(3, "rate_limit", "other"),
        row(4, "skipped", number=0, reason="circuit open"),
        row(5, "capacity"),
        row(9, "ok"),
    )
    assert outages(path) == [
        {
            "subject": "groq/m",
            "first_refusal": at(1),
            "last_refusal": at(5),
            "next_ok": at(9),
            "kinds": {"capacity": 2, "server_error": 1},
            "requests": 3,
            "calls": 3,
        }
    ]
    output = run("costs", path).out
    words = next(each for each in output.splitlines() if "02:09:00" in each).split()
    assert words[:8] == [
        *("groq/m", "2026-11-29", "02:01:00", "2026-11-29", "02:05:00"),
        *("2026-11-29", "02:09:00", "capacity"),
    ]


def test_a_provider_is_out_where_two_of_its_models_are(log: Any) -> None:
    path = log(*(row(n, "connect", "ab"[n % 2]) for n in range(6)), row(8, "ok", "a"))
    (whole, part) = outages(path)
    assert {each["subject"] for each in (whole, part)} == {"groq", "groq/b"}


def test_the_models_of_a_provider_that_is_out_have_no_line(log: Any) -> None:
    path = log(*(row(n, "connect", "ab"[n % 2]) for n in range(8)))
    (outage,) = outages(path)
    assert (outage["subject"], outage["requests"], outage["next_ok"]) == ("groq", 8, None)
    assert "none in the log" in run("costs", path).out


@pytest.mark.parametrize("outcome", ["rate_limit", "auth_invalid", "invalid_request", "cancelled"])
def test_what_is_no_fault_of_the_provider_is_no_outage(log: Any, outcome: str) -> None:
    assert outages(log(*(row(n, outcome) for n in range(9)))) == []


def test_two_refusals_before_an_answer_are_no_outage(log: Any) -> None:
    rows = [row(n, "ok" if n % 3 == 2 else "capacity") for n in range(12)]
    assert outages(log(*rows)) == []


def test_since_and_until_choose_the_rows(log: Any) -> None:
    path = log(*(row(n, "capacity") for n in range(10)))
    (outage,) = outages(path, "--since", "2026-11-29T02:03", "--until", "2026-11-29T02:07")
    assert (outage["first_refusal"], outage["last_refusal"]) == (at(3), at(6))


def test_the_page_has_the_outages_too(log: Any, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write_page(log(*(row(n, "capacity") for n in range(4))), page, PageOptions(until=at(3)))
    data = data_in(page.read_text())
    (outage,) = data["outages"]
    assert (outage["subject"], outage["refusals"], outage["last"]) == ("groq/m", 3, at(2))
    assert data["axis"] == ["2026-11-29T02:00", "2026-11-29T02:01", "2026-11-29T02:02"]


def test_failed_requests_are_counted_by_kind_and_key(log: Any) -> None:
    rows = [row(n, "rate_limit", key_id="bad" if n < 3 else "busy") for n in range(4)]
    path = log(*rows, row(8, "capacity"), row(9, "ok"))
    by_key = json.loads(run("costs", path, "--json").out)["failures_by_key"]
    assert by_key[0] == {
        "outcome": "rate_limit",
        "provider": "groq",
        "key_id": "bad",
        "requests": 3,
        "newest": at(2),
    }
    assert [entry["key_id"] for entry in by_key] == ["bad", None, "busy"]
    assert "rate_limit   groq       bad                  3   2026-11-29 02:02:00" in (
        run("costs", path).out
    )


def test_a_call_without_a_request_counts_for_no_candidate(log: Any) -> None:
    skipped = row(1, "skipped", number=0, reason="every key rests or is refused")
    path = log(row(0, "ok", cost=0.1), skipped)
    parsed = json.loads(run("costs", path, "--json").out)
    by_model = {each["name"]: each["calls"] for each in parsed["by"]["model"]}
    assert by_model == {"groq/m": 1, "no request sent": 1}
    assert (parsed["total"]["calls"], parsed["total"]["not_answered"]) == (2, 1)
    assert line(run("costs", path).out, "no request sent").split()[3:6] == ["1", "1", "0"]
