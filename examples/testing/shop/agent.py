"""An agent with tools, over two providers."""

from typing import Any

from langchain.agents import create_agent
from langchain_core.tools import tool

from scout_adapters import ScoutRouterChatModel

MODELS = ["groq/openai/gpt-oss-120b", "anthropic/claude-haiku-4-5"]


@tool
def get_weather(city: str) -> str:
    """Return the weather in a city."""
    return f"It is 21 °C and sunny in {city}."


def make_agent() -> Any:
    """Make the agent."""
    model = ScoutRouterChatModel(models=MODELS)
    return create_agent(model=model, tools=[get_weather], system_prompt="Use your tools.")
