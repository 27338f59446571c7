"""A conversation keeps to the key in whose account its prompt is cached."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Iterator
from types import FrameType
from typing import Any

import httpx
import pytest
from langchain.agents import create_agent
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from langgraph.checkpoint.memory import InMemorySaver

from scout_adapters import ScoutOpenAIChatModel, ScoutRouterChatModel
from scout_adapters.errors import ConfigurationError
from scout_adapters.testing import Emulator, RateLimited
from tests.support.clock import FakeTime

KEYS = [f"sk-{number}" for number in range(5)]
LONG = "You answer questions about one very long document. " * 200
MODEL = "gpt-4.1-mini"


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def emulator(time: FakeTime) -> Emulator:
    return Emulator(clock=lambda: time.now)


@pytest.fixture
def model(emulator: Emulator, time: FakeTime) -> ScoutOpenAIChatModel:
    return openai(emulator, time)


def openai(emulator: Emulator, time: FakeTime, **options: Any) -> ScoutOpenAIChatModel:
    return ScoutOpenAIChatModel(
        model=MODEL, api_keys=KEYS, transport=emulator.transport(), clock=time.clock, **options
    )


def beginning(number: int = 0, system: str = LONG) -> list[BaseMessage]:
    return [SystemMessage(system), HumanMessage(f"Question {number}")]


def talk(model: Any, history: list[BaseMessage], turns: int, config: Any = None) -> Iterator[Any]:
    """Yield the answer of each turn; `history` grows."""
    for turn in range(turns):
        answer = model.invoke(history, config)
        history += [answer, HumanMessage(f"And {turn}?")]
        yield answer


def keys_used(emulator: Emulator) -> list[str]:
    return [exchange.key for exchange in emulator.log]


def test_all_turns_of_a_conversation_use_one_key(
    emulator: Emulator, model: ScoutOpenAIChatModel
) -> None:
    answers = list(talk(model, beginning(), 5))
    assert len(set(keys_used(emulator))) == 1
    reads = [answer.usage_metadata["input_token_details"]["cache_read"] for answer in answers]
    assert reads[0] == 0
    assert min(reads[1:]) > 2000


async def test_streams_and_async_calls_keep_to_it_too(
    emulator: Emulator, model: ScoutOpenAIChatModel
) -> None:
    model.invoke(beginning())
    await model.ainvoke(beginning())
    list(model.stream(beginning()))
    assert [chunk async for chunk in model.astream(beginning())]
    assert len(set(keys_used(emulator))) == 1


def test_new_conversations_take_keys_in_turn(
    emulator: Emulator, model: ScoutOpenAIChatModel
) -> None:
    for number in range(10):
        list(talk(model, beginning(number), 3))
    assert Counter(keys_used(emulator)) == dict.fromkeys(KEYS, 6)


def test_a_prompt_that_is_not_cached_takes_keys_in_turn(
    emulator: Emulator, model: ScoutOpenAIChatModel
) -> None:
    list(talk(model, beginning(system="Be brief."), 5))
    assert sorted(keys_used(emulator)) == KEYS


def test_affinity_is_off_for_a_model_or_a_call(emulator: Emulator, time: FakeTime) -> None:
    list(talk(openai(emulator, time, key_affinity="off"), beginning(), 5))
    assert sorted(keys_used(emulator)) == KEYS
    emulator.clear()
    model = openai(emulator, time)
    for _ in range(5):
        model.invoke(beginning(), key_affinity="off")
    assert sorted(keys_used(emulator)) == KEYS


def test_another_value_is_refused(emulator: Emulator, time: FakeTime) -> None:
    with pytest.raises((ConfigurationError, ValueError), match="key_affinity"):
        openai(emulator, time, key_affinity="on")
    with pytest.raises(ConfigurationError, match="key_affinity"):
        openai(emulator, time).invoke("Hello", key_affinity="always")


def test_a_limited_key_moves_a_conversation_on_and_it_stays_there(
    emulator: Emulator, model: ScoutOpenAIChatModel, time: FakeTime
) -> None:
    history = beginning()
    list(talk(model, history, 2))
    first = keys_used(emulator)[0]
    emulator.script("openai", [RateLimited(20)], key=first)
    list(talk(model, history, 2))
    moved = keys_used(emulator)[-1]
    assert moved != first
    time.go_by(60)
    list(talk(model, history, 3))
    assert keys_used(emulator)[-3:] == [moved] * 3


@pytest.mark.parametrize(("rest", "waits"), [(2, True), (3, False)])
def test_a_conversation_waits_for_a_key_that_rests_shortly(
    emulator: Emulator, model: ScoutOpenAIChatModel, time: FakeTime, rest: float, waits: bool
) -> None:
    model.invoke(beginning())
    emulator.script("openai", [RateLimited(rest)], key="sk-0")
    start = time.now
    model.invoke(beginning())
    assert keys_used(emulator)[1:] == ["sk-0", "sk-0" if waits else "sk-1"]
    assert (time.now - start >= rest) is waits


def test_it_waits_once_in_a_call(emulator: Emulator, model: ScoutOpenAIChatModel) -> None:
    model.invoke(beginning())
    emulator.script("openai", [RateLimited(1)] * 2, key="sk-0")
    model.invoke(beginning())
    assert keys_used(emulator)[1:] == ["sk-0", "sk-0", "sk-1"]


def test_a_prompt_that_one_key_cannot_carry_is_cached_with_few_keys(
    emulator: Emulator, model: ScoutOpenAIChatModel, time: FakeTime
) -> None:
    model.invoke(beginning())
    for _ in range(20):
        emulator.script("openai", [RateLimited(5)], key=keys_used(emulator)[-1])
        for _ in range(3):
            model.invoke(beginning())
        time.go_by(6)
    assert len(set(keys_used(emulator))) == 2


def test_calls_at_once_of_one_conversation_spread_when_there_are_many(
    emulator: Emulator, model: ScoutOpenAIChatModel
) -> None:
    model.invoke(beginning())
    streams = [model.stream(beginning()) for _ in range(20)]
    for stream in streams:
        next(stream)
    used = Counter(keys_used(emulator))
    assert used.most_common(1)[0][1] == 9
    assert len(used) == len(KEYS)
    for stream in streams:
        list(stream)


def test_the_thread_of_a_graph_is_its_conversation(
    emulator: Emulator, model: ScoutOpenAIChatModel
) -> None:
    agent = create_agent(model, tools=[], system_prompt=LONG, checkpointer=InMemorySaver())
    for thread in ("a", "b", "a", "b"):
        config: Any = {"configurable": {"thread_id": thread}}
        agent.invoke({"messages": [("user", "The same question")]}, config)
    used = keys_used(emulator)
    assert used[0] == used[2] != used[1] == used[3]


@pytest.mark.parametrize("name", ["thread_id", "session_id", "conversation_id"])
def test_an_id_in_the_metadata_is_the_conversation(
    emulator: Emulator, model: ScoutOpenAIChatModel, name: str
) -> None:
    for number in range(4):
        model.invoke(beginning(number), {"metadata": {name: "the same"}})
    assert len(set(keys_used(emulator))) == 1


def test_each_candidate_of_a_route_has_its_own_keys(emulator: Emulator, time: FakeTime) -> None:
    shared = {"transport": emulator.transport()}
    entries = [
        {"model": f"openai/{MODEL}", "api_keys": KEYS, **shared},
        {"model": "google/gemini-2.5-flash", "api_keys": ["g-1", "g-2", "g-3"], **shared},
    ]
    router = ScoutRouterChatModel(models=entries, clock=time.clock)
    history = beginning()
    list(talk(router, history, 2))
    emulator.down = {"openai": RateLimited(5)}
    list(talk(router, history, 3))
    assert len({exchange.key for exchange in emulator.requests("google")}) == 1


def test_explain_names_the_key_of_the_conversation(
    emulator: Emulator, model: ScoutOpenAIChatModel
) -> None:
    model.invoke(beginning())
    answer = model.invoke(beginning())
    planned = model.explain(beginning()).chosen
    assert planned is not None
    assert planned.key_id == answer.response_metadata["scout"]["key_id"]


def calls_of(model: ScoutOpenAIChatModel) -> int:
    """Return how many functions of the package one call runs, without those of freed objects."""
    count = 0

    def on_event(frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event == "call" and "scout_adapters" in frame.f_code.co_filename

    gc.disable()
    sys.setprofile(on_event)
    try:
        model.invoke(beginning())
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


def test_affinity_costs_a_call_few_functions(time: FakeTime) -> None:
    body = {
        "model": MODEL,
        "choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 2000, "completion_tokens": 2, "total_tokens": 2002},
    }
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    counts = []
    for affinity in ("off", "auto"):
        model = ScoutOpenAIChatModel(
            model=MODEL,
            api_keys=KEYS,
            transport=transport,
            clock=time.clock,
            key_affinity=affinity,
        )
        for _ in range(len(KEYS) + 1):
            model.invoke(beginning())
        counts.append(calls_of(model))
    off, auto = counts
    assert 0 < auto - off <= 40, (off, auto)
