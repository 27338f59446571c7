"""Sub-agents in tools: their calls count for the agent that started them."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage
from langchain_core.tools import tool

from scout_adapters import ScoutCostCallbackHandler
from scout_adapters.agents import ScoutBudgetMiddleware
from scout_adapters.errors import BudgetExceeded
from scout_adapters.testing import Emulator, Slow
from tests.agents.agents import (
    QUESTION,
    agent_of,
    billed,
    has_ended,
    last,
    on,
    run_until_the_end,
    small,
    weather_by,
)


def spent(budget: ScoutBudgetMiddleware) -> dict[str, Decimal]:
    """Return the dollars of each thread."""
    return {b.account.window: Decimal(b.spent) / 10**9 for b in budget.balances}


@pytest.mark.parametrize(
    "config",
    [None, on("sub"), {"callbacks": [ScoutCostCallbackHandler()]}, {"callbacks": []}],
    ids=["plain", "own thread", "own callbacks", "no callbacks"],
)
def test_a_sub_agent_counts_for_its_parent_whatever_its_configuration_is(
    config: Any, emulator: Emulator
) -> None:
    budget = ScoutBudgetMiddleware(4, per="thread")
    agent = agent_of(emulator, budget, tools=[weather_by(agent_of(emulator), config)])
    agent.invoke(QUESTION, on("t1"))
    assert len(emulator.log) == 3
    assert spent(budget) == {"t1": billed(emulator)}
    run_until_the_end(agent, on("t1"))
    assert spent(budget) == {"t1": billed(emulator)}
    assert billed(emulator) <= 4


def test_a_sub_agent_with_the_same_budget_is_counted_once(
    emulator: Emulator, tmp_path: Path
) -> None:
    def budget() -> ScoutBudgetMiddleware:
        return ScoutBudgetMiddleware(8, per="thread", path=tmp_path / "b.db")

    shared = budget()
    for of_sub_agent in (shared, budget()):
        sub_agent = agent_of(emulator, of_sub_agent, checkpointer=None)
        agent = agent_of(emulator, shared, tools=[weather_by(sub_agent)])
        agent.invoke(QUESTION, on("t1"))
        assert spent(shared) == {"t1": billed(emulator)}


def test_a_shared_budget_counts_a_sub_agent_with_a_thread_of_its_own_in_both_threads(
    emulator: Emulator,
) -> None:
    budget = ScoutBudgetMiddleware(8, per="thread")
    sub_agent = agent_of(emulator, budget)
    agent_of(emulator, budget, tools=[weather_by(sub_agent, on("sub"))]).invoke(QUESTION, on("t1"))
    of_sub_agent = emulator.log[1]
    tokens = of_sub_agent.input_tokens + of_sub_agent.output_tokens
    assert spent(budget) == {"t1": billed(emulator), "sub": Decimal(tokens) / 1000}
    assert [balance.held for balance in budget.balances] == [0, 0]


def test_a_sub_agent_may_have_a_smaller_budget_of_its_own(emulator: Emulator) -> None:
    inner, outer = ScoutBudgetMiddleware("0.2"), ScoutBudgetMiddleware(4)
    agent = agent_of(emulator, outer, tools=[weather_by(agent_of(emulator, inner))])
    state = agent.invoke(QUESTION, on("t"))
    assert "I stop here: the budget of $0.2 for this run" in state["messages"][-2].text
    assert (has_ended(state), len(emulator.log)) == (False, 2)
    assert (inner.spent_usd, outer.spent_usd) == (0.0, float(billed(emulator)))


@pytest.mark.parametrize("per", ["thread", "day", "total"])
def test_a_smaller_budget_of_the_same_name_ends_its_own_agent(per: Any, emulator: Emulator) -> None:
    inner = ScoutBudgetMiddleware("0.2", per=per, last_message="Enough.")
    sub_agent = agent_of(emulator, inner, checkpointer=None)
    agent = agent_of(emulator, ScoutBudgetMiddleware(4, per=per), tools=[weather_by(sub_agent)])
    state = agent.invoke(QUESTION, on("t"))
    assert (state["messages"][-2].status, state["messages"][-2].text) == ("success", "Enough.")
    assert (has_ended(state), len(emulator.log)) == (False, 2)


def test_a_shared_budget_leaves_the_end_to_the_outer_agent(emulator: Emulator) -> None:
    budget = ScoutBudgetMiddleware(4, per="thread", last_message="Enough.")
    dear = small(emulator, max_tokens=3000)
    sub_agent = agent_of(emulator, budget, model=dear, checkpointer=None)
    state = agent_of(emulator, budget, tools=[weather_by(sub_agent)]).invoke(QUESTION, on("t"))
    assert state["messages"][-2].text.startswith("Not finished: the budget of $4 for this thread")
    assert (has_ended(state), len(emulator.log)) == (False, 2)


def test_budgets_with_one_name_in_one_file_apply_for_their_own_windows(
    emulator: Emulator, tmp_path: Path
) -> None:
    options: Any = {"name": "team", "path": tmp_path / "b.db"}
    daily = ScoutBudgetMiddleware("0.2", per="day", **options)
    total = ScoutBudgetMiddleware(4, per="total", **options)
    sub_agent = agent_of(emulator, daily, checkpointer=None)
    state = agent_of(emulator, total, tools=[weather_by(sub_agent)]).invoke(QUESTION, on("t"))
    assert "the budget of $0.2 for today does not allow the next call" in state["messages"][-2].text
    assert len(emulator.log) == 2


def test_deeper_agents_count_for_all_above_them(emulator: Emulator) -> None:
    budgets = [ScoutBudgetMiddleware(9) for _ in range(3)]
    agent = agent_of(emulator, budgets[2])
    for budget in (budgets[1], budgets[0]):
        middle = agent_of(emulator, budget, tools=[weather_by(agent)])
        agent = middle
    agent.invoke({"messages": [("user", "What is the weather?")]}, on("t"))
    assert budgets[0].spent_usd == float(billed(emulator))
    assert budgets[0].spent_usd > budgets[1].spent_usd > 0


async def turns(_: float) -> None:
    """Give other tasks their turns instead of sleeping."""
    for _turn in range(100):
        await asyncio.sleep(0)


@pytest.mark.parametrize("in_file", [False, True])
async def test_sub_agents_at_the_same_time_never_exceed_the_limit(
    in_file: bool, tmp_path: Path
) -> None:
    emulator = Emulator(asleep=turns)
    emulator.script("groq", [Slow(1)] * 100)
    refused = []

    @tool
    async def get_weather(city: str) -> str:
        """Return the weather of a city, by six sub-agents at once."""
        agents = [create_agent(small(emulator), []) for _ in range(6)]
        question: Any = {"messages": [("user", f"hello {city}")]}
        calls = [agent.ainvoke(question) for agent in agents]
        states = await asyncio.gather(*calls, return_exceptions=True)
        refused.extend(state for state in states if isinstance(state, BudgetExceeded))
        return "Sunny"

    path = tmp_path / "b.db" if in_file else None
    budget = ScoutBudgetMiddleware(5, per="thread", path=path)
    agent = agent_of(emulator, budget, tools=[get_weather])
    await asyncio.gather(*(agent.ainvoke(QUESTION, on("t1")) for _ in range(4)))
    assert refused or in_file  # with a file it depends on its thread
    assert len(emulator.log) > 4
    assert spent(budget) == {"t1": billed(emulator)}
    assert billed(emulator) <= 5
    assert [balance.held for balance in budget.balances] == [0]


def test_parallel_tools_share_the_limit(emulator: Emulator) -> None:
    class ThreeTools(ScoutBudgetMiddleware):
        """Asks for the same tool three times at once."""

        def wrap_model_call(self, request: Any, handler: Any) -> Any:
            response = super().wrap_model_call(request, handler)
            if isinstance(message := response.result[0], AIMessage) and message.tool_calls:
                (call,) = message.tool_calls
                calls: Any = [{**call, "id": str(number)} for number in range(3)]
                response.result[0] = AIMessage("", tool_calls=calls)
            return response

    budget = ThreeTools(3)
    agent = agent_of(emulator, budget, tools=[weather_by(create_agent(small(emulator), []))])
    state = agent.invoke(QUESTION, on("t"))
    statuses = [message.status for message in state["messages"] if message.type == "tool"]
    assert len(statuses) == 3
    assert budget.spent_usd == float(billed(emulator)) <= 3
    assert [balance.held for balance in budget.balances] == [0]
    assert last(state).text
