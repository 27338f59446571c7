"""Three agents written after their documentation, under all faults and beside other routers.

`make chaos-agents` runs them, or `pytest examples/chaos --scout-chaos` where langchain, deepagents
and, for the comparison, langchain-groq, langchain-openai and langchain-litellm are installed.
"""

from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from langchain_core.tools import tool

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator

MODELS = ["groq/openai/gpt-oss-120b", "openai/gpt-5.4-mini"]
QUESTION = {"messages": [{"role": "user", "content": "what is the weather in sf"}]}

ModelOf = Callable[[Any], BaseChatModel]

pytestmark = [pytest.mark.scout_chaos, pytest.mark.scout_emulator(keys={"groq": 2})]


@tool
def get_weather(city: str) -> str:
    """Get weather for a given city."""
    return f"It's always sunny in {city}!"


def after(calls: int) -> Callable[[Any], bool]:
    """Return a condition: the model has called so many tools since the question."""
    return lambda request: len(request.called) == calls


def test_agent(scout_emulator: Emulator, scout_chain_model: ModelOf) -> None:
    """Two calls: https://docs.langchain.com/oss/python/langchain/quickstart"""
    rule = scout_emulator.on(contains="weather")
    rule.calls("get_weather", city="sf").then_says("Sunny.").always()
    model = scout_chain_model(ScoutRouterChatModel(models=MODELS))
    agent = create_agent(model, tools=[get_weather], system_prompt="You are a helpful assistant")
    assert agent.invoke(QUESTION)["messages"][-1].text == "Sunny."


def test_deep_agent(scout_emulator: Emulator, scout_chain_model: ModelOf) -> None:
    """Five calls: https://docs.langchain.com/oss/python/deepagents/quickstart"""
    create_deep_agent = pytest.importorskip("deepagents").create_deep_agent
    todo = {"content": "look", "status": "in_progress"}
    scout_emulator.on(matches=after(0)).calls("write_todos", todos=[todo]).always()
    scout_emulator.on(matches=after(1)).calls("get_weather", city="sf").always()
    report = {"file_path": "/report.md", "content": "Sunny."}
    scout_emulator.on(matches=after(2)).calls("write_file", **report).always()
    scout_emulator.on(matches=after(3)).calls("read_file", file_path="/report.md").always()
    scout_emulator.on(matches=after(4)).says("Sunny.").always()
    model = scout_chain_model(ScoutRouterChatModel(models=MODELS))
    agent = create_deep_agent(model=model, tools=[get_weather])
    assert agent.invoke(QUESTION)["messages"][-1].text == "Sunny."


def test_rag_chain(scout_emulator: Emulator, scout_chain_model: ModelOf) -> None:
    """One streamed call: https://docs.langchain.com/oss/python/langchain/rag"""
    scout_emulator.on(contains="Context: Task decomposition").says("It splits tasks.").always()
    prompt = ChatPromptTemplate.from_template("Question: {question}\nContext: {context}\nAnswer:")
    model = scout_chain_model(ScoutRouterChatModel(models=MODELS))
    found = {"context": lambda _: "Task decomposition splits.", "question": RunnablePassthrough()}
    chain = found | prompt | model | StrOutputParser()
    assert "".join(chain.stream("What is Task Decomposition?")) == "It splits tasks."
