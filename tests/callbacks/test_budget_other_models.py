"""Budgets over chat models of other packages."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from scout_adapters import ScoutBudgetCallbackHandler
from tests.callbacks.budgets import SMALL, refused_in_the_end
from tests.support.other_models import NeverEnding

pytestmark = pytest.mark.usefixtures("prices")


def other(*answers: AIMessage, **options: Any) -> GenericFakeChatModel:
    """Make a model of somebody else's, as LangChain's partners say who they are."""
    metadata = {"ls_provider": "openai", "ls_model_name": SMALL, "ls_max_tokens": 100}

    class Other(GenericFakeChatModel):
        def _get_ls_params(self, *args: Any, **kwargs: Any) -> Any:
            return metadata

    return Other(messages=iter(answers), **options)


def said(tokens: int) -> AIMessage:
    usage = {"input_tokens": tokens, "output_tokens": tokens, "total_tokens": 2 * tokens}
    about = {"model_name": SMALL, "model_provider": "openai"}
    return AIMessage("x", usage_metadata=usage, response_metadata=about)


def test_models_of_others_are_held_for_and_settled() -> None:
    budget = ScoutBudgetCallbackHandler(1.5)
    model = other(*(said(100) for _ in range(9)))
    refused_in_the_end(lambda: model.invoke("hi", {"callbacks": [budget]}))
    (balance,) = budget.balances
    assert (balance.spent, balance.held) == (400_000_000, 0)


def test_a_stream_of_another_model_that_counts_nothing_is_estimated() -> None:
    budget = ScoutBudgetCallbackHandler(1.5)
    words = AIMessage("one two three four")
    list(other(words).stream("hi there", {"callbacks": [budget]}))
    (balance,) = budget.balances
    assert (balance.spent, balance.held, balance.uncertain) == (7_000_000, 0, 0)


async def test_a_cancelled_call_of_another_model_is_charged_what_was_held() -> None:
    class Bounded(NeverEnding):
        def _get_ls_params(self, *args: Any, **kwargs: Any) -> Any:
            return {"ls_provider": "openai", "ls_model_name": SMALL, "ls_max_tokens": 100}

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
