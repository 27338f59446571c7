"""The cost handler's sum is the audit log's, however a call ends, and counts nothing twice."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, CallbackManager
from langchain_core.runnables import RunnableLambda

from scout_adapters import (
    ScoutAnthropicChatModel,
    ScoutAuditCallbackHandler,
    ScoutCostCallbackHandler,
    ScoutGroqChatModel,
    get_scout_cost_callback,
)
from scout_adapters.errors import ScoutError
from scout_adapters.testing import CutMidStream, Emulator, RateLimited


class Books:
    """A cost handler and an audit log that observe the same calls."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.costs = ScoutCostCallbackHandler()
        self.handlers: list[Any] = [self.costs, ScoutAuditCallbackHandler(path)]

    @property
    def rows(self) -> list[Any]:
        rows = [json.loads(line) for line in self._path.read_text().splitlines()]
        return [row for row in rows if row["event"] == "llm_attempt"]

    @property
    def audited(self) -> Decimal:
        return sum((Decimal(repr(row.get("cost", 0.0))) for row in self.rows), Decimal(0))

    @property
    def handled(self) -> Decimal:
        return sum((row.cost for row in self.costs.rows), Decimal(0))


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path / "audit.jsonl")


def groq(emulator: Emulator, **options: Any) -> ScoutGroqChatModel:
    return ScoutGroqChatModel(
        api_keys=["gsk_a", "gsk_b"], transport=emulator.transport(), **options
    )


def claude(emulator: Emulator, **options: Any) -> ScoutAnthropicChatModel:
    return ScoutAnthropicChatModel(api_key="sk-a", transport=emulator.transport(), **options)


class Stuck(AsyncCallbackHandler):
    """Does not return from its attempt callback."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()

    async def on_custom_event(self, name: str, data: Any, **kwargs: Any) -> None:
        self.reached.set()
        await asyncio.Event().wait()


async def test_a_call_that_is_cancelled_after_its_answer_was_booked_is_counted(
    emulator: Emulator, books: Books
) -> None:
    stuck = Stuck()
    config: Any = {"callbacks": [*books.handlers, stuck]}
    task = asyncio.create_task(groq(emulator).ainvoke("hi", config))
    await stuck.reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [row["outcome"] for row in books.rows] == ["ok"]
    assert books.costs.calls == 1
    assert books.handled == books.audited > 0


@pytest.mark.parametrize("chunks", [1, 2, 3, 1000])
def test_a_closed_stream_costs_what_the_audit_log_records(
    chunks: int, emulator: Emulator, books: Books
) -> None:
    stream = claude(emulator).stream("Write a story.", {"callbacks": books.handlers})
    for number, _ in enumerate(stream, 1):
        if number == chunks:
            break
    stream.close()  # type: ignore[attr-defined]  # a generator
    (row,) = books.rows
    assert books.handled == books.audited > 0
    ended = row["outcome"] == "ok"
    assert (books.costs.calls, books.costs.uncertain_attempts) == (int(ended), int(not ended))


def test_what_had_been_counted_of_a_broken_answer_is_flagged(
    emulator: Emulator, books: Books
) -> None:
    emulator.script("anthropic", [CutMidStream()])
    with pytest.raises(ScoutError):
        list(claude(emulator, max_retries=0).stream("hi", {"callbacks": books.handlers}))
    (line,) = books.costs.rows
    assert (line.calls, line.uncertain) == (0, 1)
    assert line.cost == line.uncertain_cost == books.audited > 0


def test_unbilled_failures_are_not_counted(emulator: Emulator, books: Books) -> None:
    emulator.script("groq", [RateLimited()])
    groq(emulator).invoke("hi", {"callbacks": books.handlers})
    assert [row["outcome"] for row in books.rows] == ["rate_limit", "ok"]
    assert (books.costs.calls, books.costs.uncertain_attempts) == (1, 0)
    assert books.handled == books.audited


async def test_a_call_counts_once_however_much_lies_around_it(
    emulator: Emulator, books: Books
) -> None:
    model = groq(emulator, callbacks=books.handlers)
    twice = CallbackManager(handlers=[*books.handlers, *books.handlers])
    chain = RunnableLambda(lambda text: text) | model | RunnableLambda(lambda answer: answer)
    with get_scout_cost_callback() as around, get_scout_cost_callback() as within:
        await chain.ainvoke("hi", {"callbacks": books.handlers})
        model.invoke("hi", {"callbacks": twice})
        model.batch(["a", "b"])
        _ = [chunk async for chunk in chain.astream("hi")]
    assert len(emulator.log) == len(books.rows) == 5
    for handler in (around, within, books.costs):
        assert handler.calls == 5
        assert sum((row.cost for row in handler.rows), Decimal(0)) == books.audited
