"""Batches: as many at once as allowed, in their order, each with its own answer or error."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.callbacks import UsageMetadataCallbackHandler

from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.errors import ProviderError
from scout_adapters.testing import BadRequest, Emulator, Slow
from tests.chat_models.prompts import first_provider
from tests.support.waiting import HANG
from tests.support.weather import get_weather

Make = Callable[..., ScoutChatModel]

PROMPTS = [f"Number {number}" for number in range(6)]


class Gauge:
    """The emulator's sleep: it holds requests until `ready`, and counts them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.now = self.most = 0
        self.ready: Callable[[], bool] = lambda: True

    def await_(self, count: int) -> None:
        """Hold requests until so many are there at once."""
        self.ready = lambda: self.most >= count

    def _add(self, more: int) -> None:
        with self._lock:
            self.now += more
            self.most = max(self.most, self.now)

    def _polls(self, seconds: float) -> Iterator[float]:
        """Yield short sleeps until ready, or until it never will be; and one for latecomers."""
        patience = time.monotonic() + HANG
        while not self.ready() and time.monotonic() < patience:
            yield 0.001
        yield seconds

    def sleep(self, seconds: float) -> None:
        self._add(1)
        for short in self._polls(seconds):
            time.sleep(short)
        self._add(-1)

    async def asleep(self, seconds: float) -> None:
        self._add(1)
        for short in self._polls(seconds):
            await asyncio.sleep(short)
        self._add(-1)


@pytest.fixture
def gauge() -> Gauge:
    return Gauge()


@pytest.fixture
def emulator(gauge: Gauge) -> Emulator:
    return Emulator(sleep=gauge.sleep, asleep=gauge.asleep)


def all_slow(emulator: Emulator, name: str, count: int = len(PROMPTS)) -> None:
    emulator.script(first_provider(name), [Slow(first=0.01)] * count)


async def batch(model: Any, prompts: Any, config: Any = None, **options: Any) -> list[Any]:
    if options.pop("is_async"):
        return await model.abatch(prompts, config, **options)
    return model.batch(prompts, config, **options)


BOTH = pytest.mark.parametrize("is_async", [False, True], ids=["batch", "abatch"])


@BOTH
@pytest.mark.parametrize("most", [1, 3])
async def test_no_more_requests_are_under_way_than_allowed(
    name: str,
    model: ScoutChatModel,
    emulator: Emulator,
    gauge: Gauge,
    most: int,
    *,
    is_async: bool,
) -> None:
    all_slow(emulator, name)
    gauge.await_(most)
    answers = await batch(model, PROMPTS, {"max_concurrency": most}, is_async=is_async)
    assert gauge.most == most
    assert [answer.text.rpartition(": ")[2] for answer in answers] == PROMPTS
    assert len(emulator.log) == len(PROMPTS)


@BOTH
async def test_a_batch_without_a_limit_is_under_way_at_once(
    name: str, model: ScoutChatModel, emulator: Emulator, gauge: Gauge, *, is_async: bool
) -> None:
    all_slow(emulator, name)
    gauge.await_(4)
    bound = model.bind_tools([get_weather])
    answers = await batch(bound, PROMPTS[:4], is_async=is_async)
    assert gauge.most == 4
    assert [answer.text.rpartition(": ")[2] for answer in answers] == PROMPTS[:4]


@BOTH
async def test_an_error_stands_in_the_place_of_its_answer(
    name: str, make: Make, emulator: Emulator, *, is_async: bool
) -> None:
    provider = first_provider(name)
    emulator.script(provider, [None, BadRequest(), None])
    model = make(max_retries=0)
    sequential = {"max_concurrency": 1}
    answers = await batch(model, PROMPTS[:3], sequential, is_async=is_async, return_exceptions=True)
    assert [isinstance(answer, ProviderError) for answer in answers] == [False, True, False]
    assert [answers[at].text.rpartition(": ")[2] for at in (0, 2)] == ["Number 0", "Number 2"]
    emulator.script(provider, [BadRequest()])
    with pytest.raises(ProviderError):
        await batch(model, PROMPTS[:1], sequential, is_async=is_async)


async def test_answers_are_handed_over_as_they_are_complete(
    name: str, model: ScoutChatModel, emulator: Emulator, gauge: Gauge
) -> None:
    done: list[int] = []
    gauge.ready = lambda: len(done) == 2
    emulator.script(first_provider(name), [Slow(first=0.05)])
    async for at, answer in model.abatch_as_completed(PROMPTS[:3]):
        assert answer.text.endswith(PROMPTS[at])
        done.append(at)
    slow = next(at for at, prompt in enumerate(PROMPTS) if prompt in str(emulator.log[0].body))
    assert done[-1] == slow
    assert sorted(done) == [0, 1, 2]
    pairs = list(model.batch_as_completed(PROMPTS[:3], {"max_concurrency": 2}))
    assert sorted(at for at, _ in pairs) == [0, 1, 2]
    assert all(answer.text.endswith(PROMPTS[at]) for at, answer in pairs)


@BOTH
async def test_every_prompt_of_a_batch_is_a_run_of_its_own(
    model: ScoutChatModel, emulator: Emulator, *, is_async: bool
) -> None:
    handlers = [UsageMetadataCallbackHandler() for _ in PROMPTS]
    configs = [{"callbacks": [handler]} for handler in handlers]
    await batch(model, PROMPTS, configs, is_async=is_async)
    counted = [
        sum(usage["input_tokens"] for usage in handler.usage_metadata.values())
        for handler in handlers
    ]
    assert sum(counted) == sum(exchange.input_tokens for exchange in emulator.log)
    assert all(counted)


@BOTH
async def test_an_empty_batch_sends_no_request(
    model: ScoutChatModel, emulator: Emulator, *, is_async: bool
) -> None:
    assert await batch(model, [], is_async=is_async) == []
    assert emulator.log == []
