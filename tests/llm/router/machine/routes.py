"""A route under calls, faults, closed streams and cancellations, against the plain rules."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)
from langchain_core.runnables import RunnableConfig

from scout_adapters._internal.ordered_worker import OrderedWorker
from scout_adapters.callbacks.awaited_callback import in_loop
from scout_adapters.errors import ScoutError
from scout_adapters.testing import reset
from tests.llm.router.machine.harness import CANDIDATES, STRATEGIES, RouteHarness, RulesHandler
from tests.llm.router.machine.providers import GOOD, OF_KEYS, OF_PROVIDERS, ONCE, Played, calling
from tests.llm.router.machine.rules import CrowdedCall, PlainCall
from tests.support.verbs import VERBS, merge_chunks

OPTIONS = st.fixed_dictionaries(
    {
        "candidates": st.lists(st.sampled_from(CANDIDATES), min_size=2, max_size=3, unique=True),
        "keys": st.fixed_dictionaries(
            {name: st.integers(1, 3) for name in ("groq", "openai", "cerebras")}
        ),
        "strategy": st.sampled_from(STRATEGIES),
        "max_retries": st.integers(0, 3),
        "max_wait": st.sampled_from([1.0, 5.0, 30.0, 100.0]),
        "deadline": st.sampled_from([None, None, 5.0, 20.0, 140.0]),
        "threshold": st.sampled_from([2, 3, 5]),
        "capacity": st.sampled_from([1.0, 2.0, 10.0]),
        "seed": st.integers(0, 99),
    }
)


NEXT = st.lists(st.sampled_from(ONCE), max_size=3)
"""Answers to the next requests; most lists contain a fault."""


class Halt(Exception):  # what a consumer of a stream raises
    pass


class Routes(RuleBasedStateMachine):
    """Calls in any order, whole and streamed, among faults that come and go."""

    streams = Bundle("streams")

    @initialize(options=OPTIONS)
    def begin(self, options: dict[str, Any]) -> None:
        self.folder = tempfile.TemporaryDirectory()
        # A thread ends its work at another tick of the loop each time; an example must replay.
        self.worker = patch.object(OrderedWorker, "submit", at_once)
        self.worker.start()
        self.harness = RouteHarness(options, Path(self.folder.name) / "audit.jsonl")
        self.harness.path.touch()
        self.loop = asyncio.new_event_loop()
        self.open_streams: dict[int, tuple[PlainCall, Any, list[str]]] = {}

    def config(self) -> RunnableConfig:
        return {"callbacks": [RulesHandler(self.harness)]}

    def judged(self, call: PlainCall, ask: Callable[[], Any]) -> Any:
        """Run a step of a call; an error it raises must be allowed by the rules."""
        token = calling.set(call)
        try:
            return ask()
        except ScoutError as error:
            self.raise_violation()
            self.failed(call, error)
        finally:
            calling.reset(token)
            self.raise_violation()
        return None

    def raise_violation(self) -> None:
        if self.harness.violations:
            raise self.harness.violations[0]

    def failed(self, call: PlainCall, error: ScoutError) -> None:
        call.failed()
        sent_rows = [row for row in error.attempts if row["outcome"] != "skipped"]
        assert [row["outcome"] for row in sent_rows] == call.outcomes, (
            "the error lists other attempts"
        )
        self.in_time(call)

    def in_time(self, call: PlainCall) -> None:
        if call.number not in self.open_streams and not isinstance(call, CrowdedCall):
            assert call.left >= -0.01, "a call went on beyond its deadline"

    def answered(self, call: PlainCall, message: Any) -> None:
        if message is None:
            return
        last = call.tries[-1].received
        assert last is not None
        assert message.text == last.text, "the answer is not what was answered last"
        sent_rows = message.response_metadata["scout"]["attempts"]
        outcomes = [row["outcome"] for row in sent_rows if row["outcome"] != "skipped"]
        assert outcomes == call.outcomes, "the answer lists other attempts"
        assert call.answered == 1
        self.in_time(call)

    def run(self, work: Awaitable[Any], *, same_loop: bool) -> Any:
        return self.loop.run_until_complete(work) if same_loop else asyncio.run(work)  # type: ignore[arg-type]  # a coroutine

    @rule(
        verb=st.sampled_from(VERBS),
        same_loop=st.booleans(),
        faults=NEXT,
    )
    def ask(self, verb: str, same_loop: bool, faults: list[Played]) -> None:
        self.harness.server.once[:] = faults
        call = self.harness.call(stream="stream" in verb)
        model, text = self.harness.model, f"call {call.number}"
        match verb:
            case "invoke":
                done = self.judged(call, lambda: model.invoke(text, self.config()))
            case "ainvoke":
                done = self.judged(
                    call, lambda: self.run(model.ainvoke(text, self.config()), same_loop=same_loop)
                )
            case "stream":
                done = self.judged(
                    call, lambda: merge_chunks(list(model.stream(text, self.config())))
                )
            case _:
                done = self.judged(call, lambda: self.run(self.streamed(text), same_loop=same_loop))
        self.answered(call, done)

    async def streamed(self, text: str) -> Any:
        return merge_chunks(
            [chunk async for chunk in self.harness.model.astream(text, self.config())]
        )

    @rule(number=st.integers(2, 4), faults=NEXT)
    def crowd(self, number: int, faults: list[Played]) -> None:
        self.harness.server.once[:] = faults
        calls = [self.harness.call(stream=False, crowded=True) for _ in range(number)]
        outcomes = self.loop.run_until_complete(self.together(calls))
        self.raise_violation()
        self.harness.take_over()
        for call, outcome in zip(calls, outcomes, strict=True):
            if isinstance(outcome, ScoutError):
                self.failed(call, outcome)
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                self.answered(call, outcome)

    async def together(self, calls: list[PlainCall]) -> list[Any]:
        async def run_call(call: PlainCall) -> Any:
            calling.set(call)
            return await self.harness.model.ainvoke(f"call {call.number}", self.config())

        return await asyncio.gather(*map(run_call, calls), return_exceptions=True)

    @rule(ticks=st.integers(0, 25), streams=st.booleans(), faults=NEXT)
    def cancel(self, ticks: int, streams: bool, faults: list[Played]) -> None:
        """Cancel at any of the awaits."""
        self.harness.server.once[:] = faults
        call = self.harness.call(stream=streams)
        text = f"call {call.number}"
        done = self.judged(call, lambda: self.loop.run_until_complete(self.cut(call, text, ticks)))
        self.answered(call, done)

    async def cut(self, call: PlainCall, text: str, ticks: int) -> Any:
        work = (
            self.streamed(text) if call.stream else self.harness.model.ainvoke(text, self.config())
        )
        task = asyncio.ensure_future(work)
        for _ in range(ticks):
            await asyncio.sleep(0)
        call.leaving = not task.done()
        task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            return None

    @rule(target=streams, sync=st.booleans(), faults=NEXT)
    def open_stream(self, sync: bool, faults: list[Played]) -> Any:
        if len(self.open_streams) >= 4:
            return multiple()
        self.harness.server.once[:] = faults
        call = self.harness.call(stream=True)
        text, model = f"call {call.number}", self.harness.model
        chunks = (model.stream if sync else model.astream)(text, self.config())
        self.open_streams[call.number] = call, chunks, []
        self.read(call.number, 1, 0.0)
        return call.number if call.number in self.open_streams else multiple()

    @rule(number=streams, times=st.integers(1, 9), pause=st.sampled_from([0.0, 2.0]))
    def read(self, number: int, times: int, pause: float) -> None:
        """Read on in a stream that is open, after a while."""
        self.harness.time.now += pause
        for _ in range(times):
            if number not in self.open_streams:
                return
            call, chunks, texts = self.open_streams[number]
            chunk = self.judged(call, partial(self.next_of, chunks))
            if chunk is not None:
                texts.append(chunk)
                continue
            if call.answered:
                self.answered(call, merge_chunks(texts))
            del self.open_streams[number]

    def next_of(self, chunks: Any) -> Any:
        if hasattr(chunks, "__next__"):
            return next(chunks, None)
        return self.loop.run_until_complete(following(chunks))

    @rule(number=consumes(streams), how=st.sampled_from(["close", "raise", "drop"]))
    def leave(self, number: int, how: str) -> None:
        """Close a stream early, raise where it is read, or forget it."""
        if number not in self.open_streams:
            return
        call, chunks, _ = self.open_streams.pop(number)
        call.leaving, only = True, [chunks]
        del chunks
        token = calling.set(call)
        try:
            self.loop.run_until_complete(let_go(only, how))
        finally:
            calling.reset(token)
        self.raise_violation()
        assert call.live is None, "a stream that was left is still open"

    @rule(seconds=st.sampled_from([0.5, 3.0, 11.0, 31.0, 61.0, 700.0, 3601.0, 90_000.0]))
    def wait(self, seconds: float) -> None:
        self.harness.time.now += seconds

    @rule(data=st.data(), played=st.sampled_from(OF_KEYS))
    def set_key_answer(self, data: Any, played: Played) -> None:
        self.harness.server.keys[data.draw(st.sampled_from(sorted(self.harness.ids.values())))] = (
            played
        )

    @rule(data=st.data(), played=st.sampled_from(OF_PROVIDERS))
    def set_provider_answer(self, data: Any, played: Played | None) -> None:
        name = data.draw(st.sampled_from(sorted(self.harness.providers)))
        self.harness.server.down[name] = played

    @rule()
    def mend(self) -> None:
        server = self.harness.server
        server.once.clear()
        server.down.clear()
        server.keys = dict.fromkeys(server.keys, GOOD)

    @invariant()
    def state_follows_the_rules(self) -> None:
        if not hasattr(self, "harness"):
            return
        self.loop.run_until_complete(turns(3))
        assert asyncio.all_tasks(self.loop) == set(), "a task is left"
        self.harness.compare()
        self.harness.settled(len(self.open_streams))

    def teardown(self) -> None:
        if not hasattr(self, "harness"):
            return
        try:
            for number in [] if self.harness.violations else list(self.open_streams):
                self.leave(number, "close")
            self.loop.run_until_complete(turns(3))
            if not self.harness.violations:
                self.harness.settled(0)
                self.harness.audited()
        finally:
            self.folder.cleanup()
            self.worker.stop()
            self.open_streams.clear()
            os.environ.pop("SCOUT_AUDIT_PATH", None)
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()
            reset()


def at_once(_worker: OrderedWorker, function: Callable[..., Any], *arguments: Any) -> Any:
    ended: Any = asyncio.get_running_loop().create_future() if in_loop() else Future()
    try:
        ended.set_result(function(*arguments))
    except Exception as error:  # noqa: BLE001  # raised where the result is awaited
        ended.set_exception(error)
    return ended


async def let_go(only: list[Any], how: str) -> None:
    """Leave the stream; no other reference to it may exist."""
    sync = hasattr(only[0], "__next__")
    if how == "close":
        only[0].close() if sync else await only[0].aclose()
    elif how == "raise":
        with pytest.raises(Halt):
            only[0].throw(Halt()) if sync else await only[0].athrow(Halt())
    only.clear()
    await turns(6)


async def following(chunks: Any) -> Any:
    return await anext(chunks, None)  # called in the loop, which then registers the generator


async def turns(number: int) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


TestRoutes = Routes.TestCase
TestRoutes.settings = settings(
    derandomize=True,
    max_examples=100,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
