"""What an agent receives about its budget, and the summary for which money is set aside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from scout_adapters.agents import ScoutBudgetMiddleware
from scout_adapters.agents.budget_endings import MIN_TRANSCRIPT, summary_prompts
from scout_adapters.agents.money_left import with_note
from scout_adapters.errors import BudgetExceeded
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import Emulator
from tests.agents.agents import (
    QUESTION,
    SMALL,
    agent_of,
    billed,
    has_ended,
    last,
    on,
    run_until_the_end,
    small,
)
from tests.support.weather import get_weather

CALL_FOR_MONEY: Any = {"messages": [("user", "How much is money_left? Use the tool money_left.")]}


def texts(emulator: Emulator) -> list[str]:
    """Return the text of the last message of each request."""
    return [(exchange.body or {})["messages"][-1]["content"] for exchange in emulator.log]


def test_a_note_ends_each_request_and_is_not_kept(emulator: Emulator) -> None:
    agent = agent_of(emulator, ScoutBudgetMiddleware(5, tell="note"), tools=[get_weather])
    state = agent.invoke(QUESTION, on("t"))
    first, second = texts(emulator)
    assert first.endswith("not by the user: $5 of $5 for this run is left.]")
    assert second.startswith("Sunny in ")
    assert " of $5 for this run is left.]" in second
    assert "$5 of $5" not in second
    kept = [message.text for message in state["messages"] if message.type != "ai"]
    assert not any("Note about" in text for text in kept)  # the emulator repeats it


@pytest.mark.parametrize(("user", "left"), [("ada", "$1.8 of $1.8"), ("bob", "No limit applies")])
def test_a_user_without_a_limit_reads_so(user: str, left: str, emulator: Emulator) -> None:
    budget = ScoutBudgetMiddleware(
        {"ada": 2, "eve": 0}, scope="user", tell="note", summary_model=small(emulator)
    )
    agent_of(emulator, budget).invoke(QUESTION, on("t", user_id=user))
    assert left in texts(emulator)[0]


def test_what_stands_before_the_note_is_as_it_was() -> None:
    messages = [HumanMessage("hi"), HumanMessage([{"type": "text", "text": "look"}])]
    noted = with_note(messages, "$1 is left.")
    assert noted[0] is messages[0]
    assert noted[1].content[0] == {"type": "text", "text": "look"}
    assert noted[1].text.endswith("$1 is left.]")
    assert with_note([], "") == []
    assert with_note([messages[0], AIMessage("I")], "")[1].text == "I"


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_tool_returns_what_is_left(
    is_async: bool, emulator: Emulator, tmp_path: Path
) -> None:
    budget = ScoutBudgetMiddleware(8, per="thread", tell="tool", path=tmp_path / "b.db")
    agent = agent_of(emulator, budget)
    if is_async:
        state = await agent.ainvoke(CALL_FOR_MONEY, on("t"))
    else:
        state = agent.invoke(CALL_FOR_MONEY, on("t"))
    (result,) = [message for message in state["messages"] if isinstance(message, ToolMessage)]
    exchange = emulator.log[0]
    left = 8 - (exchange.input_tokens + exchange.output_tokens) / 1000
    assert result.text == f"${left:g} of $8 for this thread is left."


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_cheap_model_sums_up_with_what_was_set_aside(
    is_async: bool, emulator: Emulator
) -> None:
    cheap = small(emulator, model="cheap")
    PRICING["groq"]["cheap"] = {"input": 0.1, "output": 0.1}
    budget = ScoutBudgetMiddleware(4, per="thread", summary_model=cheap, summary_usd="0.3")
    agent = agent_of(emulator, budget, tools=[get_weather])
    if is_async:
        state: Any = await agent.ainvoke(QUESTION, on("t"))
        while not has_ended(state):
            state = await agent.ainvoke(QUESTION, on("t"))
    else:
        state, _ = run_until_the_end(agent, on("t"))
    assert last(state).text.startswith("This is the emulator speaking for groq/cheap")
    assert last(state).response_metadata["scout_budget"]["budget"] == "agent thread"
    request: Any = emulator.log[-1].body
    assert request["messages"][0]["role"] == "system"
    assert "What is the weather in Paris?" in request["messages"][1]["content"]
    main, summary = budget.balances
    assert main.spent <= 3_700_000_000
    assert 0 < summary.spent <= 300_000_000
    assert 0 < budget.spent_usd < 4
    assert [exchange.model for exchange in emulator.log].count("cheap") == 1


def test_without_money_for_a_summary_the_agent_ends_with_the_reason(emulator: Emulator) -> None:
    budget = ScoutBudgetMiddleware(2, summary_model=small(emulator), summary_usd=1)
    state = agent_of(emulator, budget).invoke(QUESTION, on("t"))
    assert has_ended(state)
    text = last(state).text
    assert "the budget of $2 for this run does not allow the next call: groq/small may cost" in text
    assert "$0 is spent, $1 is set aside" in text
    assert billed(emulator) == 0


@pytest.mark.parametrize("is_async", [False, True])
async def test_a_summary_model_without_a_price_is_the_developer_s_matter(
    is_async: bool, emulator: Emulator
) -> None:
    budget = ScoutBudgetMiddleware(1, summary_model=small(emulator, model="nobody-s"))
    agent = agent_of(emulator, budget)
    with pytest.raises(BudgetExceeded, match="no price is known"):
        await agent.ainvoke(QUESTION, on("t")) if is_async else agent.invoke(QUESTION, on("t"))


def test_a_tenth_is_set_aside_by_default(emulator: Emulator) -> None:
    budget = ScoutBudgetMiddleware(40, summary_model=small(emulator, model=SMALL))
    state = agent_of(emulator, budget).invoke(QUESTION, on("t"))
    assert not has_ended(state)
    assert [balance.account.limit for balance in budget.balances] == [36 * 10**9]


def test_less_and_less_of_a_long_conversation_is_offered_for_summing_up() -> None:
    messages = [HumanMessage("Where is it?"), *(AIMessage("looking " * 50) for _ in range(20))]
    offers = [request[1].text for request in summary_prompts(messages)]
    lengths = [len(offer) for offer in offers]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[-1] < 2 * MIN_TRANSCRIPT + 10
    assert all(offer.startswith("Human: Where is it?") for offer in offers)
    assert offers[-1].endswith("looking ")
