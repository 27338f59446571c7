"""The four verbs of a call; each pair is the same to the letter but for what awaits."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import closing
from typing import Generic, TypeVar

from langchain_core.messages import AIMessage, AIMessageChunk

from scout_adapters.errors import ProviderError
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.retry import Attempts

T = TypeVar("T")


def complete(attempts: Attempts) -> AIMessage:
    """Ask until somebody answers; raises what `Attempts` raises."""
    for attempt in attempts:
        with attempt:
            message = attempt.answered(attempt.candidate.endpoint.adapter.send(attempt.request))
        if attempt.ok:
            attempts.notify()
            return message
    raise AssertionError("attempts end by raising")


async def acomplete(attempts: Attempts) -> AIMessage:
    """Twin of `complete`."""
    async for attempt in attempts:
        with attempt:
            message = attempt.answered(
                await attempt.candidate.endpoint.adapter.asend(attempt.request)
            )
        if attempt.ok:
            await attempts.anotify()
            return message
    raise AssertionError("attempts end by raising")


def stream(attempts: Attempts) -> Generator[AIMessageChunk]:
    """Ask until somebody begins to answer, then pass the answer on as it comes."""
    for attempt in attempts:
        with attempt:
            adapter = attempt.candidate.endpoint.adapter
            with (
                closing(adapter.stream(attempt.request)) as batches,
                _IgnoreErrorsAfterEnd(attempt),
            ):
                for batch in batches:
                    for event in batch:
                        if (chunk := attempt.read(event)) is not None:
                            yield chunk
                    attempt.check_time()
            last = attempt.end()
        if attempt.ok:
            attempts.notify()
            yield last
            return


async def astream(attempts: Attempts) -> AsyncGenerator[AIMessageChunk]:
    """Twin of `stream`."""
    async for attempt in attempts:
        with attempt:
            adapter = attempt.candidate.endpoint.adapter
            async with AsyncClosing(adapter.astream(attempt.request)) as batches:
                with _IgnoreErrorsAfterEnd(attempt):
                    async for batch in batches:
                        for event in batch:
                            if (chunk := attempt.read(event)) is not None:
                                yield chunk
                        attempt.check_time()
            last = attempt.end()
        if attempt.ok:
            await attempts.anotify()
            yield last
            return


class AsyncClosing(Generic[T]):
    """Closes a stream like `aclosing`, also where somebody else is closing it at this moment.

    A loop that shuts down closes all streams at once, in any order, outer ones and inner ones.
    """

    def __init__(self, stream: AsyncGenerator[T]) -> None:
        """Take the stream to close."""
        self._stream = stream

    async def __aenter__(self) -> AsyncGenerator[T]:
        return self._stream

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        try:
            await self._stream.aclose()
        except RuntimeError:
            if not isinstance(error, GeneratorExit):
                raise


class _IgnoreErrorsAfterEnd:
    """Ignores a connection that breaks after the terminal event: the answer is complete."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        return (
            isinstance(error, ProviderError)
            and error.phase in {"sent", "mid_stream"}
            and self._attempt.incoming.finished
        )
