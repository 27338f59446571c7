"""`limits=`: what is sent when, who waits for what, and what a call that cannot wait raises."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from scout_adapters import Limits, ScoutGroqChatModel, ScoutRouterChatModel
from scout_adapters.errors import LimitReached
from scout_adapters.llm.limits.memory_limits import memory_limits
from scout_adapters.testing import BadRequest, Emulator, RateLimited, ServerError
from tests.support.clock import CrowdTime, FakeTime
from tests.support.verbs import VERBS, call_model
from tests.support.virtual_loop import VirtualLoop, run_virtually

GROQ, OPENAI = "groq/llama-3.3-70b-versatile", "openai/gpt-4o-mini"


def groq(emulator: Emulator, keys: int = 1, **options: Any) -> ScoutGroqChatModel:
    names = [f"key-{number}" for number in range(keys)]
    return ScoutGroqChatModel(
        model=GROQ.partition("/")[2], api_keys=names, transport=emulator.transport(), **options
    )


def route(emulator: Emulator, limits: Any, **options: Any) -> ScoutRouterChatModel:
    entries = [
        {"model": name, "api_key": "k", "transport": emulator.transport()}
        for name in (GROQ, OPENAI)
    ]
    return ScoutRouterChatModel(models=entries, limits=limits, **options)


def in_flight() -> list[int]:
    return [meter.in_flight for meter in memory_limits._meters.values()]


@pytest.mark.parametrize("verb", VERBS)
async def test_requests_leave_no_faster_than_the_limit(verb: str) -> None:
    time, emulator = FakeTime(), Emulator()
    model = groq(emulator, limits=Limits(rpm=30), clock=time.clock)
    for _ in range(4):
        await call_model(model, verb)
    assert time.slept == pytest.approx([2.0, 2.0, 2.0])
    assert in_flight() == [0]


def test_each_key_has_a_count_of_its_own() -> None:
    time, emulator = FakeTime(), Emulator()
    model = groq(emulator, keys=3, limits={"rpm": 30}, clock=time.clock)
    for _ in range(3):
        model.invoke("Hello")
    assert time.slept == []
    assert len({exchange.key for exchange in emulator.log}) == 3
    model.invoke("Hello")
    assert time.slept == pytest.approx([2.0])


@pytest.mark.parametrize("per", ["model", "provider"])
def test_a_count_of_all_keys_lets_no_key_pass(per: Any) -> None:
    time, emulator = FakeTime(), Emulator()
    model = groq(emulator, keys=3, limits=Limits(rpm=30, per=per), clock=time.clock)
    model.invoke("Hello")
    model.invoke("Hello")
    assert time.slept == pytest.approx([2.0])


def test_models_with_equal_limits_share_their_counts() -> None:
    time, emulator = FakeTime(), Emulator()
    for _ in range(2):
        groq(emulator, limits=Limits(rpm=30), clock=time.clock).invoke("Hello")
    assert time.slept == pytest.approx([2.0])


def test_a_call_goes_to_the_next_candidate_instead_of_waiting() -> None:
    time, emulator = FakeTime(), Emulator()
    model = route(emulator, {"groq": {"rpm": 1}}, clock=time.clock)
    answers = [model.invoke("Hello") for _ in range(2)]
    assert [exchange.provider for exchange in emulator.log] == ["groq", "openai"]
    skipped, sent = answers[1].response_metadata["scout"]["attempts"]
    assert skipped["outcome"] == "skipped"
    assert skipped["reason"] == "the limit rpm=1 of groq (per key) is reached"
    assert skipped["ready_in_s"] == pytest.approx(60.0)
    assert sent["outcome"] == "ok"
    assert time.slept == []


def test_a_call_waits_for_the_candidate_that_has_room_first() -> None:
    time, emulator = FakeTime(), Emulator()
    model = route(emulator, {"groq": {"rpm": 2}, OPENAI: {"rpm": 6}}, clock=time.clock)
    for _ in range(3):
        model.invoke("Hello")
    assert [exchange.provider for exchange in emulator.log] == ["groq", "openai", "openai"]
    assert time.slept == pytest.approx([10.0])


def test_a_tag_has_one_count_for_all_candidates_and_others_have_none() -> None:
    time, emulator = FakeTime(), Emulator()
    model = route(emulator, {"tag:batch": {"rpm": 6}}, clock=time.clock)
    for tags in (["batch"], [], ["other"], ["batch", "other"]):
        model.invoke("Hello", {"tags": tags})
    assert time.slept == pytest.approx([10.0])
    assert [exchange.provider for exchange in emulator.log] == ["groq"] * 4


@pytest.mark.parametrize("verb", VERBS)
async def test_a_call_that_cannot_wait_names_the_limit_and_the_time(verb: str) -> None:
    time, emulator = FakeTime(), Emulator()
    model = groq(emulator, limits=Limits(rpm=1), max_wait=10, clock=time.clock)
    await call_model(model, verb)
    with pytest.raises(LimitReached, match=r"rpm=1 of groq/\S+ \(per key\).*ready in 60.0 s") as e:
        await call_model(model, verb)
    assert e.value.retry_after == pytest.approx(60.0)
    assert [attempt["outcome"] for attempt in e.value.attempts] == ["skipped"]
    assert "raise the limit in limits=" in str(e.value)
    assert len(emulator.log) == 1
    assert time.slept == []


def test_a_call_without_retries_waits_for_a_limit_all_the_same() -> None:
    time, emulator = FakeTime(), Emulator()
    model = groq(emulator, limits=Limits(rpm=30), max_retries=0, clock=time.clock)
    model.invoke("Hello")
    model.invoke("Hello")
    assert time.slept == pytest.approx([2.0])


def test_a_call_past_its_deadline_does_not_wait() -> None:
    time, emulator = FakeTime(), Emulator()
    model = groq(emulator, limits=Limits(rpm=1), deadline=5, max_wait=100, clock=time.clock)
    model.invoke("Hello")
    with pytest.raises(LimitReached):
        model.invoke("Hello")
    assert time.slept == []


def test_real_tokens_replace_the_reserved_ones() -> None:
    time, emulator = FakeTime(), Emulator()
    model = groq(emulator, limits=Limits(tpm=6000), max_tokens=3000, clock=time.clock)
    usage = model.invoke("Hello").usage_metadata
    assert usage is not None
    (meter,) = memory_limits._meters.values()
    assert meter.tokens == pytest.approx(usage["total_tokens"] / 100)


def test_the_length_of_answers_is_learned() -> None:
    time, emulator = FakeTime(), Emulator()
    model = groq(emulator, limits=Limits(tpm=6000), max_tokens=5900, clock=time.clock)
    for _ in range(5):  # each would reserve a minute of the limit
        model.invoke("Hello")
    assert sum(time.slept) < 5


@pytest.mark.parametrize("fault", [BadRequest(), RateLimited(1.0)])
def test_a_refused_request_counts_as_one_without_tokens(fault: Any) -> None:
    time, emulator = FakeTime(), Emulator()
    emulator.script("groq", [fault])
    model = groq(emulator, limits=Limits(rpm=30, tpm=6000), max_retries=0, clock=time.clock)
    with pytest.raises(Exception, match="groq"):
        model.invoke("Hello")
    (meter,) = memory_limits._meters.values()
    assert (meter.requests, meter.tokens, meter.in_flight) == (2.0, 0.0, 0)


def test_a_retry_counts_as_a_request() -> None:
    time, emulator = FakeTime(), Emulator()
    emulator.script("groq", [ServerError()])
    groq(emulator, limits=Limits(rpm=30), clock=time.clock).invoke("Hello")
    (meter,) = memory_limits._meters.values()
    meter.drain(time.now)
    assert meter.requests == pytest.approx(2.0, abs=0.4)
    assert sum(time.slept) == pytest.approx(2.0)


def test_threads_never_have_more_requests_at_once_than_the_limit() -> None:
    crowd, emulator, most = CrowdTime(12), Emulator(), [0]
    model = groq(emulator, limits=Limits(concurrency=3), clock=crowd.clock, max_wait=100)
    transport, running, lock = emulator.transport(), [0], threading.Lock()
    send = transport.handle_request

    def slow(request: Any) -> Any:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        crowd.sleep(2.5)
        with lock:
            running[0] -= 1
        return send(request)

    transport.handle_request = slow  # type: ignore[method-assign]  # a server that takes its time
    model = model.model_copy(update={"transport": transport})

    def run() -> None:
        model.invoke("Hello")
        crowd.end_call()

    threads = [threading.Thread(target=run) for _ in range(12)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert most == [3]
    assert len(emulator.log) == 12
    assert in_flight() == [0]


def test_tasks_are_served_in_order_of_arrival_and_woken_as_places_become_free() -> None:
    loop, emulator, done = VirtualLoop(), Emulator(), []
    transport = emulator.transport()
    send = transport.handle_async_request

    async def slow(request: Any) -> Any:
        await asyncio.sleep(0.25)
        return await send(request)

    transport.handle_async_request = slow  # type: ignore[method-assign]  # as above
    model = groq(emulator, limits=Limits(concurrency=2), clock=loop.clock, max_wait=100)
    model = model.model_copy(update={"transport": transport})

    async def call(number: int) -> None:
        await asyncio.sleep(number / 1000)
        await model.ainvoke("Hello")
        done.append((number, loop.time() - 1000))

    async def main() -> None:
        await asyncio.gather(*map(call, range(10)))

    run_virtually(loop, main())
    assert [number for number, _ in done] == list(range(10))
    assert done[-1][1] == pytest.approx(5 * 0.25, abs=0.01)  # no place was empty for a moment


def test_a_cancelled_call_leaves_the_line_to_those_behind_it() -> None:
    loop, emulator = VirtualLoop(), Emulator()
    model = groq(emulator, limits=Limits(rpm=6), clock=loop.clock, max_wait=100)

    async def main() -> None:
        await model.ainvoke("Hello")
        first = asyncio.create_task(model.ainvoke("Hello"))
        await asyncio.sleep(1)
        second = asyncio.create_task(model.ainvoke("Hello"))
        await asyncio.sleep(1)
        first.cancel()
        await second

    run_virtually(loop, main())
    assert loop.time() - 1000 == pytest.approx(10.0, abs=0.01)
    assert [meter.line for meter in memory_limits._meters.values()] == [[]]
    assert in_flight() == [0]


def test_explain_shows_the_limit_and_the_wait_and_counts_nothing() -> None:
    time, emulator = FakeTime(), Emulator()
    limits = {"groq": {"rpm": 2}, OPENAI: {"rpm": 6}, "tag:batch": {"rpm": 1}}
    model = route(emulator, limits, clock=time.clock)
    for _ in range(2):
        model.invoke("Hello")
    plan = model.explain("Hello")
    assert [(row.provider, row.outcome, row.ready_in_s) for row in plan] == [
        ("groq", "skipped", pytest.approx(30.0)),
        ("openai", "skipped", pytest.approx(10.0)),
    ]
    assert plan.rows[0].reason == "the limit rpm=2 of groq (per key) is reached"
    assert "no candidate is ready now; ready in 10.0 s" in str(plan)
    time.go_by(10)
    assert [row.outcome for row in model.explain("Hello")] == ["skipped", "chosen"]
    model.invoke("Hello", {"tags": ["batch"]})
    time.go_by(30)
    plan = model.explain("Hello", {"tags": ["batch"]})
    assert {row.reason for row in plan} == {"the limit rpm=1 of tag:batch is reached"}
    assert model.explain("Hello").chosen is not None


def test_explain_goes_on_to_a_key_with_room() -> None:
    time, emulator = FakeTime(), Emulator()
    model = groq(emulator, keys=2, limits=Limits(rpm=30), clock=time.clock)
    model.invoke("Hello")
    used = emulator.log[0].key
    chosen, skipped = model.explain("Hello")
    assert (chosen.outcome, skipped.outcome) == ("chosen", "skipped")
    assert skipped.reason == f"the limit rpm=30 of {GROQ} (per key) is reached"
    model.invoke("Hello")
    assert emulator.log[1].key != used


def test_an_entry_and_its_router_limit_together() -> None:
    time, emulator = FakeTime(), Emulator()
    entry = {"model": GROQ, "api_key": "k", "transport": emulator.transport()}
    model = ScoutRouterChatModel(
        models=[{**entry, "limits": Limits(rpm=60)}],
        limits={"groq": Limits(rpm=30, per="provider")},
        clock=time.clock,
    )
    for _ in range(3):
        model.invoke("Hello")
    assert time.slept == pytest.approx([2.0, 2.0])
    assert len(memory_limits) == 2
