"""Rotation, failover and agents over the loopback emulator, whose log has every request."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.graph import END, START, MessagesState, StateGraph

from scout_adapters import ScoutGroqChatModel, ScoutRouterChatModel
from scout_adapters.testing import CutMidStream, Emulator, RateLimited, Revoked
from tests.support.verbs import VERBS, run_model
from tests.support.weather import get_weather

QUESTION = {"messages": [("user", "What is the weather in Paris?")]}


def entry(emulator: Emulator, model: str, *keys: str) -> dict[str, Any]:
    url = emulator.url(model.partition("/")[0])
    return {"model": model, "api_keys": list(keys), "base_url": url}


@pytest.mark.parametrize("verb", VERBS)
def test_a_dead_key_is_used_once_and_a_limited_one_once_until_its_wait_is_over(verb: str) -> None:
    dead, limited, good = (f"{name}-{verb}" for name in ("dead", "limited", "good"))
    keys = {dead: Revoked(), limited: RateLimited(seconds=120), good: None}
    emulator = Emulator(keys={"groq": keys})
    with emulator.serve():
        model = ScoutGroqChatModel(
            model="openai/gpt-oss-120b", api_keys=list(keys), base_url=emulator.url("groq")
        )
        answers = [run_model(model, verb) for _ in range(20)]
        requests = Counter(exchange.key for exchange in emulator.log)
    assert all(answer.text for answer in answers)
    assert requests == {dead: 1, limited: 1, good: 20}
    first = answers[0].response_metadata["scout"]["attempts"]
    assert [row["outcome"] for row in first] == ["auth_invalid", "rate_limit", "ok"]


@pytest.mark.parametrize("verb", VERBS)
def test_a_dead_provider_is_failed_over_and_then_left_alone(verb: str) -> None:
    emulator = Emulator(down={"mistral"})
    with emulator.serve():
        model = ScoutRouterChatModel(
            models=[
                entry(emulator, "mistral/mistral-small-latest", f"m-{verb}"),
                entry(emulator, "anthropic/claude-haiku-4-5", f"a-{verb}"),
            ]
        )
        answers = [run_model(model, verb) for _ in range(6)]
    assert {a.response_metadata["scout"]["provider"] for a in answers} == {"anthropic"}
    assert len(emulator.requests("mistral")) == 5  # then the circuit is open
    assert len(emulator.requests("anthropic")) == 6


def test_a_stream_that_is_cut_before_its_first_word_goes_on_elsewhere_unseen() -> None:
    emulator = Emulator()
    emulator.script("groq", [CutMidStream(after=1)])
    with emulator.serve():
        model = ScoutRouterChatModel(
            models=[
                entry(emulator, "groq/openai/gpt-oss-120b", "cut-groq"),
                entry(emulator, "google/gemini-3.5-flash", "cut-google"),
            ]
        )
        answer = run_model(model, "stream", "hi")
    outcomes = [(row["provider"], row["outcome"]) for row in scout(answer)["attempts"]]
    assert outcomes[-1][1] == "ok"
    assert answer.text.count("You asked") == 1


def scout(message: AIMessage) -> dict[str, Any]:
    metadata: dict[str, Any] = message.response_metadata["scout"]
    return metadata


@pytest.fixture
def agents_model() -> Any:
    emulator = Emulator(keys={"groq": {"agent-dead": Revoked(), "agent-good": None}}, down=["xai"])
    with emulator.serve():
        yield ScoutRouterChatModel(
            models=[
                entry(emulator, "xai/grok-4.3", "agent-xai"),
                entry(emulator, "groq/openai/gpt-oss-120b", "agent-dead", "agent-good"),
            ],
            max_retries=0,
        )


def test_an_agent_finishes_its_tool_loop(agents_model: Any) -> None:
    agent = create_agent(model=agents_model, tools=[get_weather])
    messages = agent.invoke(QUESTION)["messages"]
    assert [message.type for message in messages] == ["human", "ai", "tool", "ai"]
    assert "Sunny in Paris" in messages[-1].text


def test_a_graph_streams_the_answer_token_by_token(agents_model: Any) -> None:
    def respond(state: MessagesState) -> dict[str, Any]:
        return {"messages": [agents_model.invoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("respond", respond)
    graph.add_edge(START, "respond")
    graph.add_edge("respond", END)
    parts = list(graph.compile().stream({"messages": [HumanMessage("hi")]}, stream_mode="messages"))
    assert len(parts) > 3
    assert "You asked: hi" in "".join(part.text for part, _ in parts)


async def test_an_agent_streams_its_steps(agents_model: Any) -> None:
    agent = create_agent(model=agents_model, tools=[get_weather])
    steps = [step async for step in agent.astream(QUESTION, stream_mode="updates")]
    assert [next(iter(step)) for step in steps] == ["model", "tools", "model"]
