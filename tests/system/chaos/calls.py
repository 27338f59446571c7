"""Calls are made: threads with sync calls and threads with loops, all of the same models."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from langchain_core.messages import AIMessage, AIMessageChunk

from scout_adapters.errors import ScoutError
from tests.support.verbs import merge_chunks
from tests.support.waiting import HANG
from tests.system.chaos.plan import Call
from tests.system.chaos.stage import WAITS, Stage

THREADS = 8
LOOPS = 3
TASKS = 24
SLOW = 0.002
"""Seconds that a slow consumer takes over a chunk."""


@dataclass(slots=True)
class Result:
    """What a call came to, as its caller saw it."""

    call: Call
    answer: AIMessage | None = None
    error: BaseException | None = None
    left: bool = False
    """The caller closed, dropped or cancelled it."""

    seconds: float = 0.0
    """By the wall clock."""

    waits: list[float] = field(default_factory=list)
    """Real seconds of each sleep in it."""

    virtual: float = 0.0
    """By the clock of the model."""

    ended: float = 0.0
    """When it was over, by the pulse of the process."""


class Caller:
    """Make calls with the same handlers."""

    def __init__(self, stage: Stage, handlers: list[Any], as_model: str = "") -> None:
        """Call each call's model, or `as_model` (or its twin over sockets) for all."""
        self.stage = stage
        self.handlers = handlers
        self.as_model = as_model
        self.results: list[Result] = []
        self.tasks_left: list[str] = []
        self.faults: list[BaseException] = []

    def play(self, calls: Iterable[Call]) -> None:
        """Make the calls, and return when all threads and loops are gone."""
        sync: SimpleQueue[Call] = SimpleQueue()
        concurrent: SimpleQueue[Call] = SimpleQueue()
        for call in calls:
            (concurrent if call.verb.startswith("a") else sync).put(call)
        jobs = [(self._in_thread, sync)] * THREADS + [(self._in_loop, concurrent)] * LOOPS
        threads = [threading.Thread(target=self._guard, args=job) for job in jobs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.faults:
            raise self.faults[0]

    def _guard(self, work: Callable[[SimpleQueue[Call]], None], queue: SimpleQueue[Call]) -> None:
        try:
            work(queue)
        except BaseException as error:  # noqa: BLE001  # raised in `play`
            self.faults.append(error)

    def _in_thread(self, queue: SimpleQueue[Call]) -> None:
        for call in drained(queue):
            result, began = Result(call), self._times(call)
            WAITS.set(result.waits)
            try:
                self._ask(result)
            except Exception as error:  # noqa: BLE001  # the books judge it
                result.error = error
            self._note(result, began)

    def _in_loop(self, queue: SimpleQueue[Call]) -> None:
        asyncio.run(self._main(queue))

    async def _main(self, queue: SimpleQueue[Call]) -> None:
        await asyncio.gather(*(self._work(queue) for _ in range(TASKS)))
        self.tasks_left += await tasks_left()

    async def _work(self, queue: SimpleQueue[Call]) -> None:
        for call in drained(queue):
            result, began = Result(call), self._times(call)
            WAITS.set(result.waits)
            try:
                await self._ended(result)
            except asyncio.CancelledError:
                result.left = True
            except TimeoutError as error:
                own = call.end == "timeout" and not isinstance(error, ScoutError)
                result.left, result.error = own, error
            except Exception as error:  # noqa: BLE001  # the books judge it
                result.error = error
            self._note(result, began)
            await asyncio.sleep(0)

    async def _ended(self, result: Result) -> None:
        """Make a call, and end it as planned."""
        call = result.call
        if call.end == "timeout":
            async with asyncio.timeout(call.patience):
                await self._aask(result)
        elif call.end == "cancel":
            task = asyncio.create_task(self._aask(result))
            await asyncio.wait([task], timeout=call.patience)
            task.cancel()
            await task
        else:
            await self._aask(result)

    def _ask(self, result: Result) -> None:
        call, model, config = self._model_and_config(result)
        if call.verb == "invoke":
            result.answer = model.invoke(call.prompt, config)
            return
        chunks_read: list[AIMessageChunk] = []
        chunks: Iterator[AIMessageChunk] = model.stream(call.prompt, config)
        for chunk in chunks:
            chunks_read.append(chunk)
            if call.end == "slow":
                time.sleep(SLOW)
            if call.end in {"close", "drop"} and len(chunks_read) >= call.patience:
                result.left = True
                break
        if call.end == "close":
            chunks.close()  # type: ignore[attr-defined]  # a generator
        result.answer = merge_chunks(chunks_read) if chunks_read else None

    async def _aask(self, result: Result) -> None:
        """Twin of `_ask`."""
        call, model, config = self._model_and_config(result)
        if call.verb == "ainvoke":
            result.answer = await model.ainvoke(call.prompt, config)
            return
        chunks_read: list[AIMessageChunk] = []
        chunks: AsyncIterator[AIMessageChunk] = model.astream(call.prompt, config)
        async for chunk in chunks:
            chunks_read.append(chunk)
            if call.end == "slow":
                await asyncio.sleep(SLOW)
            if call.end in {"close", "drop"} and len(chunks_read) >= call.patience:
                result.left = True
                break
        if call.end == "close":
            await chunks.aclose()  # type: ignore[attr-defined]  # a generator
        result.answer = merge_chunks(chunks_read) if chunks_read else None

    def _model_and_config(self, result: Result) -> tuple[Call, Any, Any]:
        call = result.call
        name = call.model
        if self.as_model:
            name = f"sockets-{self.as_model}" if call.sockets else self.as_model
        config = {"callbacks": self.handlers, "run_id": call.run_id}
        return call, self.stage.asked[name, call.tools], config

    def _times(self, call: Call) -> tuple[float, float]:
        clock = self.stage.real if call.sockets else self.stage.hurried
        return time.perf_counter(), clock.now()

    def _note(self, result: Result, began: tuple[float, float]) -> None:
        now = self._times(result.call)
        result.seconds, result.virtual = now[0] - began[0], now[1] - began[1]
        result.ended = self.stage.emulator.pulse.seconds
        self.results.append(result)


async def tasks_left() -> list[str]:
    """Return the other tasks of this loop that have not ended when dropped streams are closed.

    The loop closes a dropped stream in a task of its own, which waits for the thread that writes
    the audit log. How many turns of the loop that takes depends on the machine.
    """
    while closing := [task for task in await _others() if _closes_stream(task)]:
        _, endless = await asyncio.wait(closing, timeout=HANG)
        if endless:
            break
    return [str(task) for task in await _others()]


async def _others() -> set[asyncio.Task[Any]]:
    """Return the tasks besides the current one, after turns enough for what waits for nothing."""
    for _ in range(50):
        await asyncio.sleep(0)
        if len(asyncio.all_tasks()) == 1:
            break
    return asyncio.all_tasks() - {asyncio.current_task()}


def _closes_stream(task: asyncio.Task[Any]) -> bool:
    return type(task.get_coro()).__name__ == "async_generator_athrow"


def drained(queue: SimpleQueue[Call]) -> Iterator[Call]:
    """Yield what is in the queue until it is empty."""
    while True:
        try:
            yield queue.get_nowait()
        except Empty:
            return
