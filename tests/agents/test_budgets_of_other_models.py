"""Agents whose models are of other packages, held by their published prices."""

from __future__ import annotations

from decimal import Decimal

from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from scout_adapters.agents import ScoutBudgetMiddleware
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import Emulator
from tests.agents.agents import QUESTION, agent_of, has_ended, last, on, weather_by


def test_an_agent_of_another_package_ends_within_its_limit(emulator: Emulator) -> None:
    PRICING["openai"] = {"tiny": {"input": 1.0, "output": 1.0}}
    with emulator.serve():
        model = ChatOpenAI(
            model="tiny",
            api_key=SecretStr("sk-x"),
            base_url=emulator.url("openai"),
            max_completion_tokens=100,
        )
        budget = ScoutBudgetMiddleware(4, per="thread")
        tools = [weather_by(create_agent(model, []))]
        agent = agent_of(emulator, budget, tools=tools, model=model)
        for _ in range(20):
            state = agent.invoke(QUESTION, on("t1"))
            if has_ended(state):
                break
    assert "the budget of $4 for this thread does not allow the next call" in last(state).text
    assert len(emulator.log) > 2
    tokens = sum(exchange.input_tokens + exchange.output_tokens for exchange in emulator.log)
    assert Decimal(repr(budget.spent_usd)) == Decimal(tokens) / 1000 <= 4
