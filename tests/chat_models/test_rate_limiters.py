"""LangChain's `rate_limiter=`: acquired once for each call, before the request is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.rate_limiters import InMemoryRateLimiter

from scout_adapters import ScoutRouterChatModel
from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.testing import Emulator, ServerError
from tests.chat_models.models import ROUTE, build
from tests.support.verbs import VERBS, call_model
from tests.support.weather import get_weather

pytestmark = pytest.mark.filterwarnings(
    "ignore::langchain_core._api.beta_decorator.LangChainBetaWarning"
)

Make = Callable[..., ScoutChatModel]


class Turnstile(InMemoryRateLimiter):
    """Lets every call pass; records how many requests were sent before each."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__(
            requests_per_second=100_000, check_every_n_seconds=0.001, max_bucket_size=100
        )
        self.emulator = emulator
        self.seen: list[int] = []

    def acquire(self, *, blocking: bool = True) -> bool:
        self.seen.append(len(self.emulator.log))
        return super().acquire(blocking=blocking)

    async def aacquire(self, *, blocking: bool = True) -> bool:
        self.seen.append(len(self.emulator.log))
        return await super().aacquire(blocking=blocking)


async def ask(model: Any, verb: str) -> None:
    match verb:
        case "invoke" | "ainvoke" | "stream" | "astream":
            await call_model(model, verb)
        case "invoke, streaming":
            model.invoke("Hello", stream=True)
        case "ainvoke, streaming":
            await model.ainvoke("Hello", stream=True)
        case "stream_events v3":
            list(model.stream_events("Hello", version="v3"))
        case _:
            [event async for event in model.astream_events("Hello", version="v2")]


WAYS = [
    *VERBS,
    "invoke, streaming",
    "ainvoke, streaming",
    "stream_events v3",
    "astream_events v2",
]


@pytest.mark.parametrize("verb", WAYS)
async def test_every_call_passes_the_limiter_once_before_its_request(
    make: Make, emulator: Emulator, verb: str
) -> None:
    limiter = Turnstile(emulator)
    model = make(rate_limiter=limiter)
    await ask(model, verb)
    await ask(model, verb)
    assert limiter.seen == [0, 1]
    assert len(emulator.log) == 2


async def test_a_batch_passes_the_limiter_once_for_each_prompt(
    make: Make, emulator: Emulator
) -> None:
    limiter = Turnstile(emulator)
    model = make(rate_limiter=limiter)
    model.batch(["a", "b", "c"])
    await model.abatch(["d", "e"])
    assert len(limiter.seen) == len(emulator.log) == 5


async def test_a_limiter_without_tokens_holds_the_request_back(
    make: Make, emulator: Emulator
) -> None:
    slow = InMemoryRateLimiter(requests_per_second=0.01, check_every_n_seconds=0.01)
    model = make(rate_limiter=slow)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(model.ainvoke("Hello"), 0.05)
    assert emulator.log == []


def test_tools_and_copies_keep_the_limiter(make: Make, emulator: Emulator) -> None:
    limiter = Turnstile(emulator)
    make(rate_limiter=limiter).bind_tools([get_weather]).invoke("Hello")
    make(rate_limiter=limiter).model_copy(update={"temperature": 0.5}).invoke("Hello")
    assert limiter.seen == [0, 1]


@pytest.mark.parametrize("verb", WAYS)
async def test_a_route_passes_the_limiter_of_each_model_that_it_calls(
    emulator: Emulator, verb: str
) -> None:
    limiters = {name: Turnstile(emulator) for name in ROUTE}
    models = [build(name, emulator, rate_limiter=limiters[name]) for name in ROUTE]
    emulator.script("groq", [ServerError()])
    await ask(ScoutRouterChatModel(models=models, max_retries=0), verb)
    assert [exchange.provider for exchange in emulator.log] == ["groq", "anthropic"]
    assert {name: limiter.seen for name, limiter in limiters.items()} == {
        "groq": [0],
        "anthropic": [1],
        "google": [],
    }
