"""The report on a log of calls to the emulator equals the emulator's own records."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from scout_adapters import (
    ScoutAnthropicChatModel,
    ScoutAuditCallbackHandler,
    ScoutCostCallbackHandler,
    ScoutGroqChatModel,
    ScoutRouterChatModel,
)
from scout_adapters.audit import AuditLog
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.report.format import money
from scout_adapters.report.page import PageOptions, write_page
from scout_adapters.report.summary import summarise
from scout_adapters.testing import Emulator, OutOfCredit, Overloaded, RateLimited, Revoked
from tests.report.output import data_in, line, run_cli
from tests.report.recount import attempts_in, calls_in, end_of, saved, spent

CACHED: dict[str, Any] = {
    "type": "text",
    "text": "long " * 4000,  # Claude Haiku 4.5 caches from 4,096 tokens on
    "cache_control": {"type": "ephemeral"},
}


@dataclass(frozen=True)
class Played:
    """Calls that were made, and their records."""

    path: Path
    emulator: Emulator
    costs: ScoutCostCallbackHandler
    keys: dict[str, str]


@pytest.fixture(scope="module")
def played(tmp_path_factory: Any) -> Played:
    """Make calls past dead keys and providers, with a cache, a stream and an unknown price."""
    keys = {name: f"{name}-{uuid4()}" for name in ("dead", "slow", "poor", "good", "claude", "m")}
    faults = {
        keys["dead"]: Revoked(),
        keys["slow"]: RateLimited(seconds=60),
        keys["poor"]: OutOfCredit(),
        keys["good"]: None,
    }
    emulator = Emulator(keys={"groq": faults}, down={"mistral": Overloaded()})
    at: dict[str, Any] = {"transport": emulator.transport()}
    log = AuditLog(tmp_path_factory.mktemp("played") / "audit.jsonl")
    costs = ScoutCostCallbackHandler()
    config: Any = {"callbacks": [ScoutAuditCallbackHandler(log), costs]}
    groq = ScoutGroqChatModel(model="openai/gpt-oss-120b", api_keys=list(faults), **at)
    mistral = {"model": "mistral/mistral-small-latest", "api_key": keys["m"], **at}
    router = ScoutRouterChatModel(models=[mistral, groq])
    for number in range(4):
        named = {"tags": ["search"], "metadata": {"user_id": f"user {number % 2}"}}
        assert router.invoke("hello", config | named).text
    claude = ScoutAnthropicChatModel(api_key=keys["claude"], **at)
    for _ in range(2):
        assert list(claude.stream([("user", [CACHED])], config | {"tags": ["books", "search"]}))
    own = ScoutGroqChatModel(model="nobodys-model", api_key=keys["good"], **at)
    assert own.invoke("hello", config).text
    log.close()
    return Played(log.path, emulator, costs, keys)


def test_requests_failures_and_tokens_are_those_that_the_emulator_has_seen(played: Played) -> None:
    total, seen = summarise(played.path).total(), played.emulator.log
    assert total.requests == len(seen) > 10
    assert total.failed == sum(exchange.status != 200 for exchange in seen) > 4
    assert total.input_t == sum(exchange.input_tokens for exchange in seen)
    assert total.output_t == sum(exchange.output_tokens for exchange in seen)
    assert (total.calls, total.answered) == (7, 7)
    requests = Counter(exchange.provider for exchange in seen)
    by_provider = summarise(played.path).by("provider")
    assert {name: sums.requests for name, sums in by_provider.items()} == requests


def test_each_keys_requests_and_state_are_those_that_the_emulator_has_played(
    played: Played,
) -> None:
    health = {key.key: key for key in summarise(played.path).keys.ranked()}
    states = {"dead": "refused", "slow": "limited", "poor": "out of credit", "good": "ok"}
    for name, key in played.keys.items():
        record = health[fingerprint(key)]
        assert record.uses == len(played.emulator.requests(key=key)) > 0
        assert record.state == states.get(name, "ok" if name == "claude" else None)
    assert len(health) == len(played.keys)


def test_the_cost_is_that_of_the_rows_and_of_the_cost_handler(played: Played) -> None:
    summary, rows = summarise(played.path), attempts_in(played.path)
    assert Fraction(summary.cost) == spent(rows) > 0
    assert float(summary.cost) == pytest.approx(played.costs.total_cost, abs=1e-12)
    assert summary.total().unpriced == played.costs.unpriced_calls == 1
    assert Fraction(summary.total().saved) == saved(rows) > 0


def test_the_tables_show_the_values_of_the_rows(played: Played) -> None:
    code, output = run_cli("costs", played.path)
    rows = attempts_in(played.path)
    assert code == 0
    cost = money(Decimal(repr(float(spent(rows)))))
    assert f"≥ {cost}" in line(output, "spent")
    ends = Counter(f"{row['provider']}/{row['model']}" for row in map(end_of, calls_in(rows)))
    for name, calls in ends.items():
        assert line(output, name).split()[1] == str(calls)
    kinds = Counter(row["outcome"] for row in rows if row["outcome"] not in {"ok", "skipped"})
    for kind, times in kinds.items():
        assert line(output, kind).split()[1] == str(times)
    assert line(output, "search").split()[1] == "6"
    assert line(output, "user 0").split()[2] == "2"
    assert "1 answer without a known price" in output


def test_the_page_shows_the_values_of_the_rows_and_no_key(played: Played, tmp_path: Path) -> None:
    write_page(played.path, tmp_path / "page.html", PageOptions())
    page = (tmp_path / "page.html").read_text()
    assert not any(key in page for key in played.keys.values())
    data, rows = data_in(page), attempts_in(played.path)
    assert data["head"]["cost"] == pytest.approx(float(spent(rows)))
    assert data["calls"]["all"] == len(data["calls"]["time"]) == 7
    assert sorted(data["calls"]["run"]) == sorted(call[0]["run_id"] for call in calls_in(rows))
    assert data["unit"] == "minute"
    named = {(key["provider"], key["key"]) for key in data["keys"]["listed"]}
    assert named == {(row["provider"], row["key_id"]) for row in rows if "key_id" in row}
