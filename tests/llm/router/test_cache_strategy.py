"""`strategy="cache"`: a conversation stays with the candidate that has cached its prompt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from scout_adapters import ScoutRouterChatModel
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.strategies import cache
from scout_adapters.testing import Emulator, RateLimited, ServerError
from tests.support.clock import FakeTime

LONG = "You answer questions about one very long document. " * 400
FIRST, SECOND, THIRD = "openai/gpt-4.1-mini", "groq/openai/gpt-oss-120b", "google/gemini-2.5-flash"
READ, PLAIN = {"input": 0.001, "output": 0.001, "cache_read": 0.0001}, {"input": 0.001}


class SlowEvents(BaseCallbackHandler):
    """Takes a second over the first candidate that is skipped."""

    run_inline = True

    def __init__(self, time: FakeTime) -> None:
        self.skipped: list[str] = []
        self._time = time

    def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
        if data["outcome"] == "skipped" and not self.skipped:
            self.skipped.append(data["provider"])
            self._time.go_by(1)


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def emulator(time: FakeTime) -> Emulator:
    return Emulator(clock=lambda: time.now)


@pytest.fixture(autouse=True)
def equal_prices() -> None:
    for name in (FIRST, SECOND, THIRD):
        provider, _, model = name.partition("/")
        PRICING[provider] = {model: dict(READ)}


def router(
    emulator: Emulator, time: FakeTime, strategy: Any = "cache", keys: int = 1, **options: Any
) -> ScoutRouterChatModel:
    names = [f"k-{number}" for number in range(keys)]
    entries = [
        {"model": name, "api_keys": names, "transport": emulator.transport()}
        for name in (FIRST, SECOND, THIRD)
    ]
    return ScoutRouterChatModel(
        models=entries, strategy=strategy, clock=time.clock, max_tokens=50, **options
    )


def beginning(number: int = 0, system: str = LONG) -> list[BaseMessage]:
    return [SystemMessage(system), HumanMessage(f"Question {number}")]


def talk(model: Any, history: list[BaseMessage], turns: int) -> Iterator[str]:
    """Yield the provider that answers each turn; `history` grows."""
    for turn in range(turns):
        planned = model.explain(history).chosen
        answer = model.invoke(history)
        history += [answer, HumanMessage(f"And {turn}?")]
        provider: str = answer.response_metadata["scout"]["provider"]
        assert planned is None or planned.provider == provider
        yield provider


def test_a_conversation_stays_where_it_went(emulator: Emulator, time: FakeTime) -> None:
    model, history = router(emulator, time), beginning()
    assert [*talk(model, history, 2)] == ["openai", "openai"]
    emulator.script("openai", [RateLimited(20)])
    answer = model.invoke(history)
    assert answer.response_metadata["scout"]["provider"] == "groq"
    history += [answer, HumanMessage("More?")]
    time.go_by(60)
    assert [*talk(model, history, 3)] == ["groq"] * 3
    assert [*talk(model, beginning(1), 1)] == ["openai"]


def test_with_priority_it_goes_back(emulator: Emulator, time: FakeTime) -> None:
    model, history = router(emulator, time, "priority"), beginning()
    emulator.script("openai", [RateLimited(20)])
    model.invoke(history)
    time.go_by(60)
    assert [*talk(model, history, 1)] == ["openai"]


async def test_streams_and_async_calls_stay_too(emulator: Emulator, time: FakeTime) -> None:
    model, history = router(emulator, time), beginning()
    emulator.script("openai", [RateLimited(20)])
    list(model.stream(history))
    time.go_by(60)
    await model.ainvoke(history)
    assert [chunk async for chunk in model.astream(history)]
    assert [exchange.provider for exchange in emulator.log] == ["openai", *["groq"] * 3]


def test_it_goes_back_if_that_costs_no_more(emulator: Emulator, time: FakeTime) -> None:
    model, history = router(emulator, time), beginning()
    emulator.script("openai", [RateLimited(20)])
    model.invoke(history)
    time.go_by(60)
    # To read the whole prompt there costs less than a tenth of it costs here.
    PRICING["openai"] = {"gpt-4.1-mini": {"input": 0.00005, "output": 0.001}}
    assert [*talk(model, history, 1)] == ["openai"]


def test_an_unknown_price_moves_nothing(emulator: Emulator, time: FakeTime) -> None:
    model, history = router(emulator, time), beginning()
    emulator.script("openai", [RateLimited(20)])
    model.invoke(history)
    time.go_by(60)
    PRICING["groq"] = {"openai/gpt-oss-120b": {"output": 0.001}}
    assert [*talk(model, history, 2)] == ["groq"] * 2


def test_a_provider_that_is_down_keeps_no_conversation(emulator: Emulator, time: FakeTime) -> None:
    model, history = router(emulator, time, max_retries=0), beginning()
    emulator.down = {"openai": ServerError()}
    assert model.invoke(history).response_metadata["scout"]["provider"] == "groq"
    emulator.down = {"groq": RateLimited(600)}
    assert model.invoke(history).response_metadata["scout"]["provider"] == "openai"
    emulator.down = {}
    assert model.invoke(history).response_metadata["scout"]["provider"] == "openai"


@pytest.mark.parametrize(("rest", "waits"), [(1.5, True), (3, False)])
def test_a_short_rest_is_waited_for(
    emulator: Emulator, time: FakeTime, rest: float, waits: bool
) -> None:
    model, history = router(emulator, time), beginning()
    model.invoke(history)
    emulator.script("openai", [RateLimited(rest), RateLimited(rest)])
    model.invoke(beginning(1, "Be brief."))  # puts the only key to rest
    start = time.now
    answer = model.invoke(history)
    assert answer.response_metadata["scout"]["provider"] == ("openai" if waits else "groq")
    assert (time.now > start) is waits


def test_a_call_that_may_not_wait_for_the_cache_goes_on_to_the_next_candidate(
    emulator: Emulator, time: FakeTime
) -> None:
    """Its only retry is spent on the first short rest, so that the second is one too many."""
    model, history = router(emulator, time, max_retries=1), beginning()
    model.invoke(history)
    emulator.script("openai", [RateLimited(1.5), RateLimited(1.5)])
    assert model.invoke(history).response_metadata["scout"]["provider"] == "groq"


def test_a_call_whose_deadline_comes_before_the_cache_goes_on_to_the_next_candidate(
    emulator: Emulator, time: FakeTime
) -> None:
    """A callback takes the time that was left for the short rest of the first candidate."""
    model, history = router(emulator, time, deadline=2.0), beginning()
    model.invoke(history)
    emulator.script("openai", [RateLimited(1.5)])
    model.invoke(beginning(1, "Be brief."))  # puts the only key to rest
    slow = SlowEvents(time)
    answer = model.invoke(history, {"callbacks": [slow]})
    assert slow.skipped == ["openai"]
    assert answer.response_metadata["scout"]["provider"] == "groq"
    assert answer.response_metadata["scout"]["attempts"][-1]["waited_s"] == 0


def test_a_short_prompt_keeps_the_configured_order(emulator: Emulator, time: FakeTime) -> None:
    model, history = router(emulator, time), beginning(system="Be brief.")
    emulator.script("openai", [RateLimited(20)])
    model.invoke(history)
    time.go_by(60)
    assert [*talk(model, history, 1)] == ["openai"]


def test_the_key_stays_with_the_candidate(emulator: Emulator, time: FakeTime) -> None:
    model, history = router(emulator, time, keys=3), beginning()
    [*talk(model, history, 4)]
    assert len({exchange.key for exchange in emulator.log}) == 1
    reads = [exchange.spent.cached.read for exchange in emulator.log]
    assert min(reads[1:]) > 2000


def test_affinity_off_switches_it_off(emulator: Emulator, time: FakeTime) -> None:
    model, history = router(emulator, time, key_affinity="off"), beginning()
    emulator.script("openai", [RateLimited(20)])
    model.invoke(history)
    time.go_by(60)
    assert [*talk(model, history, 1)] == ["openai"]


def test_a_cache_ends_with_its_lifetime(emulator: Emulator, time: FakeTime) -> None:
    model, history = router(emulator, time), beginning()
    emulator.script("openai", [RateLimited(20)])
    model.invoke(history)
    time.go_by(3 * 3600)
    assert [*talk(model, history, 1)] == ["openai"]


def test_another_order_for_new_conversations(emulator: Emulator, time: FakeTime) -> None:
    PRICING["google"] = {"gemini-2.5-flash": {"input": 0.0009, "output": 0.001}}
    model, history = router(emulator, time, cache("cheapest")), beginning()
    assert [*talk(model, history, 1)] == ["google"]
    # A tenth of the price there, for a prompt that is cached here: it stays.
    PRICING["groq"] = {"openai/gpt-oss-120b": {"input": 0.0005, "output": 0.001}}
    PRICING["google"]["gemini-2.5-flash"]["cache_read"] = 0.0001
    assert [*talk(model, history, 1)] == ["google"]
    assert [*talk(model, beginning(1), 1)] == ["groq"]


def test_turns_read_the_cache_that_priority_loses(emulator: Emulator, time: FakeTime) -> None:
    def reads(strategy: str) -> int:
        emulator.clear()
        model, history = router(emulator, time, strategy), beginning(system=f"{strategy}. {LONG}")
        for turn in range(12):
            if turn % 2 == 0:
                emulator.script("openai", [RateLimited(30)])
            history += [model.invoke(history), HumanMessage("And?")]
            time.go_by(200)
        return sum(exchange.spent.cached.read for exchange in emulator.log)

    assert reads("cache") > 30_000
    assert reads("priority") == 0
