"""A budget beside other middleware: what calls models itself, retries or falls back."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents.middleware import (
    AgentMiddleware,
    LLMToolSelectorMiddleware,
    ModelFallbackMiddleware,
    ModelRetryMiddleware,
    SummarizationMiddleware,
    hook_config,
)
from langchain.agents.middleware.types import before_agent

from scout_adapters import (
    ScoutAnthropicChatModel,
    ScoutBudgetCallbackHandler,
    ScoutRouterChatModel,
)
from scout_adapters.agents import ScoutBudgetMiddleware
from scout_adapters.errors import BudgetExceeded
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import Emulator, ServerError
from tests.agents.agents import QUESTION, agent_of, billed, has_ended, last, on, small
from tests.support.weather import get_time, get_weather


def summarizer(emulator: Emulator) -> SummarizationMiddleware:
    return SummarizationMiddleware(small(emulator), trigger=("messages", 5), keep=("messages", 2))


async def ask(agent: Any, is_async: bool) -> Any:
    if is_async:
        return await agent.ainvoke(QUESTION, on("t1"))
    return agent.invoke(QUESTION, on("t1"))


@pytest.mark.parametrize("is_async", [False, True])
async def test_the_summaries_of_a_covered_middleware_count(
    is_async: bool, emulator: Emulator
) -> None:
    budget = ScoutBudgetMiddleware(20, per="thread")
    agent = agent_of(emulator, budget, budget.cover(summarizer(emulator)), tools=[get_weather])
    for _ in range(3):
        state = await ask(agent, is_async)
    assert len(emulator.log) > 6
    assert budget.spent_usd == pytest.approx(float(billed(emulator)), abs=1e-9)
    assert not has_ended(state)


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_agent_ends_before_a_summary_that_it_cannot_pay_for(
    is_async: bool, emulator: Emulator
) -> None:
    budget = ScoutBudgetMiddleware(20, per="thread", last_message="Enough.")
    dear = SummarizationMiddleware(
        small(emulator, max_tokens=30_000), trigger=("messages", 5), keep=("messages", 2)
    )
    agent = agent_of(emulator, budget, budget.cover(dear), tools=[get_weather])
    states = [await ask(agent, is_async) for _ in range(2)]
    assert [has_ended(state) for state in states] == [False, True]
    assert last(states[1]).text == "Enough."
    assert budget.spent_usd == float(billed(emulator))


def test_a_covered_middleware_keeps_its_name_hooks_and_jumps() -> None:
    class Jumps(AgentMiddleware[Any, Any, Any]):
        """Jumps."""

        @hook_config(can_jump_to=["tools"])
        def before_model(self, state: Any, runtime: Any) -> None:
            """Jump to the tools."""

    view = ScoutBudgetMiddleware(1).cover(jumps := Jumps())
    assert (view.name, isinstance(view, Jumps)) == ("Jumps", True)
    assert sorted(view.before_model.__can_jump_to__) == ["end", "tools"]  # type: ignore[attr-defined]  # as above
    assert type(view).after_model is AgentMiddleware.after_model
    assert jumps.before_model.__can_jump_to__ == ["tools"]  # type: ignore[attr-defined]  # as above


def test_a_hook_before_the_agent_is_covered_too(emulator: Emulator) -> None:
    @before_agent
    def greet(state: Any, runtime: Any) -> None:
        small(emulator).invoke("hello")

    budget = ScoutBudgetMiddleware(5, per="thread")
    agent_of(emulator, budget, budget.cover(greet)).invoke(QUESTION, on("t1"))
    assert len(emulator.log) == 2
    assert budget.spent_usd == float(billed(emulator))


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("order", ["after", "covered before"])
async def test_a_selector_of_tools_counts(order: str, is_async: bool, emulator: Emulator) -> None:
    budget = ScoutBudgetMiddleware(20, per="thread")
    selector = LLMToolSelectorMiddleware(model=small(emulator), max_tools=1)
    both = (budget, selector) if order == "after" else (budget.cover(selector), budget)
    agent = agent_of(emulator, *both, tools=[get_weather, get_time])
    await ask(agent, is_async)
    assert len(emulator.log) == 4
    assert budget.spent_usd == pytest.approx(float(billed(emulator)), abs=1e-9)


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_agent_ends_where_a_covered_selector_is_refused(
    is_async: bool, emulator: Emulator
) -> None:
    budget = ScoutBudgetMiddleware(1, per="thread")
    selector = LLMToolSelectorMiddleware(model=small(emulator), max_tools=1)
    both = (budget.cover(selector), budget)
    state = await ask(agent_of(emulator, *both, tools=[get_weather, get_time]), is_async)
    assert "for this thread does not allow the next call" in last(state).text
    assert emulator.log == []


def test_what_retries_and_falls_back_before_the_budget_sees_no_refusal(emulator: Emulator) -> None:
    before = (ModelRetryMiddleware(initial_delay=0), ModelFallbackMiddleware(small(emulator)))
    agent = agent_of(emulator, *before, ScoutBudgetMiddleware(1, per="thread"))
    state = agent.invoke(QUESTION, on("t1"))
    assert "for this thread does not allow the next call" in last(state).text
    assert emulator.log == []


def test_retries_of_another_middleware_are_held_one_by_one(emulator: Emulator) -> None:
    emulator.script("groq", [ServerError()])
    budget = ScoutBudgetMiddleware(5, per="thread")
    agent = agent_of(
        emulator,
        ModelRetryMiddleware(initial_delay=0, jitter=False),
        budget,
        model=small(emulator, max_retries=0),
    )
    assert not has_ended(agent.invoke(QUESTION, on("t1")))
    assert len(emulator.log) == 2
    assert budget.spent_usd == float(billed(emulator))


def test_a_route_may_go_on_with_a_cheaper_model(emulator: Emulator) -> None:
    PRICING["openai"] = {"tiny": {"input": 0.01, "output": 0.01}}
    tiny = {"model": "openai/tiny", "api_key": "sk", "transport": emulator.transport()}
    route = ScoutRouterChatModel(models=[small(emulator), {**tiny, "max_tokens": 100}])
    budget = ScoutBudgetMiddleware(1, per="thread", cheaper=True)
    state = agent_of(emulator, budget, model=route).invoke(QUESTION, on("t1"))
    assert not has_ended(state)
    assert [exchange.provider for exchange in emulator.log] == ["openai"]


def test_learned_answers_let_a_small_budget_pay_for_a_large_model(emulator: Emulator) -> None:
    opus = ScoutAnthropicChatModel(
        model="claude-opus-4-5", api_key="sk", transport=emulator.transport()
    )
    hard = agent_of(emulator, ScoutBudgetMiddleware(0.5), model=opus)
    assert has_ended(hard.invoke(QUESTION, on("t1")))
    learned = ScoutBudgetMiddleware(0.5, answer_tokens="learned")
    assert not has_ended(agent_of(emulator, learned, model=opus).invoke(QUESTION, on("t1")))
    assert 0 < learned.spent_usd < 0.01


def test_a_budget_of_a_handler_ends_the_agent_by_its_name(emulator: Emulator) -> None:
    daily = ScoutBudgetCallbackHandler(1, name="team")
    agent = agent_of(emulator, ScoutBudgetMiddleware(5))
    state = agent.invoke(QUESTION, {**on("t1"), "callbacks": [daily]})
    assert "the budget of $1 named 'team' does not allow the next call" in last(state).text
    with pytest.raises(BudgetExceeded):
        agent_of(emulator).invoke(QUESTION, {**on("t1"), "callbacks": [daily]})
