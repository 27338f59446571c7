"""Many calls at once to keys with a rate limit."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from scout_adapters import (
    ScoutGroqChatModel,
    ScoutOllamaChatModel,
    ScoutOpenAICompatibleChatModel,
)
from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.errors import ProviderError
from tests.support.clock import CrowdTime
from tests.support.fake_http import FakeAnswers, key_of, key_state
from tests.support.virtual_loop import VirtualLoop, run_virtually
from tests.support.waiting import HANG

CALLS = 50
WINDOW = 1.0
"""Seconds in which the server below allows five requests."""

LATENCY = 0.01


class LimitedServer(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Allows five requests in each window, and refuses the others at once."""

    def __init__(self, time: CrowdTime) -> None:
        self.requests: Counter[str] = Counter()
        self._time = time
        self._recent: deque[float] = deque()
        self._lock = threading.Lock()

    def _answer(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            self.requests[key_of(request)] += 1
            now = self._time.now
            while self._recent and self._recent[0] <= now - WINDOW:
                self._recent.popleft()
            if len(self._recent) >= 5:
                return FakeAnswers().refuse(429, headers={"retry-after": f"{WINDOW:g}"})(request)
            self._recent.append(now)
            return FakeAnswers().say()(request)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._answer(request)
        self._time.sleep(LATENCY)
        return response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = self._answer(request)
        await self._time.asleep(LATENCY)
        return response


def in_threads(model: ScoutChatModel, time: CrowdTime, calls: int) -> list[str]:
    def ask(prompt: str) -> str:
        try:
            return model.invoke(prompt).text
        finally:
            time.end_call()

    with ThreadPoolExecutor(calls) as threads:
        return list(threads.map(ask, ["hi"] * calls))


def in_tasks(model: ScoutChatModel, time: CrowdTime, calls: int) -> list[str]:
    async def ask() -> str:
        try:
            return (await model.ainvoke("hi")).text
        finally:
            time.end_call()

    async def ask_all() -> list[str]:
        return await asyncio.gather(*(ask() for _ in range(calls)))

    return asyncio.run(ask_all())


AskAll = Callable[[ScoutChatModel, CrowdTime, int], list[str]]


@pytest.mark.parametrize("ask_all", [in_threads, in_tasks])
def test_a_crowd_with_one_limited_key_is_answered_with_few_refusals(ask_all: AskAll) -> None:
    time = CrowdTime(CALLS)
    server = LimitedServer(time)
    model = ScoutGroqChatModel(
        model="llama-3.3-70b-versatile",
        api_key="gsk_crowd",
        transport=server,
        max_wait=30,
        clock=time.clock,
    )
    assert ask_all(model, time, CALLS) == ["hello"] * CALLS
    assert server.requests.total() <= 1.5 * CALLS
    state = key_state("gsk_crowd")
    assert state.in_flight == 0


@pytest.mark.parametrize("ask_all", [in_threads, in_tasks])
def test_a_crowd_at_a_server_without_keys_is_answered_with_few_refusals(ask_all: AskAll) -> None:
    time = CrowdTime(30)
    server = LimitedServer(time)
    model = ScoutOpenAICompatibleChatModel(
        model="m",
        base_url="http://localhost:8000/v1",
        transport=server,
        max_wait=30,
        clock=time.clock,
    )
    assert ask_all(model, time, 30) == ["hello"] * 30
    assert server.requests.total() <= 2 * 30  # without the rest of the server it is 2.7 times
    gate = model.client.endpoint.gate
    assert gate is not None
    assert (gate.in_flight, gate.id) == (0, "")


class PausedServer(httpx.BaseTransport):
    """Refuses the first requests together, with a wait; counts those unanswered at once later."""

    def __init__(self, refused: int) -> None:
        self.after_rest: list[int] = []
        self._together = threading.Barrier(refused)
        self._left = refused
        self._at_once = 0
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with self._lock:
            is_refused, self._left = self._left > 0, self._left - 1
        if is_refused:
            self._together.wait(timeout=HANG)
            return FakeAnswers().refuse(429, headers={"retry-after-ms": "100"})(request)
        with self._lock:
            self._at_once += 1
            self.after_rest.append(self._at_once)
        time.sleep(LATENCY)
        with self._lock:
            self._at_once -= 1
        return FakeAnswers().say()(request)


def test_after_a_rest_one_request_goes_first_at_a_server_without_keys() -> None:
    server = PausedServer(refused=8)
    model = ScoutOllamaChatModel(model="m", transport=server, max_wait=30, max_retries=1)
    with ThreadPoolExecutor(8) as threads:
        answers = [answer.text for answer in threads.map(model.invoke, ["hi"] * 8)]
    assert answers == ["hello"] * 8
    assert server.after_rest[0] == 1
    assert server.after_rest[1] <= 2


@pytest.mark.parametrize("status", [401, 403, 402, 404, 429, 500])
def test_a_refusal_without_a_wait_leaves_a_server_without_keys_as_it_was(status: int) -> None:
    answers = FakeAnswers()
    refuse, give = answers.refuse(status), answers.say()
    steps = iter([refuse, give])

    def answer_next(request: httpx.Request) -> httpx.Response:
        return next(steps)(request)

    model = ScoutOllamaChatModel(
        model="m", transport=httpx.MockTransport(answer_next), max_retries=0
    )
    with pytest.raises(ProviderError) as caught:
        model.invoke("hi")
    assert caught.value.key_id is None
    answer = model.invoke("hi")
    assert answer.text == "hello"
    assert answer.response_metadata["scout"]["key_id"] is None


def test_a_crowd_is_spread_over_keys_whose_rests_are_over(wire) -> None:
    loop = VirtualLoop()
    keys = [f"gsk_{number}" for number in range(10)]
    requests: Counter[str] = Counter()
    resting = set(keys[1:])

    class Server(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            key = key_of(request)
            if key in resting:
                resting.remove(key)
                return wire.refuse(429, headers={"retry-after-ms": "20"})(request)
            requests[key] += 1
            await asyncio.sleep(0.05)
            return wire.say()(request)

    model = ScoutGroqChatModel(
        model="llama-3.3-70b-versatile",
        api_keys=keys,
        transport=Server(),
        max_retries=20,
        clock=loop.clock,
    )

    async def main() -> None:
        while resting:
            await model.ainvoke("hi")
        await asyncio.sleep(0.05)
        requests.clear()
        await asyncio.gather(*(model.ainvoke("hi") for _ in range(40)))

    run_virtually(loop, main())
    assert all(2 <= requests[key] <= 6 for key in keys), requests
