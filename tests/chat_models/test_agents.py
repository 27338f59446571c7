"""Agents: structured answers by either strategy, streams, tools that raise, middleware."""

from __future__ import annotations

from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    ModelFallbackMiddleware,
    ModelRetryMiddleware,
    SummarizationMiddleware,
)
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.graph import MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from scout_adapters.testing import Overloaded, Revoked
from tests.chat_models.models import build
from tests.chat_models.request_parts import (
    JOKE,
    JOKES,
    Joke,
    Trip,
    TypedJoke,
    another,
    fail,
    providers_of,
)
from tests.support.weather import get_weather

ASK = {"messages": [("user", "What is the weather in Paris?")]}
TELL = {"messages": [("user", JOKE)]}


async def run(agent: Any, state: Any, verb: str) -> Any:
    return agent.invoke(state) if verb == "invoke" else await agent.ainvoke(state)


@pytest.mark.parametrize(
    ("schema", "verb"),
    [(Joke, "invoke"), (Joke, "ainvoke"), (TypedJoke, "ainvoke"), (JOKES["JSON schema"], "invoke")],
)
@pytest.mark.parametrize("how", ["auto", "tool", "provider", "strict provider"])
async def test_an_agent_answers_in_a_schema_by_every_strategy(
    how, schema, verb, name, model, emulator
) -> None:
    strategy: Any = {
        "auto": lambda: schema,
        "tool": lambda: ToolStrategy(schema),
        "provider": lambda: ProviderStrategy(schema),
        "strict provider": lambda: ProviderStrategy(schema, strict=True),
    }[how]()
    state = await run(create_agent(model, [], response_format=strategy), TELL, verb)
    answer = state["structured_response"]
    fields = answer if isinstance(answer, dict) else answer.model_dump()
    assert set(fields) == {"setup", "punchline"}
    assert {exchange.status for exchange in emulator.log} == {200}


@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
@pytest.mark.parametrize("how", ["auto", "tool", "strict provider"])
async def test_an_agent_with_tools_uses_them_and_answers_in_a_schema(
    how, verb, name, model, emulator
) -> None:
    if how == "strict provider" and "google" in providers_of(name):
        pytest.skip("Gemini 2.5 takes no schema beside tools")
    strategy: Any = {"auto": Joke, "tool": ToolStrategy(Joke)}.get(
        how, ProviderStrategy(Trip, strict=True)
    )
    agent = create_agent(model, [get_weather], response_format=strategy)
    state = await run(agent, ASK, verb)
    assert isinstance(state["structured_response"], Joke | Trip)
    results = [m for m in state["messages"] if isinstance(m, ToolMessage)]
    assert results[0].content == "Sunny in Paris."
    assert {exchange.status for exchange in emulator.log} == {200}


@pytest.mark.parametrize("is_async", [False, True])
async def test_an_agents_messages_are_streamed_token_by_token(is_async, model, emulator) -> None:
    agent = create_agent(model, [get_weather])
    if is_async:
        parts = [part async for part in agent.astream(ASK, stream_mode="messages")]
    else:
        parts = list(agent.stream(ASK, stream_mode="messages"))
    chunks = [message for message, _ in parts if isinstance(message, AIMessageChunk)]
    assert all(exchange.stream for exchange in emulator.log)
    assert len(emulator.log) == 2
    text = "".join(chunk.text for chunk in chunks)
    assert text == "The tools have answered: Sunny in Paris."
    assert sum(bool(chunk.text) for chunk in chunks) > 1


@pytest.mark.parametrize("mode", ["values", "updates", ["messages", "updates", "custom"]])
async def test_every_stream_mode_of_an_agent_ends_in_the_same_answer(mode, model) -> None:
    agent = create_agent(model, [get_weather])
    sync = list(agent.stream(ASK, stream_mode=mode))
    later = [part async for part in agent.astream(ASK, stream_mode=mode)]
    for parts in (sync, later):
        assert "Sunny in Paris" in str(parts[-1])


async def test_an_agents_events_hold_every_call_of_the_model_once(model, emulator) -> None:
    agent = create_agent(model, [get_weather])
    events = [event async for event in agent.astream_events(ASK, version="v2")]
    kinds = [event["event"] for event in events]
    assert kinds.count("on_chat_model_start") == kinds.count("on_chat_model_end") == 2
    assert len(emulator.log) == 2


@tool
def broken(location: str) -> str:
    """Get the weather at a location."""
    raise ValueError(f"no weather for {location}")


@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
async def test_a_tool_s_error_is_sent_to_the_model_which_goes_on(
    verb, name, model, emulator
) -> None:
    bound = model.bind_tools([broken])

    def ask(state: MessagesState) -> dict[str, Any]:
        return {"messages": [bound.invoke(state["messages"])]}

    async def aask(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await bound.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState)
    graph.add_node("model", aask if verb == "ainvoke" else ask)
    graph.add_node("tools", ToolNode([broken], handle_tool_errors=True))
    graph.set_entry_point("model")
    graph.add_conditional_edges("model", tools_condition)
    graph.add_edge("tools", "model")
    initial = {"messages": [HumanMessage("Call broken for the weather in Paris")]}
    state = await run(graph.compile(), initial, verb)
    *_, result, answer = state["messages"]
    assert (result.status, answer.type) == ("error", "ai")
    assert "no weather for Paris" in answer.text
    assert [exchange.status for exchange in emulator.log] == [200, 200]
    body = str(emulator.log[1].body)
    assert "no weather for Paris" in body
    if providers_of(name)[0] == "anthropic":
        assert "'is_error': True" in body


@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
async def test_a_long_history_is_summarised_by_the_model(verb, model, emulator) -> None:
    long = [m for _ in range(6) for m in (HumanMessage("tell " * 99), AIMessage("more " * 99))]
    middleware = SummarizationMiddleware(model, trigger=("tokens", 300), keep=("messages", 2))
    agent = create_agent(model, [], middleware=[middleware])
    state = await run(agent, {"messages": [*long, HumanMessage("Hello")]}, verb)
    assert len(emulator.log) == 2
    assert len(state["messages"]) <= 4
    assert "summary" in state["messages"][0].text.lower()


@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
async def test_langchains_retries_do_not_multiply_ours(verb, name, make, emulator) -> None:
    """A call that has retried itself is not made again: its error is not retryable."""
    fail(emulator, name, Overloaded(), times=50)
    middleware = ModelRetryMiddleware(max_retries=2, on_failure="error", initial_delay=0.01)
    agent = create_agent(make(max_retries=1), [], middleware=[middleware])
    with pytest.raises(Exception, match=r"server_error|capacity"):
        await run(agent, ASK, verb)
    assert len(emulator.log) == 1 + len(providers_of(name))


@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
async def test_langchains_retries_take_the_place_of_ours(verb, name, make, emulator) -> None:
    """Without retries of its own, a model is retried, and `on_failure` handles the last error."""
    fail(emulator, name, Overloaded(), times=50)
    middleware = ModelRetryMiddleware(max_retries=2, on_failure="continue", initial_delay=0.01)
    agent = create_agent(make(max_retries=0), [], middleware=[middleware])
    state = await run(agent, ASK, verb)
    assert state["messages"][-1].text.startswith("Model call failed after 3 attempts with ")
    assert len(emulator.log) == 3 * len(providers_of(name))


@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
async def test_langchains_fallback_gets_tools_and_history(verb, name, make, emulator) -> None:
    fail(emulator, name, Revoked(), times=50)
    second = build(another(name), emulator)
    agent = create_agent(
        make(max_retries=0), [get_weather], middleware=[ModelFallbackMiddleware(second)]
    )
    state = await run(agent, ASK, verb)
    assert state["messages"][-1].text == "The tools have answered: Sunny in Paris."
    assert emulator.log[-1].provider == another(name)


async def test_a_history_of_an_agent_goes_on_with_another_provider(name, model, emulator) -> None:
    """Calls and text of one provider's model are accepted by any other."""
    first = create_agent(build(another(name), emulator), [get_weather])
    state = await first.ainvoke(ASK)
    more = [*state["messages"], HumanMessage("What is the weather in Rome?")]
    then = await create_agent(model, [get_weather]).ainvoke({"messages": more})
    assert then["messages"][-1].text == "The tools have answered: Sunny in Rome."
    assert {exchange.status for exchange in emulator.log} == {200}
