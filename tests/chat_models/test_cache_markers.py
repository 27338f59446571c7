"""`prompt_cache="auto"`: markers where Anthropic caches a conversation, beside the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_anthropic.middleware import AnthropicPromptCachingMiddleware
from langchain_core.caches import InMemoryCache
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from pydantic import ValidationError

from scout_adapters import ScoutAnthropicChatModel, ScoutBedrockChatModel, ScoutRouterChatModel
from scout_adapters.errors import ConfigurationError
from scout_adapters.testing import Emulator

LONG = "You answer questions about one very long document. " * 200
MODEL = "claude-sonnet-4-6"
MARK = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}


def search(query: str) -> str:
    """Search the archive for a text, and return what stands there about it."""
    return f"About {query}: " + "nothing is known. " * 40


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


def claude(emulator: Emulator, **options: Any) -> ScoutAnthropicChatModel:
    settings = {"model": MODEL, "api_key": "k", "transport": emulator.transport()}
    return ScoutAnthropicChatModel(**({"cache": "auto"} | settings | options))


def prompt(system: Any = LONG) -> list[Any]:
    return [SystemMessage(system), HumanMessage("What does it say?")]


def marks(emulator: Emulator) -> list[str]:
    """Return the places of the markers in the last request."""
    return [*_marks(emulator.log[-1].body)]


def _marks(body: Any) -> Iterator[str]:
    for part in ("tools", "system"):
        blocks = body.get(part) or ()
        yield from (part for block in blocks if "cache_control" in block)
    for at, message in enumerate(body["messages"]):
        blocks = message["content"] if isinstance(message["content"], list) else ()
        yield from (f"message {at}" for block in blocks if "cache_control" in block)


def changes(message: Any) -> list[str]:
    return list(message.response_metadata["scout"].get("changes", ()))


def test_tools_system_and_last_turn_are_marked_and_read_again(emulator: Emulator) -> None:
    model = claude(emulator)
    tool = {"name": "t", "description": LONG, "input_schema": {"type": "object"}}
    first = model.invoke(prompt(), tools=[tool])
    assert marks(emulator) == ["tools", "system", "message 0"]
    assert changes(first) == ["cache_control added: tools, system, last turn"]
    second = model.invoke([*prompt(), first, HumanMessage("And then?")], tools=[tool])
    assert marks(emulator) == ["tools", "system", "message 2"]
    details = second.usage_metadata["input_token_details"]  # type: ignore[index]  # None fails the test
    assert details["cache_read"] == emulator.log[0].spent.cached.written > 4000


def test_no_markers_by_default_and_with_off(emulator: Emulator) -> None:
    for option in (None, "off"):
        answer = claude(emulator, cache=option).invoke(prompt())
        assert (marks(emulator), changes(answer)) == ([], [])
    claude(emulator).invoke(prompt(), cache="off")
    assert not marks(emulator)


def test_a_call_an_entry_and_a_router_may_choose_it(emulator: Emulator) -> None:
    claude(emulator, cache=None).invoke(prompt(), cache="auto")
    assert marks(emulator)
    entry = {"model": f"anthropic/{MODEL}", "api_key": "k", "transport": emulator.transport()}
    for model in (
        ScoutRouterChatModel(models=[{**entry, "cache": "auto"}]),
        ScoutRouterChatModel(models=[entry], prompt_cache="auto"),
    ):
        list(model.stream(prompt()))
        assert marks(emulator) == ["system", "message 0"]
    ScoutRouterChatModel(models=[entry]).invoke(prompt())
    assert not marks(emulator)


def test_prefixes_below_the_models_minimum_are_not_marked(emulator: Emulator) -> None:
    claude(emulator).invoke(prompt("Be brief."))
    assert not marks(emulator)
    claude(emulator, model="claude-haiku-4-5").invoke(prompt())
    assert not marks(emulator)
    claude(emulator).invoke([SystemMessage("Be brief."), HumanMessage(LONG)])
    assert marks(emulator) == ["message 0"]


def test_the_users_markers_stay_and_count(emulator: Emulator) -> None:
    texts = [{"type": "text", "text": LONG, "cache_control": MARK} for _ in range(3)]
    claude(emulator).invoke([SystemMessage(LONG), HumanMessage(texts)])
    assert marks(emulator) == ["system", *["message 0"] * 3]
    claude(emulator).invoke([SystemMessage(LONG), HumanMessage([*texts, texts[0]])])
    assert marks(emulator) == ["message 0"] * 4
    claude(emulator).invoke(prompt(), cache_control=MARK)
    assert marks(emulator) == ["system"]
    assert emulator.log[-1].body["cache_control"] == MARK


def test_none_stands_before_a_marker_of_an_hour(emulator: Emulator) -> None:
    text = {"type": "text", "text": LONG}
    claude(emulator).invoke([SystemMessage(LONG), HumanMessage([{**text, "cache_control": HOUR}])])
    assert marks(emulator) == ["message 0"]
    claude(emulator).invoke(prompt([{**text, "cache_control": HOUR}]))
    assert marks(emulator) == ["system", "message 0"]
    assert emulator.log[-1].body["system"][0]["cache_control"] == HOUR


def test_a_turn_of_many_blocks_reads_what_the_one_before_has_cached(emulator: Emulator) -> None:
    model = claude(emulator)
    model.invoke(prompt())
    calls = [{"name": "search", "args": {"query": str(n)}, "id": f"call_{n}"} for n in range(15)]
    results = [ToolMessage("found", tool_call_id=str(call["id"])) for call in calls]
    answer = model.invoke([*prompt(), AIMessage("", tool_calls=calls), *results])
    assert marks(emulator) == ["system", "message 0", "message 2"]
    assert emulator.log[1].spent.cached.read == emulator.log[0].spent.cached.written
    assert changes(answer) == ["cache_control added: the turn before, system, last turn"]


def test_the_callers_objects_stay_as_they_are(emulator: Emulator) -> None:
    tool = {"name": "t", "description": LONG, "input_schema": {"type": "object"}}
    blocks = [{"type": "text", "text": LONG}]
    claude(emulator).invoke([SystemMessage(blocks), HumanMessage(blocks)], tools=[tool])
    assert "cache_control" not in str([tool, blocks])


def test_claude_on_bedrock_is_marked_too(emulator: Emulator) -> None:
    model = ScoutBedrockChatModel(
        model=f"global.anthropic.{MODEL}",
        api_key="k",
        region="us-east-1",
        transport=emulator.transport(),
        prompt_cache="auto",
    )
    model.invoke(prompt())
    assert marks(emulator) == ["system", "message 0"]


def test_another_value_is_refused(emulator: Emulator) -> None:
    with pytest.raises((ConfigurationError, ValidationError), match="prompt_cache"):
        claude(emulator, cache="yes")
    with pytest.raises(ConfigurationError, match="prompt_cache"):
        claude(emulator).invoke("Hello", cache="yes")
    with pytest.raises(ConfigurationError, match="prompt_cache"):
        ScoutRouterChatModel(models=[{"model": "anthropic/m", "cache": "yes"}])


def test_langchains_cache_of_answers_is_something_else(emulator: Emulator) -> None:
    model = claude(emulator, cache=InMemoryCache(), prompt_cache="auto")
    for _ in range(2):
        model.invoke(prompt())
    assert len(emulator.log) == 1
    assert marks(emulator)


def run_agent(emulator: Emulator, model: Any) -> tuple[list[int], list[int]]:
    """Run three turns of an agent; return the tokens read from the cache and written to it."""
    emulator.clear()
    middleware = AnthropicPromptCachingMiddleware(unsupported_model_behavior="ignore")
    agent = create_agent(model, [search], system_prompt=LONG, middleware=[middleware])
    messages: list[Any] = []
    for turn in range(3):
        messages = agent.invoke({"messages": [*messages, ("user", f"Search for text {turn}")]})[
            "messages"
        ]
    cached = [exchange.spent.cached for exchange in emulator.log]
    return [each.read for each in cached], [each.written for each in cached]


def test_an_agent_caches_as_with_the_official_model_and_its_middleware() -> None:
    """The middleware ignores our class; `cache="auto"` on the model has the same effect."""
    emulator = Emulator()
    with emulator.serve():
        official = ChatAnthropic(model=MODEL, api_key="a", base_url=emulator.url("anthropic"))
        official_reads, official_writes = run_agent(emulator, official)
    reads, writes = run_agent(emulator, claude(emulator, api_key="b"))
    assert len(reads) == len(official_reads) > 3
    assert min(reads[1:]) > 2000
    assert sum(reads) >= 0.99 * sum(official_reads)
    assert sum(writes) <= 1.01 * sum(official_writes)
