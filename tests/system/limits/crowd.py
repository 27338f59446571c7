"""Callers that never pause, against an emulator that enforces limits, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx

from scout_adapters import Limits, ScoutGroqChatModel
from scout_adapters.errors import ScoutError
from scout_adapters.testing import AccountLimits, Emulator, Exchange, reset
from tests.support.virtual_loop import VirtualLoop, run_virtually

MODEL = "openai/gpt-oss-120b"
GIVES_UP_SECONDS = 1.0
"""Seconds after which a caller whose call failed calls again."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is called, how often, and what the provider allows for each key."""

    rpm: float = 600
    tpm: float = 200_000
    window: Any = "minute"
    keys: int = 1
    models: int = 8
    callers: int = 50
    """Callers of each model."""

    minutes: float = 5
    words: int = 100
    """Words of a prompt, on average."""

    reserves: bool = True
    """Whether the models have the limits of the provider."""

    seed: int = 1


@dataclass(frozen=True, kw_only=True)
class Throughput:
    """What the emulator counted."""

    load: Load
    answered: int
    refused: int
    tokens: int
    failed: int
    """Calls that raised."""

    @property
    def share(self) -> float:
        """Share of what the limits allow in the time: of the limit that is reached first."""
        minutes = self.load.minutes * self.load.keys
        requests = self.answered / (self.load.rpm * minutes)
        return max(requests, self.tokens / (self.load.tpm * minutes))

    @property
    def refusals(self) -> float:
        """Share of refused requests."""
        return self.refused / max(1, self.answered + self.refused)

    def __str__(self) -> str:
        how = "with limits" if self.load.reserves else "without"
        return (
            f"{how:12} {self.load.window:7} {self.answered:7} {self.tokens:9} {self.share:8.1%} "
            f"{self.refused:7} {self.refusals:7.2%} {self.failed:7}"
        )


class SlowTransport(httpx.AsyncBaseTransport):
    """Answers of a transport, after a while."""

    def __init__(self, inner: httpx.AsyncBaseTransport, random: Random) -> None:
        self._inner = inner
        self._random = random

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        await asyncio.sleep(self._random.uniform(0.3, 3.0))
        return response


def play(load: Load) -> Throughput:
    """Let all callers call until the time is over, and return what came of it."""
    loop, random = VirtualLoop(), Random(load.seed)
    account = [
        AccountLimits(rpm=load.rpm, tpm=load.tpm, window=load.window, clock=loop.time)
        for _ in range(load.keys)
    ]
    keys = {f"key-{number}": limits for number, limits in enumerate(account)}
    emulator = Emulator(keys={"groq": keys}, clock=loop.time)
    models = [_model(load, emulator, loop, [*keys], random) for _ in range(load.models)]
    end = loop.time() + load.minutes * 60
    try:
        failed = run_virtually(loop, _call_all(models, load, end, random))
    finally:
        reset()
    return _count(load, emulator.log, failed)


def _model(
    load: Load, emulator: Emulator, loop: VirtualLoop, keys: list[str], random: Random
) -> ScoutGroqChatModel:
    return ScoutGroqChatModel(
        model=MODEL,
        api_keys=keys,
        transport=SlowTransport(emulator.transport(), random),
        limits=Limits(rpm=load.rpm, tpm=load.tpm) if load.reserves else None,
        clock=loop.clock,
        max_wait=300,
    )


async def _call_all(
    models: list[ScoutGroqChatModel], load: Load, end: float, random: Random
) -> int:
    """Run all callers; return how many calls raised."""
    prompts = ["word " * random.randint(1, 2 * load.words) for _ in range(50)]
    loop, failed = asyncio.get_running_loop(), 0

    async def call_on(call: Callable[[str], Awaitable[Any]]) -> None:
        nonlocal failed
        while loop.time() < end:
            try:
                await call(random.choice(prompts))
            except ScoutError:
                failed += 1
                await asyncio.sleep(GIVES_UP_SECONDS)

    callers = [call_on(model.ainvoke) for model in models for _ in range(load.callers)]
    tasks = [asyncio.ensure_future(caller) for caller in callers]
    await asyncio.wait(tasks, timeout=end - loop.time())
    for task in tasks:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(each) for each in ended} <= {asyncio.CancelledError, type(None)}, ended[:3]
    return failed


def _count(load: Load, log: list[Exchange], failed: int) -> Throughput:
    sent = [each for each in log if each.at < load.minutes * 60]
    answered = [each for each in sent if each.status == 200]
    return Throughput(
        load=load,
        answered=len(answered),
        refused=sum(each.status == 429 for each in sent),
        tokens=sum(each.input_tokens + each.output_tokens for each in answered),
        failed=failed,
    )
