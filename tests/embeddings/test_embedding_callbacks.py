"""Costs, budgets and the audit log of embeddings, where LangChain itself has no callbacks."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from langchain_core.vectorstores import InMemoryVectorStore

from scout_adapters import (
    ScoutAuditCallbackHandler,
    ScoutBudgetCallbackHandler,
    ScoutCostCallbackHandler,
    get_scout_cost_callback,
)
from scout_adapters.errors import BudgetExceeded
from scout_adapters.testing import Emulator, Revoked
from tests.embeddings.conftest import Embed
from tests.embeddings.vector_models import embeddings_of

PRICE = 0.02e-6
"""US dollars per token of text-embedding-3-small."""


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_costs_are_those_of_the_emulators_tokens(emulator: Emulator, embed: Embed) -> None:
    costs = ScoutCostCallbackHandler()
    embed(embeddings_of(emulator, callbacks=costs, chunk_size=2), ["one", "two", "three"])
    tokens = sum(exchange.input_tokens for exchange in emulator.log)
    assert (costs.calls, costs.total.input_tokens, costs.total.output_tokens) == (2, tokens, 0)
    assert costs.total_cost == pytest.approx(tokens * PRICE)
    assert len(costs.by_run) == 1  # both requests are of one call


def test_an_unknown_price_is_none_and_missing_counts_are_estimated(
    emulator: Emulator, tmp_path: Path
) -> None:
    costs, path = ScoutCostCallbackHandler(), tmp_path / "audit.jsonl"
    callbacks = [costs, ScoutAuditCallbackHandler(path)]
    embeddings_of(emulator, "together/BAAI/bge-m3", callbacks=callbacks).embed_query("Hello")
    outcome = rows(path)[-1]
    assert costs.unpriced_calls == 1
    assert "cost" not in outcome
    assert outcome["estimated"] is True
    assert outcome["input_t"] == 2


def test_the_cost_that_a_provider_states_counts(emulator: Emulator) -> None:
    costs = ScoutCostCallbackHandler()
    name = "openrouter/openai/text-embedding-3-small"
    embeddings_of(emulator, name, callbacks=[costs]).embed_query("Hello")
    assert costs.total_cost == pytest.approx((emulator.log[-1].cost_nanousd or 0) / 1e9)


def test_the_context_of_costs_includes_embeddings(emulator: Emulator, embed: Embed) -> None:
    embeddings = embeddings_of(emulator)
    with get_scout_cost_callback() as costs:
        embed(embeddings, ["Hello"])
    embed(embeddings, ["Hello"])
    assert costs.calls == 1


def test_handlers_of_a_surrounding_run_count_embeddings_for_it(emulator: Emulator) -> None:
    embeddings, costs = embeddings_of(emulator), ScoutCostCallbackHandler()

    def sync(text: str) -> int:
        return len(embeddings.embed_query(text))

    async def asynchronous(text: str) -> int:
        return len(await embeddings.aembed_query(text))

    chain = RunnableLambda(sync, asynchronous)
    config: Any = {"callbacks": [costs], "tags": ["search"]}
    assert chain.invoke("Hello", config) == 1536
    assert asyncio.run(chain.ainvoke("Hello", config)) == 1536
    assert costs.calls == 2
    assert len(costs.by_run) == 2
    assert costs.breakdown("tag")["search"].calls == 2


def test_a_retriever_in_a_chain_counts_for_the_chain(emulator: Emulator) -> None:
    store, costs = InMemoryVectorStore(embeddings_of(emulator)), ScoutCostCallbackHandler()
    store.add_texts(["one"])
    chain = RunnableLambda(str.strip) | store.as_retriever()
    assert len(chain.invoke(" one ", {"callbacks": [costs]})) == 1
    assert costs.calls == 1


def test_the_audit_log_has_an_intent_and_an_outcome_of_each_request(
    tmp_path: Path, embed: Embed
) -> None:
    emulator = Emulator(keys={"openai": {"sk-dead": Revoked(), "sk-good": None}})
    path = tmp_path / "audit.jsonl"
    options: dict[str, Any] = {"tags": ["index"], "metadata": {"user_id": "me"}}
    embeddings = embeddings_of(
        emulator,
        api_keys=["sk-dead", "sk-good"],
        callbacks=[ScoutAuditCallbackHandler(path)],
        **options,
    )
    embed(embeddings, ["Hello"])
    log = rows(path)
    events = [(row["event"], row.get("outcome")) for row in log]
    assert events == [
        ("llm_intent", None),
        ("llm_attempt", "auth_invalid"),
        ("llm_intent", None),
        ("llm_attempt", "ok"),
    ]
    assert (log[-1]["tags"], log[-1]["user_id"]) == (["index"], "me")
    assert log[-1]["input_t"] == emulator.log[-1].input_tokens
    assert len({row["run_id"] for row in log}) == 1
    assert "Hello" not in path.read_text()


def test_the_log_of_the_process_has_embeddings_without_handlers(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embed: Embed
) -> None:
    path = tmp_path / "audit.jsonl"
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(path))
    embed(embeddings_of(emulator), ["Hello"])
    assert [row["event"] for row in rows(path)] == ["llm_intent", "llm_attempt"]


def test_a_budget_holds_no_more_than_each_request_may_cost_and_then_stops(
    emulator: Emulator, embed: Embed
) -> None:
    text = "word " * 400
    bound = (len(text) + 1_200) * PRICE
    budget = ScoutBudgetCallbackHandler(limit_usd=2.4 * bound)
    embeddings = embeddings_of(emulator, callbacks=[budget], max_concurrency=1, chunk_size=1)
    with pytest.raises(BudgetExceeded):
        embed(embeddings, [f"{number} {text}" for number in range(50)])
    billed = sum(exchange.input_tokens for exchange in emulator.log) * PRICE
    assert 0 < billed <= 2.4 * bound
    assert len(emulator.log) < 50
