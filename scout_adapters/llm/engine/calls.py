"""Run the attempts of a call: complete and stream, each sync and async.

Sync and async twins differ in nothing but `await`, and in where handlers run.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import closing
from types import TracebackType
from typing import Any, Generic, TypeVar

from langchain_core.messages import AIMessageChunk

from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.retry import Attempts
from scout_adapters.llm.types import AnswerT

T = TypeVar("T")


def complete(attempts: Attempts[AnswerT]) -> AnswerT:
    """Try until an attempt succeeds, and return its answer.

    Raises:
        ScoutError: no attempt succeeded; see `Attempts`.
    """
    try:
        for attempt in attempts:
            with attempt:
                sent: AnswerT = attempt.candidate.endpoint.adapter.send(attempt.request)
                answer = attempt.complete(sent)
            if attempt.ok:
                attempts.notify()
                return answer
    except BaseException as error:  # raised again: a failure, Ctrl-C, a cancellation
        attempts.abandon(error)
        raise
    raise AssertionError("attempts end by raising")


async def acomplete(attempts: Attempts[AnswerT]) -> AnswerT:
    """Twin of `complete`."""
    try:
        async for attempt in attempts:
            async with AsyncAttempt(attempts, attempt):
                sent: AnswerT = await attempt.candidate.endpoint.adapter.asend(attempt.request)
                answer = attempt.complete(sent)
            if attempt.ok:
                await attempts.anotify()
                return answer
    except BaseException as error:  # raised again: a failure, Ctrl-C, a cancellation
        await attempts.aabandon(error)
        raise
    raise AssertionError("attempts end by raising")


def stream(attempts: Attempts) -> Generator[AIMessageChunk]:
    """Try until an answer begins, and yield its chunks as they arrive.

    Raises:
        ScoutError: no attempt succeeded; see `Attempts`.
        StreamInterrupted: the answer broke off after content had been yielded.
    """
    try:
        for attempt in attempts:
            with attempt:
                adapter = attempt.candidate.endpoint.adapter
                with closing(adapter.stream(attempt.request)) as batches, attempt.streamed_answer:
                    for batch in batches:
                        for event in batch:
                            if (chunk := attempt.read_event(event)) is not None:
                                yield chunk
                        attempt.check_timeouts()
                last = attempt.complete_stream()
            if attempt.ok:
                attempts.notify()
                yield last
                return
    except BaseException as error:  # raised again: a failure, Ctrl-C, a consumer that stopped
        attempts.abandon(error)
        raise


async def astream(attempts: Attempts) -> AsyncGenerator[AIMessageChunk]:
    """Twin of `stream`."""
    try:
        async for attempt in attempts:
            async with AsyncAttempt(attempts, attempt):
                adapter = attempt.candidate.endpoint.adapter
                async with AsyncClosing(adapter.astream(attempt.request)) as batches:
                    with attempt.streamed_answer:
                        async for batch in batches:
                            for event in batch:
                                if (chunk := attempt.read_event(event)) is not None:
                                    yield chunk
                            attempt.check_timeouts()
                last = attempt.complete_stream()
            if attempt.ok:
                await attempts.anotify()
                yield last
                return
    except BaseException as error:  # raised again: a failure, Ctrl-C, a consumer that stopped
        await attempts.aabandon(error)
        raise


class AsyncAttempt:
    """`with attempt:` for async code: handlers that block run off the event loop."""

    def __init__(self, attempts: Attempts[Any], attempt: Attempt) -> None:
        self._attempts = attempts
        self._attempt = attempt

    async def __aenter__(self) -> None:
        try:
            self._attempt.begin()
            await self._attempts.aon_attempt_start(self._attempt)
            self._attempt.is_started = True
        except BaseException:  # includes cancellation: release everything, then re-raise
            self._attempt.give_up()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        return self._attempt.__exit__(kind, error, trace)


def keep_from_loop(stream: AsyncGenerator[T]) -> AsyncGenerator[T]:
    """Return the stream, which the event loop then does not register at its first step.

    The first step must follow at once. A loop that shuts down closes all registered streams at the
    same time, and would report an error if an outer one is closing an inner one at that moment.
    """
    before = sys.get_asyncgen_hooks().firstiter

    def on_first_step(generator: AsyncGenerator[Any]) -> None:
        sys.set_asyncgen_hooks(firstiter=before)
        if generator is not stream and before is not None:
            before(generator)

    sys.set_asyncgen_hooks(firstiter=on_first_step)
    return stream


class AsyncClosing(Generic[T]):
    """Closes a stream like `aclosing`; ignores that another task is closing it already."""

    def __init__(self, stream: AsyncGenerator[T]) -> None:
        self._stream = stream

    async def __aenter__(self) -> AsyncGenerator[T]:
        return keep_from_loop(self._stream)

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            await self._stream.aclose()
        except RuntimeError:
            if not isinstance(error, GeneratorExit):
                raise
