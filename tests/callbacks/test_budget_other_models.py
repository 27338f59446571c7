"""Budgets over chat models of other packages."""

from __future__ import annotations

import asyncio
import gc
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from langchain_core.callbacks import BaseCallbackHandler, CallbackManager
from langchain_core.exceptions import ModelAPIError
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from scout_adapters import (
    ScoutAuditCallbackHandler,
    ScoutBudgetCallbackHandler,
    ScoutCostCallbackHandler,
)
from scout_adapters.errors import BudgetExceeded
from tests.callbacks.budgets import SMALL, refused_in_the_end
from tests.chat_models.test_raising_handlers import raising
from tests.chat_models.unfinished import Enough
from tests.support.other_models import BrokenStream, NeverEnding
from tests.support.verbs import SYNC, VERBS, Verb, run_model

pytestmark = pytest.mark.usefixtures("prices")


def other(*answers: AIMessage, **options: Any) -> GenericFakeChatModel:
    """Make a model of another package, with the metadata that LangChain's partners set."""
    metadata = {"ls_provider": "openai", "ls_model_name": SMALL, "ls_max_tokens": 100}

    class Other(GenericFakeChatModel):
        def _get_ls_params(self, *args: Any, **kwargs: Any) -> Any:
            return metadata

    return Other(messages=iter(answers), **options)


def answer_of(tokens: int) -> AIMessage:
    usage = {"input_tokens": tokens, "output_tokens": tokens, "total_tokens": 2 * tokens}
    about = {"model_name": SMALL, "model_provider": "openai"}
    return AIMessage("x", usage_metadata=usage, response_metadata=about)


def test_models_of_others_are_held_for_and_settled() -> None:
    budget = ScoutBudgetCallbackHandler(1.5)
    model = other(*(answer_of(100) for _ in range(9)))
    refused_in_the_end(lambda: model.invoke("hi", {"callbacks": [budget]}))
    (balance,) = budget.balances
    assert (balance.spent, balance.held) == (400_000_000, 0)


def test_a_stream_of_another_model_that_counts_nothing_is_estimated() -> None:
    budget = ScoutBudgetCallbackHandler(1.5)
    words = AIMessage("one two three four")
    list(other(words).stream("hi there", {"callbacks": [budget]}))
    (balance,) = budget.balances
    assert (balance.spent, balance.held, balance.uncertain) == (7_000_000, 0, 0)


def test_a_stream_of_another_model_that_breaks_is_charged_what_was_held() -> None:
    """A server error is not billed, but the part of the answer before it is."""
    budget = ScoutBudgetCallbackHandler(1.5)
    with pytest.raises(ModelAPIError):
        list(BrokenStream(messages=iter(())).stream("hi", {"callbacks": [budget]}))
    (balance,) = budget.balances
    assert balance.spent == balance.uncertain > 0 == balance.held


class Bounded(NeverEnding):
    def _get_ls_params(self, *args: Any, **kwargs: Any) -> Any:
        return {"ls_provider": "openai", "ls_model_name": SMALL, "ls_max_tokens": 100}


async def test_a_cancelled_call_of_another_model_is_charged_what_was_held() -> None:
    budget = ScoutBudgetCallbackHandler(1.5)
    model = Bounded(messages=iter([]))
    task = asyncio.create_task(model.ainvoke("hi", {"callbacks": [budget]}))
    await model.reached()
    assert budget.held_usd > 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (balance,) = budget.balances
    assert balance.spent == balance.uncertain > 0 == balance.held


@pytest.mark.parametrize("verb", VERBS)
def test_calls_of_one_run_id_are_settled_one_by_one(verb: Verb) -> None:
    budget, run = ScoutBudgetCallbackHandler(100), uuid4()
    serialized: Any = {}
    details = {"ls_provider": "openai", "ls_model_name": SMALL, "ls_max_tokens": 100}
    for _ in range(5):
        budget.on_chat_model_start(serialized, [[HumanMessage("hi")]], run_id=run, metadata=details)
    for number in range(5):
        assert len(budget._holds[run.int, 1]) == 5 - number
        answer = LLMResult(generations=[[ChatGeneration(message=answer_of(100))]])
        budget.on_llm_end(answer, run_id=run)
    assert (budget.held_usd, budget.spent_usd) == (0.0, 1.0)
    for _ in range(2):
        run_model(other(answer_of(100)), verb, config={"run_id": run, "callbacks": [budget]})
    assert (budget.held_usd, budget._holds) == (0.0, {})


@pytest.mark.parametrize("verb", VERBS)
def test_a_call_that_a_later_handler_refuses_is_no_longer_held_for(
    verb: Verb, tmp_path: Path
) -> None:
    log = tmp_path / "audit.jsonl"
    audit = ScoutAuditCallbackHandler(log)
    wide, narrow = ScoutBudgetCallbackHandler(100), ScoutBudgetCallbackHandler(0.0001)
    with pytest.raises(BudgetExceeded):
        run_model(other(answer_of(100)), verb, config={"callbacks": [audit, wide, narrow]})
    audit.audit.close()
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(row["event"], row.get("outcome")) for row in rows] == [
        ("llm_intent", None),
        ("llm_attempt", "not_sent"),
    ]
    for budget in (wide, narrow):
        assert (budget.held_usd, budget.spent_usd, budget._holds) == (0.0, 0.0, {})


async def test_cancelled_calls_of_one_run_id_are_settled_one_by_one() -> None:
    budget, run = ScoutBudgetCallbackHandler(10**6), uuid4()
    config: Any = {"run_id": run, "callbacks": [budget]}
    models = [Bounded(messages=iter([])) for _ in range(5)]
    calls = [asyncio.create_task(model.ainvoke("hi", config)) for model in models]
    for model in models:
        await model.reached()
    assert len(budget._holds[run.int, 1]) == 5
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert (budget.held_usd, budget._holds) == (0.0, {})


@pytest.mark.parametrize("hook", ["on_chat_model_start", "on_llm_end"])
@pytest.mark.parametrize("verb", VERBS)
def test_a_call_that_another_handler_breaks_is_charged_what_was_held(
    hook: str, verb: Verb, tmp_path: Path
) -> None:
    """Core calls no handler after one that raises, and reports no end of the call."""
    budget, costs = ScoutBudgetCallbackHandler(9.0), ScoutCostCallbackHandler()
    log = ScoutAuditCallbackHandler(tmp_path / "audit.jsonl")
    ours, strict = [budget, costs, log], raising(hook, BaseCallbackHandler)
    callbacks = [*ours, strict] if hook == "on_chat_model_start" else [strict, *ours]
    for _ in range(3):
        with pytest.raises(Enough):
            run_model(other(answer_of(100)), verb, "hi", {"callbacks": callbacks})
    (balance,) = budget.balances
    assert balance.held == 0 < balance.spent
    if hook == "on_chat_model_start" or verb in SYNC:
        assert balance.uncertain == balance.spent
    run_model(other(answer_of(100)), verb, "hi", {"callbacks": ours})
    rows = [json.loads(row)["event"] for row in (tmp_path / "audit.jsonl").read_text().splitlines()]
    assert rows.count("llm_intent") == rows.count("llm_attempt") == 4
    assert costs.total.calls + costs.total.uncertain == 4
    assert not any(handler._open._by_run for handler in ours)


def test_a_call_stays_open_although_its_callback_manager_is_freed() -> None:
    """Own code may report a call as core does, and keep nothing but the run manager."""
    budget = ScoutBudgetCallbackHandler(9.0)
    messages = [[HumanMessage("hi")]]
    metadata = {"ls_provider": "openai", "ls_model_name": SMALL, "ls_max_tokens": 100}
    manager = CallbackManager.configure([budget], inheritable_metadata=metadata)
    (run,) = manager.on_chat_model_start({}, messages)
    del manager
    gc.collect()
    assert budget.held_usd > 0
    run.on_llm_end(LLMResult(generations=[[ChatGeneration(message=answer_of(100))]]))
    (balance,) = budget.balances
    assert balance.held == balance.uncertain == 0 < balance.spent
