"""Rows of the audit handler: the caller, the price and, where enabled, other runs."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool

from scout_adapters import ScoutAnthropicChatModel, ScoutAuditCallbackHandler, ScoutGroqChatModel
from scout_adapters.audit import AuditLog, read_rows
from scout_adapters.audit.retention import open_intents
from scout_adapters.errors import AuditError
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import Emulator
from tests.support.other_models import NeverEnding
from tests.support.verbs import VERBS, run_model

SECRET = "4111 1111 1111 1111"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def groq(**options: Any) -> ScoutGroqChatModel:
    return ScoutGroqChatModel(api_key="gsk_a", transport=Emulator().transport(), **options)


def other(*texts: str) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter(map(AIMessage, texts)))


@tool
def double(number: int) -> int:
    """Double a number."""
    return number * 2


def test_a_row_names_the_caller(path: Path) -> None:
    config: Any = {
        "callbacks": [ScoutAuditCallbackHandler(path)],
        "tags": ["team-a", 7],
        "metadata": {"user_id": "ada"},
    }
    (RunnableLambda(lambda text: text) | groq()).invoke("hi", config)
    row = list(read_rows(path))[-1]
    assert (row["tags"], row["user_id"]) == (["team-a", "7"], "ada")
    assert row["parent_run_id"] not in {None, row["run_id"]}


TIMED = {"time", "run_id", "parent_run_id", "latency_s", "first_token_s", "request_id", "chain"}
"""Fields that differ from call to call."""


@pytest.mark.parametrize("handlers", [[], [BaseCallbackHandler()]], ids=["none", "another's"])
@pytest.mark.parametrize("within_chain", [False, True])
@pytest.mark.parametrize("verb", VERBS)
def test_rows_are_the_same_without_the_handler(
    verb: str,
    within_chain: bool,
    handlers: list[Any],
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = {"tags": ["team-a", "prod"], "metadata": {"user_id": "ada"}}
    by_variable = path.with_name("by_variable.jsonl")
    passed = RunnableLambda(lambda text: text)
    for log, callbacks in ((path, [ScoutAuditCallbackHandler(path)]), (by_variable, handlers)):
        if log is by_variable:
            monkeypatch.setenv("SCOUT_AUDIT_PATH", str(log))
        runnable = passed | groq(tags=["own"]) if within_chain else groq(tags=["own"])
        run_model(runnable, verb, "hi", config | {"callbacks": callbacks})
    expected, rows = (list(read_rows(log)) for log in (path, by_variable))
    assert [row.keys() for row in rows] == [row.keys() for row in expected]
    assert [{k: v for k, v in row.items() if k not in TIMED} for row in rows] == [
        {k: v for k, v in row.items() if k not in TIMED} for row in expected
    ]
    assert set(rows[-1]["tags"]) == {"team-a", "prod", "own"}
    assert rows[-1]["user_id"] == "ada"
    assert ("parent_run_id" in rows[-1]) == within_chain


def test_the_price_that_was_used_stands_in_the_row_with_its_source(path: Path) -> None:
    groq().invoke("hi", {"callbacks": [ScoutAuditCallbackHandler(path)]})
    shipped = list(read_rows(path))[-1]
    PRICING["groq"] = {shipped["model"]: {"input": 0.001, "output": 0.002}}
    groq().invoke("hi", {"callbacks": [ScoutAuditCallbackHandler(path)]})
    own = list(read_rows(path))[-1]
    PRICING.clear()
    assert re.fullmatch(r"genai-prices \d+\.\d+\.\d+", shipped["priced_by"])
    assert own["priced_by"] == "PRICING"
    assert own["price"] == {"input": 1.0, "output": 2.0}
    for row in (shipped, own):
        price = row["price"]
        spent = row["input_t"] * price["input"] + row["output_t"] * price["output"]
        assert row["cost"] == pytest.approx(spent / 1e6)


def test_kinds_of_tokens_stand_in_the_row(path: Path) -> None:
    emulator = Emulator()
    claude = ScoutAnthropicChatModel(api_key="sk", transport=emulator.transport())
    text = {"type": "text", "text": "long " * 4000, "cache_control": {"type": "ephemeral"}}
    for _ in range(2):
        claude.invoke([("user", [text])], {"callbacks": [ScoutAuditCallbackHandler(path)]})
    rows = [row for row in read_rows(path) if row["event"] == "llm_attempt"]
    assert rows[0]["cache_write_t"] == rows[1]["cache_read_t"] > 0
    assert rows[1]["cost"] < rows[0]["cost"]


def test_prompts_are_written_only_on_request_and_redacted(path: Path) -> None:
    quiet = path.with_name("quiet.jsonl")
    handlers = [
        ScoutAuditCallbackHandler(quiet),
        ScoutAuditCallbackHandler(path, prompts=lambda text: re.sub(r"(\d{4} ?){4}", "…", text)),
    ]
    for model in (groq(), other(f"Your card: {SECRET}")):
        model.invoke(f"My card: {SECRET}", {"callbacks": handlers})
    assert SECRET not in path.read_text()
    assert "card" not in quiet.read_text()
    texts = [row for row in read_rows(path) if "text" in row]
    assert [row["event"] for row in texts] == ["llm_prompt", "llm_answer"] * 2
    assert all("My card: …" in row["text"] for row in texts[::2])


def test_a_redactor_that_raises_lets_nothing_through(path: Path) -> None:
    def strict(text: str) -> str:
        raise ValueError("cannot say")

    with pytest.raises(ValueError, match="cannot say"):
        other("x").invoke(SECRET, {"callbacks": [ScoutAuditCallbackHandler(path, prompts=strict)]})
    assert list(read_rows(path)) == []


def test_chains_and_tools_are_logged_on_request(path: Path) -> None:
    def fail(_text: Any) -> None:
        raise KeyError("x")

    config: Any = {"callbacks": [ScoutAuditCallbackHandler(path, chains=True, tools=True)]}
    double.invoke({"number": 2}, config)
    with pytest.raises(KeyError):
        (groq() | RunnableLambda(fail)).invoke("hi", config)
    rows = [row for row in read_rows(path) if row["event"].endswith("_run")]
    assert [(row["event"], row["name"], row["outcome"]) for row in rows] == [
        ("tool_run", "double", "ok"),
        ("chain_run", "fail", "KeyError"),
        ("chain_run", "RunnableSequence", "KeyError"),
    ]
    assert rows[1]["parent_run_id"] == rows[2]["run_id"]


async def test_a_cancelled_call_of_another_model_has_its_outcome(path: Path) -> None:
    audit = ScoutAuditCallbackHandler(path)
    other_model = NeverEnding(messages=iter([]))
    task = asyncio.create_task(other_model.ainvoke("hi", {"callbacks": [audit]}))
    await other_model.reached()
    assert len(open_intents(path)) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.to_thread(audit.worker.wait)  # core awaits nothing of a cancelled call
    intent, outcome = read_rows(path)
    assert (intent["event"], outcome["outcome"]) == ("llm_intent", "cancelled")
    assert outcome["billed"] == "unknown"
    assert open_intents(path) == []


@pytest.mark.parametrize("policy", ["raise", "warn", None])
def test_a_call_of_another_model_that_cannot_be_logged_is_not_made(
    policy: Any, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.mkdir()  # no file can be opened in its place, by root either
    audit = ScoutAuditCallbackHandler(AuditLog(path, on_failure=policy))
    model = other("said")
    if policy == "warn":
        assert model.invoke("hi", {"callbacks": [audit]}).text == "said"
        assert "is missing from the audit log" in caplog.text
    else:
        with pytest.raises(AuditError):
            model.invoke("hi", {"callbacks": [audit]})
        assert next(model.messages).text == "said"  # the answer was not consumed
