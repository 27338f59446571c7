"""What a strategy with a third parameter receives about a call."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import ConfigurationError, NoWorkingKey, ScoutError
from scout_adapters.strategies import CallContext
from scout_adapters.testing import Emulator, Overloaded, RateLimited
from tests.support.clock import FakeTime

MODELS = ("openai/gpt-4.1-mini", "groq/openai/gpt-oss-120b")
LONG = "You answer questions about one very long document. " * 200


class Seen:
    """A strategy that keeps the contexts that it was handed."""

    def __init__(self) -> None:
        self.contexts: list[CallContext] = []

    def __call__(self, candidates: Any, request: Any, context: CallContext) -> Any:
        self.contexts.append(context)
        return candidates

    @property
    def last(self) -> CallContext:
        return self.contexts[-1]


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


@pytest.fixture
def seen() -> Seen:
    return Seen()


def router(emulator: Emulator, strategy: Any, **options: Any) -> ScoutRouterChatModel:
    transport = emulator.transport()
    entries = [{"model": name, "api_key": "k", "transport": transport} for name in MODELS]
    return ScoutRouterChatModel(models=entries, strategy=strategy, **options)


CONFIG: Any = {
    "tags": ["team-a"],
    "metadata": {"user_id": 7, "plan": "free"},
    "configurable": {"thread_id": "t-1"},
}


async def ways(model: Any) -> None:
    """Call a model in each of the four ways, and ask for an explanation."""
    model.invoke("Hello", CONFIG)
    list(model.stream("Hello", CONFIG))
    await model.ainvoke("Hello", CONFIG)
    _ = [chunk async for chunk in model.astream("Hello", CONFIG)]
    model.explain("Hello", CONFIG)


async def test_tags_metadata_user_and_thread_are_those_of_the_call(
    emulator: Emulator, seen: Seen
) -> None:
    await ways(router(emulator, seen, tags=["of-model"], metadata={"region": "eu"}))
    assert len(seen.contexts) == 5
    for context in seen.contexts:
        assert {*context.tags} == {"team-a", "of-model"}
        assert (context.user, context.thread_id) == ("7", "t-1")
        assert {**context.metadata}.items() >= {"plan": "free", "region": "eu"}.items()


def test_a_call_without_a_configuration_has_none(emulator: Emulator, seen: Seen) -> None:
    router(emulator, seen).invoke("Hello")
    assert (seen.last.tags, seen.last.user, seen.last.thread_id) == ((), None, None)


def test_the_thread_of_a_graph_reaches_it(emulator: Emulator, seen: Seen) -> None:
    model = router(emulator, seen)

    def answer(state: MessagesState) -> Any:
        return {"messages": [model.invoke(state["messages"])]}

    graph: Any = StateGraph(MessagesState)
    graph.add_node("answer", answer)
    graph.add_edge(START, "answer")
    compiled = graph.compile(checkpointer=InMemorySaver())
    compiled.invoke({"messages": [("user", "Hello")]}, {"configurable": {"thread_id": "g"}})
    assert seen.last.thread_id == "g"


def test_it_cannot_be_changed(emulator: Emulator, seen: Seen) -> None:
    router(emulator, seen).invoke("Hello", CONFIG)
    with pytest.raises(AttributeError):
        seen.last.thread_id = "other"  # type: ignore[misc]  # that is what the test shows
    with pytest.raises(TypeError):
        seen.last.metadata["plan"] = "paid"  # type: ignore[index]  # as above


def test_tokens_and_costs_are_estimated(emulator: Emulator, seen: Seen) -> None:
    model = router(emulator, seen, max_tokens=100)
    model.invoke([SystemMessage("x" * 4000), HumanMessage("y" * 400)])
    first, second = model._route().candidates
    assert seen.last.input_tokens == 1100
    assert seen.last.expected_cost(first) == pytest.approx(1100 * 0.4e-6 + 100 * 1.6e-6)
    assert seen.last.expected_cost(second) == pytest.approx(1100 * 0.15e-6 + 100 * 0.6e-6)


def test_an_unknown_price_is_none(emulator: Emulator, seen: Seen) -> None:
    entry = {"model": "openai/made-up", "api_key": "k", "transport": emulator.transport()}
    model = ScoutRouterChatModel(models=[entry, {**entry, "model": MODELS[0]}], strategy=seen)
    model.explain("Hello")
    assert seen.last.expected_cost(model._route().candidates[0]) is None


def test_health_names_rests_running_calls_and_speed(emulator: Emulator, seen: Seen) -> None:
    time = FakeTime()
    model = router(emulator, seen, clock=time.clock)
    emulator.script("openai", [RateLimited(20)])
    model.invoke("Hello")
    stream = model.stream("Hello")
    next(stream)
    time.go_by(5)
    model.explain("Hello")
    first, second = model._route().candidates
    health = seen.last.health(first)
    assert (health.ready_in_s, health.in_flight) == (pytest.approx(15), 0)
    health = seen.last.health(second)
    assert (health.ready_in_s, health.in_flight, health.latency_s) == (0, 1, pytest.approx(0))
    stream.close()


def test_a_candidate_without_a_key_is_never_ready(
    emulator: Emulator, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    entry = {"model": MODELS[0], "api_key": "k", "transport": emulator.transport()}
    model = ScoutRouterChatModel(models=[entry, MODELS[1]], strategy=seen)
    model.explain("Hello")
    assert seen.last.health(model._route().candidates[1]).ready_in_s is None


def test_nothing_is_computed_that_the_strategy_does_not_read(
    emulator: Emulator, seen: Seen
) -> None:
    router(emulator, seen).invoke("Hello", CONFIG)
    values = vars(seen.last)
    assert {*values} == {"request", "clock", "thread_id", "run", "conversation"}


def two(candidates: Any, request: Any) -> Iterator[Any]:
    yield from reversed(candidates)


def with_default(candidates: Any, request: Any, first: int = 1) -> Any:
    return candidates[first:]


def optional(candidates: Any, request: Any, context: CallContext | None = None) -> Any:
    return candidates[1:] if context else candidates


@pytest.mark.parametrize("strategy", [two, with_default, optional, lambda c, _r, _x: c[1:]])
def test_both_forms_of_a_strategy_are_taken(emulator: Emulator, strategy: Any) -> None:
    answer = router(emulator, strategy).invoke("Hello")
    assert answer.response_metadata["scout"]["provider"] == "groq"


async def coroutine(candidates: Any, _request: Any) -> Any:
    return candidates


@pytest.mark.filterwarnings("ignore:coroutine 'coroutine' was never awaited")
@pytest.mark.parametrize(
    "strategy",
    [
        lambda _c, _r: None,
        lambda _c, _r: "groq",
        lambda _c, _r: [None],
        lambda c, _r: c[0],
        lambda c, _r: (c[0], str(c[1])),
        coroutine,
    ],
)
def test_a_strategy_that_returns_no_candidates_is_named(emulator: Emulator, strategy: Any) -> None:
    model = router(emulator, strategy)
    for call in (model.invoke, model.explain):
        with pytest.raises(ConfigurationError, match=r"the strategy \S+ returned a \w+: it must"):
            call("Hello")
    assert emulator.log == []


@pytest.mark.parametrize("strategy", [lambda c, _r: [c[0]] * 1000, lambda c, _r: cycle(c)])
def test_a_candidate_that_a_strategy_returns_again_is_tried_once(
    emulator: Emulator, strategy: Any
) -> None:
    model = router(emulator, strategy, max_retries=0, max_wait=0)
    emulator.script("openai", [Overloaded()] * 9)
    emulator.script("groq", [Overloaded()] * 9)
    with pytest.raises(ScoutError):
        model.invoke("Hello")
    assert len(emulator.log) <= 2


def test_a_strategy_by_tag_is_explained_as_it_is_called(emulator: Emulator) -> None:
    def by_tag(candidates: Any, _request: Any, context: CallContext) -> Any:
        return candidates if "best" in context.tags else reversed(candidates)

    model = router(emulator, by_tag)
    for config in ({"tags": ["best"]}, {}):
        planned = model.explain("Hello", config).chosen  # type: ignore[arg-type]  # a config
        answer = model.invoke("Hello", config)  # type: ignore[arg-type]  # as above
        assert planned is not None
        assert planned.provider == answer.response_metadata["scout"]["provider"]


def test_a_strategy_that_returns_no_candidate_is_explained_as_it_is_called(
    emulator: Emulator,
) -> None:
    def by_tag(candidates: Any, _request: Any, context: CallContext) -> Any:
        return [] if "none" in context.tags else candidates

    model = router(emulator, by_tag)
    explanation = model.explain("Hello", {"tags": ["none"]})
    assert {row.reason for row in explanation} == {"the strategy leaves it out"}
    with pytest.raises(NoWorkingKey):
        model.invoke("Hello", {"tags": ["none"]})


def test_a_conversation_is_remembered_for_the_strategy_cache_only(
    emulator: Emulator, seen: Seen
) -> None:
    model = router(emulator, seen)
    history: list[Any] = [SystemMessage(LONG), HumanMessage("Hello")]
    model.invoke([*history, AIMessage("Hi"), HumanMessage("And?")])
    model.explain(history)
    assert seen.last.affinity(model._route().candidates[0]).rank is None
