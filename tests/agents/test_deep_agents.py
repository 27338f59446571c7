"""Budgets of deepagents, whose tool `task` starts sub-agents."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from scout_adapters.agents import ScoutBudgetMiddleware
from scout_adapters.testing import Emulator, Said
from tests.agents.agents import QUESTION, billed, has_ended, last, on, small

deepagents = pytest.importorskip("deepagents")

ARGUMENTS = json.dumps({"description": "hello", "subagent_type": "searcher"})
TASK = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "small",
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "task", "arguments": ARGUMENTS},
                    }
                ],
            },
        }
    ],
    "usage": {"prompt_tokens": 700, "completion_tokens": 10, "total_tokens": 710},
}
"""The answer of a model that gives a task to the sub-agent `searcher`."""


def deep_agent(emulator: Emulator, budget: ScoutBudgetMiddleware) -> Any:
    searcher = {"name": "searcher", "description": "Searches.", "system_prompt": "Search."}
    agent = deepagents.create_deep_agent(
        model=small(emulator), middleware=[budget], subagents=[{**searcher, "tools": []}]
    )
    emulator.script("groq", [Said(json.dumps(TASK).encode())])
    return agent


def test_the_sub_agents_of_a_deep_agent_count_for_it(emulator: Emulator) -> None:
    budget = ScoutBudgetMiddleware(100, per="thread")
    state = deep_agent(emulator, budget).invoke(QUESTION, on("t1"))
    assert len(emulator.log) == 3
    assert not has_ended(state)
    played, *others = emulator.log
    of_others = Decimal(sum(e.input_tokens + e.output_tokens for e in others)) / 1000
    assert Decimal(repr(budget.spent_usd)) == of_others + Decimal("0.71")
    assert played.body is not None


def test_a_deep_agent_ends_with_a_message(emulator: Emulator) -> None:
    budget = ScoutBudgetMiddleware(20, per="thread")
    state = deep_agent(emulator, budget).invoke(QUESTION, on("t1"))
    while not has_ended(state):
        state = deep_agent(emulator, budget).invoke(QUESTION, on("t1"))
    assert "the budget of $20 for this thread does not allow the next call" in last(state).text
    assert billed(emulator) <= 20


def test_a_covered_summary_takes_the_place_of_a_deep_agent_s_own(emulator: Emulator) -> None:
    from deepagents.backends import StateBackend
    from deepagents.middleware.summarization import create_summarization_middleware

    own = create_summarization_middleware(small(emulator), StateBackend())
    budget = ScoutBudgetMiddleware(20, per="thread")
    summary = budget.cover(own)
    assert summary.name == own.name == "SummarizationMiddleware"
    agent = deepagents.create_deep_agent(model=small(emulator), middleware=[budget, summary])
    agent.invoke(QUESTION, on("t1"))
    assert budget.spent_usd == float(billed(emulator)) > 0
