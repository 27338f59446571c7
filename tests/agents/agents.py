"""Agents on the emulator, and what it has billed."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessage
from langchain_core.tools import BaseTool, tool
from langgraph.checkpoint.memory import InMemorySaver

from scout_adapters import ScoutGroqChatModel
from scout_adapters.testing import Emulator

SMALL = "small"
QUESTION = {"messages": [("user", "What is the weather in Paris? Use your tools.")]}
"""The emulator's models call the tool `get_weather`, and answer when it has."""


def small(emulator: Emulator, **options: Any) -> ScoutGroqChatModel:
    """Return a model of which a thousand tokens cost a dollar (fixture `prices`)."""
    options = {"model": SMALL, "api_keys": ["gsk_a"], "max_tokens": 100, **options}
    return ScoutGroqChatModel(transport=emulator.transport(), **options)


def agent_of(
    emulator: Emulator, *middleware: Any, tools: Sequence[BaseTool] = (), **options: Any
) -> Any:
    options = {"model": small(emulator), "checkpointer": InMemorySaver(), **options}
    return create_agent(tools=[*tools], middleware=middleware, **options)


def on(thread: str, **more: Any) -> Any:
    """Return the configuration of a run on a thread."""
    return {"configurable": {"thread_id": thread, **more}}


def weather_by(agent: Any, config: Any = None) -> BaseTool:
    """Return a tool that answers by a sub-agent."""

    @tool
    def get_weather(city: str) -> str:
        """Return the weather of a city."""
        return last(agent.invoke({"messages": [("user", f"hello {city}")]}, config)).text

    return get_weather


def last(state: Any) -> AIMessage:
    message: AIMessage = state["messages"][-1]
    return message


def has_ended(state: Any) -> bool:
    """Return whether a budget has ended the agent."""
    return "scout_budget" in last(state).response_metadata


def run_until_the_end(agent: Any, config: Any, runs: int = 30) -> tuple[Any, int]:
    """Ask again until a budget ends the agent; return its state and the number of runs."""
    for number in range(1, runs + 1):
        state = agent.invoke(QUESTION, config)
        if has_ended(state):
            return state, number
    raise AssertionError("no budget has ended the agent")


def billed(emulator: Emulator) -> Decimal:
    """Return the dollars that the emulator bills for the small model."""
    exchanges = [exchange for exchange in emulator.log if exchange.billed]
    return Decimal(sum(e.input_tokens + e.output_tokens for e in exchanges)) / 1000
