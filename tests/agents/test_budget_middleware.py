"""Agents that stay within a budget, by the emulator's bill."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain.agents.structured_output import ToolStrategy
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt
from pydantic import BaseModel

from scout_adapters.agents import ScoutBudgetMiddleware
from scout_adapters.errors import BudgetExceeded, ConfigurationError
from scout_adapters.testing import Emulator
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
from tests.support.weather import get_weather


async def run(agent: Any, verb: str, config: Any) -> Any:
    """Run an agent by one of four verbs; return its state."""
    match verb:
        case "invoke":
            return agent.invoke(QUESTION, config)
        case "ainvoke":
            return await agent.ainvoke(QUESTION, config)
        case "stream":
            for _ in agent.stream(QUESTION, config, stream_mode="messages"):
                pass
        case "astream":
            async for _ in agent.astream(QUESTION, config, stream_mode="messages"):
                pass
    return (await agent.aget_state(config)).values


@pytest.mark.parametrize("verb", ["invoke", "ainvoke", "stream", "astream"])
@pytest.mark.parametrize("in_file", [False, True])
async def test_an_agent_ends_with_a_message_and_never_over_its_thread_s_limit(
    verb: str, in_file: bool, emulator: Emulator, tmp_path: Path
) -> None:
    path = tmp_path / "b.db" if in_file else None
    budget = ScoutBudgetMiddleware(4, per="thread", path=path)
    agent = agent_of(emulator, budget, tools=[get_weather])
    state: Any = {"messages": [HumanMessage("")]}
    for _ in range(20):
        if has_ended(state):
            break
        state = await run(agent, verb, on("t1"))
    assert last(state).text.startswith(
        "I stop here: the budget of $4 for this thread does not allow"
    )
    assert last(state).response_metadata["finish_reason"] == "budget"
    assert last(state).response_metadata["scout_budget"]["limit_usd"] == 4.0
    assert len(emulator.log) > 2
    assert Decimal(repr(budget.spent_usd)) == billed(emulator) <= 4
    assert [(b.account.window, b.held) for b in budget.balances] == [("t1", 0)]


async def test_a_streamed_agent_streams_its_last_message(emulator: Emulator) -> None:
    agent = agent_of(emulator, ScoutBudgetMiddleware("0.5"))
    parts = [part async for part, _ in agent.astream(QUESTION, on("t"), stream_mode="messages")]
    assert "does not allow the next call" in parts[-1].text
    assert emulator.log == []


def test_each_run_has_a_limit_of_its_own(emulator: Emulator) -> None:
    agent = agent_of(emulator, ScoutBudgetMiddleware(1.5, last_message="Enough."))
    states = [agent.invoke(QUESTION, on(thread)) for thread in ("t1", "t2", "t3")]
    assert [has_ended(state) for state in states] == [False, False, False]
    assert last(run_until_the_end(agent, on("t1"))[0]).text == "Enough."


@tool("get_weather")
def ask_for_weather(city: str) -> str:
    """Return the weather of a city."""
    return str(interrupt(city))


@pytest.mark.parametrize("had_budget", [True, False])
def test_a_run_keeps_its_limit_over_an_interrupt(had_budget: bool, emulator: Emulator) -> None:
    budget, saver = ScoutBudgetMiddleware(5), InMemorySaver()
    before = [budget] if had_budget else []
    agent_of(emulator, *before, tools=[ask_for_weather], checkpointer=saver).invoke(
        QUESTION, on("t1")
    )
    first = billed(emulator)
    agent_of(emulator, budget, tools=[ask_for_weather], checkpointer=saver).invoke(
        Command(resume="sunny"), on("t1")
    )
    (balance,) = budget.balances
    counted = billed(emulator) - (0 if had_budget else first)
    assert Decimal(balance.spent) / 10**9 == counted
    assert len(emulator.log) == 2


def test_an_agent_may_raise_instead(emulator: Emulator) -> None:
    agent = agent_of(emulator, ScoutBudgetMiddleware(1, on_exceeded="raise"))
    with pytest.raises(BudgetExceeded, match=r"budget 'agent run'"):
        agent.invoke(QUESTION, on("t"))


@pytest.mark.parametrize("place", ["configurable", "metadata", "context"])
def test_each_user_has_a_limit_for_the_day(place: str, emulator: Emulator) -> None:
    now = datetime(2026, 11, 30, 12, tzinfo=UTC).timestamp()
    budget = ScoutBudgetMiddleware({"ada": 3, "*": 0}, per="day", scope="user", wall=lambda: now)
    agent = agent_of(emulator, budget)

    def ask(user: str) -> Any:
        about = {"user_id": user}
        config, context = on(user), about if place == "context" else None
        if place != "context":
            config[place] = {**config.get(place, {}), **about}
        return agent.invoke(QUESTION, config, context=context)

    assert not has_ended(ask("ada"))
    assert "It opens again at 2026-12-01 00:00 UTC." in last(ask("bob")).text
    assert [b.account.scope for b in budget.balances if b.spent] == ["user=ada"]


def test_several_limits_apply_at_once(emulator: Emulator) -> None:
    run_limit, total = ScoutBudgetMiddleware(1.5), ScoutBudgetMiddleware(3, per="total")
    agent = agent_of(emulator, run_limit, total)
    for number in range(100):
        state = agent.invoke(QUESTION, on(f"t{number}"))
        if has_ended(state):
            break
    assert "in total does not allow the next call" in last(state).text
    assert run_limit.spent_usd == total.spent_usd == float(billed(emulator)) <= 3


def test_a_model_that_was_refused_for_a_tool_ends_the_tool_with_an_error(
    emulator: Emulator,
) -> None:
    sub_agent = create_agent(small(emulator, max_tokens=3000), [])
    agent = agent_of(emulator, ScoutBudgetMiddleware(4), tools=[weather_by(sub_agent)])
    state = agent.invoke(QUESTION, on("t"))
    result = state["messages"][-2]
    assert (result.status, len(emulator.log)) == ("error", 2)
    assert result.text.startswith("Not finished: the budget of $4 for this run does not allow")
    assert not has_ended(state)  # the agent could still pay for its own answer


@pytest.mark.parametrize("price", ["unknown", "allowed"])
def test_a_model_without_a_price_is_the_developer_s_matter(price: str, emulator: Emulator) -> None:
    unpriced: Any = "allow" if price == "allowed" else "raise"
    budget = ScoutBudgetMiddleware(1, unpriced=unpriced)
    agent = agent_of(emulator, budget, model=small(emulator, model="nobody-s"))
    if price == "allowed":
        assert not has_ended(agent.invoke(QUESTION, on("t")))
        assert budget.spent_usd == 0.0
    else:
        with pytest.raises(BudgetExceeded, match="no price is known"):
            agent.invoke(QUESTION, on("t"))


def test_models_of_other_packages_are_held_by_their_price() -> None:
    usage: Any = {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}
    metadata = {"model_name": "claude-haiku-4-5", "model_provider": "anthropic"}
    answers = [AIMessage("hi", usage_metadata=usage, response_metadata=metadata) for _ in range(50)]
    model = GenericFakeChatModel(
        messages=iter(answers),
        metadata={
            "ls_provider": "anthropic",
            "ls_model_name": "claude-haiku-4-5",
            "ls_max_tokens": 200,
        },
    )
    budget = ScoutBudgetMiddleware("0.02", per="total")
    agent = create_agent(model, [], middleware=[budget])
    calls = 0
    while not has_ended(state := agent.invoke(QUESTION)):
        calls += 1
    assert "in total does not allow the next call" in last(state).text
    assert budget.spent_usd == pytest.approx(calls * 0.0015)
    assert 0.015 < budget.spent_usd <= 0.02


class Weather(BaseModel):
    """The weather."""

    city: str


class AfterModel(AgentMiddleware[Any, Any, Any]):
    """Has a step after each model call."""

    def after_model(self, state: Any, runtime: Any) -> None:
        """Change nothing."""


@pytest.mark.parametrize("others", [(), (AfterModel(),)])
@pytest.mark.parametrize("tools", [(), (get_weather,)])
def test_an_agent_with_a_structured_answer_ends_too(
    tools: Any, others: Any, emulator: Emulator
) -> None:
    agent = agent_of(
        emulator,
        *others,
        ScoutBudgetMiddleware(1),
        tools=tools,
        response_format=ToolStrategy(Weather),
    )
    state = agent.invoke(QUESTION, on("t"))
    assert has_ended(state)
    assert state.get("structured_response") is None
    assert emulator.log == []


def test_a_limit_per_thread_needs_a_thread(emulator: Emulator) -> None:
    agent = agent_of(emulator, ScoutBudgetMiddleware(1, per="thread"), checkpointer=None)
    with pytest.raises(ConfigurationError, match="thread_id"):
        agent.invoke(QUESTION)


@pytest.mark.parametrize(
    "options",
    [
        {"per": "call"},
        {"on_exceeded": "warn"},
        {"tell": "mail"},
        {"tell": []},
        {"per": []},
        {"scope": 5},
        {"tell": "note", "scope": "model"},
        {"limit_usd": -1},
        {"limit": 1},
        {"summary_usd": 2, "summary_model": GenericFakeChatModel(messages=iter([]))},
        {"summary_usd": "nan", "summary_model": GenericFakeChatModel(messages=iter([]))},
        {"limit_usd": "much", "summary_model": GenericFakeChatModel(messages=iter([]))},
    ],
)
def test_what_cannot_be_used_is_refused(options: Any) -> None:
    with pytest.raises(ConfigurationError):
        ScoutBudgetMiddleware(**{"limit_usd": 1, **options})


def test_without_langchain_the_import_names_the_line_to_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "langchain.agents.middleware", None)
    monkeypatch.delitem(sys.modules, "scout_adapters.agents")
    with pytest.raises(ImportError, match=r'pip install "scout-adapters\[agents\]"'):
        import_module("scout_adapters.agents")


def test_what_one_budget_refuses_is_not_held_in_the_others() -> None:
    model = GenericFakeChatModel(
        messages=iter([AIMessage("hi")]),
        metadata={
            "ls_provider": "anthropic",
            "ls_model_name": "claude-haiku-4-5",
            "ls_max_tokens": 200,
        },
    )
    small_one, large_one = ScoutBudgetMiddleware("0.0001", per="total"), ScoutBudgetMiddleware(5)
    agent = create_agent(model, [], middleware=[large_one, small_one])
    assert has_ended(agent.invoke(QUESTION))
    assert [(b.held, b.spent) for b in (*large_one.balances, *small_one.balances)] == [(0, 0)] * 2
