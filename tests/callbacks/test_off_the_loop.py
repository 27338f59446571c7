"""Handlers that write to files block no event loop, and keep their order and their promises."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda

from scout_adapters import ScoutAuditCallbackHandler, ScoutBudgetCallbackHandler
from scout_adapters.audit import read_rows
from scout_adapters.audit.retention import open_intents
from scout_adapters.budget.sqlite import DEFAULT_TIMEOUT
from scout_adapters.callbacks.awaited_callback import CORE_AWAITS
from scout_adapters.errors import AuditError, BudgetError, BudgetExceeded
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import Emulator, ServerError
from tests.callbacks.budgets import groq
from tests.support.verbs import ASYNC, call_model
from tests.support.waiting import HANG

blockbuster = pytest.importorskip("blockbuster")
pytestmark = pytest.mark.usefixtures("prices")


@pytest.fixture
def detector() -> Iterator[None]:
    """Report blocking calls on a loop's thread, as `langgraph dev` does."""
    with blockbuster.blockbuster_ctx("scout_adapters", excluded_modules=["scout_adapters.testing"]):
        yield


def handlers(folder: Path, **options: Any) -> list[Any]:
    return [
        ScoutAuditCallbackHandler(folder / "new" / "audit.jsonl", **options),
        ScoutBudgetCallbackHandler(50, per="day", path=folder / "new" / "budgets.db"),
    ]


@pytest.mark.parametrize("verb", ASYNC)
async def test_the_detector_of_langgraph_dev_reports_nothing(
    verb: str, emulator: Emulator, tmp_path: Path, detector: None
) -> None:
    emulator.script("groq", [ServerError()])
    both = handlers(tmp_path, chains=True, prompts=str)
    model = groq(emulator)
    chain = RunnableLambda(lambda text: text) | model
    answer = await call_model(chain, verb, "hi", {"callbacks": both})
    assert answer.text


async def test_nothing_of_another_model_is_reported(
    emulator: Emulator, tmp_path: Path, detector: None
) -> None:
    PRICING["openai"]["fake"] = {"input": 1.0, "output": 1.0}
    both = handlers(tmp_path)
    both[1].answer_tokens = 50
    both[1]._allows_unpriced = True
    model = GenericFakeChatModel(messages=iter([AIMessage("hello")]))
    await model.ainvoke("hi", {"callbacks": both})
    await asyncio.to_thread(both[0].worker.wait)
    rows = await asyncio.to_thread(lambda: list(read_rows(both[0].audit.path)))
    assert [row["event"] for row in rows] == ["llm_intent", "llm_attempt"]


async def test_the_log_that_the_environment_names_is_written_off_the_loop(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, detector: None
) -> None:
    path = tmp_path / "new" / "audit.jsonl"
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(path))
    await groq(emulator).ainvoke("hi")
    rows = await asyncio.to_thread(lambda: list(read_rows(path)))
    assert [row["event"] for row in rows] == ["llm_intent", "llm_attempt"]


@contextmanager
def locked(path: Path) -> Iterator[threading.Event]:
    """Hold the lock of a budget file, as another process does, until the event is set."""
    locked, released = threading.Event(), threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            locked.set()
            released.wait(HANG)

    thread = threading.Thread(target=hold)
    thread.start()
    assert locked.wait(HANG)
    try:
        yield released
    finally:
        released.set()
        thread.join()


async def test_a_locked_budget_is_waited_for_while_the_loop_goes_on(
    emulator: Emulator, tmp_path: Path
) -> None:
    budget = ScoutBudgetCallbackHandler(50, path=tmp_path / "b.db")
    model, config = groq(emulator), {"callbacks": [budget]}
    await model.ainvoke("hi", config)
    with locked(tmp_path / "b.db") as released:

        async def tick() -> None:
            for _ in range(20):
                await asyncio.sleep(0.01)
            assert len(emulator.log) == 1
            released.set()

        ticking = asyncio.create_task(tick())
        assert (await model.ainvoke("hi", config)).text
        assert ticking.done()
    await ticking
    assert len(emulator.log) == 2


async def test_a_locked_budget_is_waited_for_no_longer_than_the_call_may(
    emulator: Emulator, tmp_path: Path
) -> None:
    budget = ScoutBudgetCallbackHandler(50, path=tmp_path / "b.db")
    await groq(emulator).ainvoke("hi", {"callbacks": [budget]})
    with locked(tmp_path / "b.db"):
        began = time.monotonic()
        with pytest.raises(BudgetError):
            await groq(emulator, max_wait=0.1).ainvoke("hi", {"callbacks": [budget]})
        assert time.monotonic() - began < DEFAULT_TIMEOUT  # which a store waits by itself
    assert len(emulator.log) == 1


@pytest.mark.parametrize("verb", ASYNC)
async def test_what_is_not_logged_is_not_sent(
    verb: str, emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    handler = ScoutAuditCallbackHandler(tmp_path / "file" / "audit.jsonl")
    with pytest.raises(AuditError):
        await call_model(groq(emulator), verb, "hi", {"callbacks": [handler]})
    assert emulator.log == []


async def test_a_budget_in_a_file_stops_the_calls_of_many_tasks(
    emulator: Emulator, tmp_path: Path
) -> None:
    budget = ScoutBudgetCallbackHandler(3, path=tmp_path / "b.db")
    model, config = groq(emulator), {"callbacks": [budget]}
    results = await asyncio.gather(
        *(model.ainvoke("hi", config) for _ in range(60)), return_exceptions=True
    )
    refused = [each for each in results if isinstance(each, BudgetExceeded)]
    assert 0 < len(refused) == 60 - len(emulator.log)
    assert budget.spent_usd <= 3
    assert budget.held_usd == 0


async def test_a_cancelled_call_leaves_no_hold_and_no_open_intent(
    emulator: Emulator, tmp_path: Path
) -> None:
    both = handlers(tmp_path)
    model = groq(emulator)
    for pause in (0, 0.001, 0.003, 0.01, 0.03):
        task = asyncio.create_task(model.ainvoke("hi", {"callbacks": both}))
        await asyncio.sleep(pause)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    both[0].worker.wait()
    assert both[1].held_usd == 0
    assert not open_intents(both[0].audit.path)


async def test_a_sync_call_in_a_loop_is_stopped_by_its_budget(
    emulator: Emulator, tmp_path: Path
) -> None:
    budget = ScoutBudgetCallbackHandler(0, path=tmp_path / "b.db", answer_tokens=50)
    model = GenericFakeChatModel(messages=iter([AIMessage("hello")]))
    with pytest.raises(BudgetExceeded):
        model.invoke("hi", {"callbacks": [budget]})
    with pytest.raises(BudgetExceeded):
        await model.ainvoke("hi", {"callbacks": [budget]})


def test_core_still_awaits_callbacks_in_the_function_that_is_looked_for() -> None:
    from langchain_core.callbacks import manager

    assert hasattr(manager, CORE_AWAITS)
