"""`scout-adapters keys` names the keys of the log: where each comes from, how long it rests."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from scout_adapters import registry
from scout_adapters.llm.health.key_texts import fingerprint
from tests.cli.shell import run

ONE, TWO, GONE = "gsk_first_of_the_list", "gsk_second_of_the_list", "gsk_of_another_machine"
NOW = datetime.now(UTC)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(registry, "_clients", {})
    monkeypatch.setenv("GROQ_API_KEYS", f"{ONE},{TWO}")
    path = tmp_path / "audit.jsonl"

    def write(*rows: tuple[float, str, str]) -> Path:
        """Write outcomes: seconds ago, key, outcome."""
        names = {"event": "llm_attempt", "run_id": "1", "number": 1, "provider": "groq"}
        lines = [
            {"time": (NOW - timedelta(seconds=ago)).isoformat(timespec="microseconds"), **names}
            | {"key_id": fingerprint(key), "outcome": outcome, "model": "m"}
            for ago, key, outcome in rows
        ]
        path.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in lines))
        return path

    return write


def keys(path: Path) -> dict[str, dict[str, Any]]:
    parsed = json.loads(run("keys", "--audit", path, "--json").out)
    return {key["key_id"]: key for key in parsed["keys"]}


def rest(key: dict[str, Any], ago: float) -> timedelta:
    """Return how long a key rests after the outcome that was so many seconds ago."""
    return datetime.fromisoformat(key["rests_until"]) - (NOW - timedelta(seconds=ago))


def test_keys_of_a_list_have_their_place_in_the_variable(log: Any) -> None:
    listed = keys(log((5, TWO, "ok")))
    sources = {key["key_id"]: key["source"] for key in listed.values()}
    assert sources == {fingerprint(ONE): "GROQ_API_KEYS[0]", fingerprint(TWO): "GROQ_API_KEYS[1]"}


def test_a_key_in_a_variable_of_its_own_has_its_name(
    log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROQ_API_KEYS")
    monkeypatch.setenv("GROQ_API_KEY", ONE)
    monkeypatch.setenv("GROQ_API_KEY_2", TWO)
    sources = [key["source"] for key in keys(log()).values()]
    assert sources == ["GROQ_API_KEY", "GROQ_API_KEY_2"]


def test_a_key_that_only_the_log_names_is_listed_with_what_to_do(log: Any) -> None:
    path = log((5, GONE, "auth_invalid"))
    key = keys(path)[fingerprint(GONE)]
    assert (key["provider"], key["source"], key["outcome"]) == ("groq", "log only", "auth_invalid")
    assert (key["who"], key["advice"]) == ("key", "replace the key")
    lines = run("keys", "--audit", path).out.splitlines()
    shown = next(each for each in lines if key["key_id"] in each)
    assert "log only" in shown
    assert "key: replace the key" in shown


@pytest.mark.parametrize("outcome", ["auth_invalid", "billing"])
def test_a_refused_key_rests_until_its_quarantine_ends(log: Any, outcome: str) -> None:
    key = keys(log((60, ONE, outcome), (59, ONE, outcome)))[fingerprint(ONE)]
    assert rest(key, 60) == timedelta(hours=1)  # concurrent calls are one quarantine


def test_the_second_quarantine_is_twice_as_long_and_an_answer_ends_the_row(log: Any) -> None:
    again = log((4000, ONE, "auth_invalid"), (100, ONE, "auth_invalid"))
    assert rest(keys(again)[fingerprint(ONE)], 100) == timedelta(hours=2)
    rows = ((9000, ONE, "auth_invalid"), (500, ONE, "ok"), (100, ONE, "auth_invalid"))
    assert rest(keys(log(*rows))[fingerprint(ONE)], 100) == timedelta(hours=1)


def test_a_quarantine_that_has_ended_is_not_shown(log: Any) -> None:
    assert keys(log((7300, ONE, "billing")))[fingerprint(ONE)]["rests_until"] is None


def test_a_log_alone_lists_its_keys(log: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GROQ_API_KEYS")
    done = run("keys", "--audit", log((5, GONE, "ok")))
    assert fingerprint(GONE) in done.out
    assert "no provider has a key" in done.out
