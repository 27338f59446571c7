"""Agents that others publish on PyPI, after their documentation, under all faults.

`make chaos-agents` runs them in an environment of their own, each beside other routers. They are
langgraph-supervisor, langgraph-swarm, trustcall and langmem.
"""

from collections.abc import Callable
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel

from scout_adapters import ScoutRouterChatModel
from scout_adapters.testing import Emulator

MODELS = ["groq/openai/gpt-oss-120b", "openai/gpt-5.4-mini"]

ModelOf = Callable[[Any], BaseChatModel]
Condition = Callable[[Any], bool]

pytestmark = [pytest.mark.scout_chaos, pytest.mark.scout_emulator(keys={"groq": 2})]


def said(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def turn(tool: str, called: int) -> Condition:
    """Return a condition: this tool is offered, and so many were called since the question."""
    return lambda request: (
        any(offer.name == tool for offer in request.tools) and len(request.called) == called
    )


def add(a: float, b: float) -> float:
    """Add two numbers."""
    return a + b


def web_search(query: str) -> str:
    """Search the web for information."""
    return f"{query}: Meta 67,317 employees, Apple 164,000 employees."


def test_supervisor(scout_emulator: Emulator, scout_chain_model: ModelOf) -> None:
    """Seven calls: https://github.com/langchain-ai/langgraph-supervisor-py#quickstart"""
    create_supervisor = pytest.importorskip("langgraph_supervisor").create_supervisor
    on = scout_emulator.on
    to_research, to_math = "transfer_to_research_expert", "transfer_to_math_expert"
    on(matches=turn(to_math, 0)).calls(to_research).always()
    on(matches=turn("web_search", 1)).calls("web_search", query="headcount").always()
    on(matches=turn("web_search", 2)).says("Meta 67,317, Apple 164,000.").always()
    on(matches=turn(to_math, 2)).calls(to_math).always()
    on(matches=turn("add", 3)).calls("add", a=67317, b=164000).always()
    on(matches=turn("add", 4)).says("231,317").always()
    on(matches=turn(to_math, 4)).says("Together: 231,317.").always()
    model = scout_chain_model(ScoutRouterChatModel(models=MODELS))
    math = create_agent(model, tools=[add], name="math_expert")
    research = create_agent(model, tools=[web_search], name="research_expert")
    prompt = "You are a team supervisor managing a research expert and a math expert."
    app = create_supervisor([research, math], model=model, prompt=prompt).compile()
    answer = app.invoke(said("what's the combined headcount of Meta and Apple?"))
    assert answer["messages"][-1].text == "Together: 231,317."


def test_swarm(scout_emulator: Emulator, scout_chain_model: ModelOf) -> None:
    """Five calls: https://github.com/langchain-ai/langgraph-swarm-py#quickstart"""
    swarm = pytest.importorskip("langgraph_swarm")
    on, to_alice, to_bob = scout_emulator.on, "transfer_to_alice", "transfer_to_bob"
    on(contains="speak to Bob", matches=turn(to_bob, 0)).calls(to_bob).always()
    on(contains="Bob", matches=turn(to_alice, 1)).says("Arr!").always()
    on(contains="5 + 7", matches=turn(to_alice, 0)).calls(to_alice).always()
    on(matches=turn("add", 1)).calls("add", a=5, b=7).always()
    on(matches=turn("add", 2)).says("5 + 7 is 12.").always()
    model = scout_chain_model(ScoutRouterChatModel(models=MODELS))
    bob_tool = swarm.create_handoff_tool(agent_name="Bob")
    alice = create_agent(model, tools=[add, bob_tool], name="Alice")
    bob = create_agent(model, tools=[swarm.create_handoff_tool(agent_name="Alice")], name="Bob")
    graph = swarm.create_swarm([alice, bob], default_active_agent="Alice").compile()
    first = graph.invoke(said("i'd like to speak to Bob"))
    first["messages"].append({"role": "user", "content": "what's 5 + 7?"})
    assert graph.invoke(first)["messages"][-1].text == "5 + 7 is 12."


class UserInfo(BaseModel):
    """What is known about a user."""

    name: str
    age: int


def test_trustcall(scout_emulator: Emulator, scout_chain_model: ModelOf) -> None:
    """Two calls, the second repairs the first: https://github.com/hinthornw/trustcall"""
    create_extractor = pytest.importorskip("trustcall").create_extractor
    on = scout_emulator.on
    on(matches=turn("UserInfo", 0)).calls("UserInfo", name="Alice", age="thirty").always()
    patch = {"op": "replace", "path": "/age", "value": 30}
    rule = on(matches=turn("PatchFunctionErrors", 1))
    rule.calls(
        "PatchFunctionErrors", json_doc_id="call", planned_edits="", patches=[patch]
    ).always()
    model = scout_chain_model(ScoutRouterChatModel(models=MODELS))
    extractor = create_extractor(model, tools=[UserInfo], tool_choice="UserInfo")
    result = extractor.invoke("My name is Alice and I'm thirty years old")
    assert result["responses"] == [UserInfo(name="Alice", age=30)]


def test_memories(scout_emulator: Emulator, scout_chain_model: ModelOf) -> None:
    """One call: https://langchain-ai.github.io/langmem/reference/memory/"""
    create_memory_manager = pytest.importorskip("langmem").create_memory_manager
    scout_emulator.on(contains="dark").calls("Memory", content="Prefers dark mode.").always()
    model = scout_chain_model(ScoutRouterChatModel(models=MODELS))
    (memory,) = create_memory_manager(model).invoke(said("I prefer dark mode in all my apps"))
    assert memory.content.content == "Prefers dark mode."
