"""Streams of a chat model: each runs inside the LangChain run that core opens for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import TYPE_CHECKING, Any, cast

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessageChunk
from typing_extensions import override

from scout_adapters.chat_models.run_scope import RunManager, RunScope, announce_run, taps_streams

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.runnables import RunnableConfig
else:
    BaseChatModel = object  # a mixin: a pydantic class of its own takes 2.5 ms to import


class ScopedStreams(BaseChatModel):
    """Passes the run of each stream to `_stream` and `_astream`, and closes streams in order."""

    if TYPE_CHECKING:  # a field of the chat models' options
        streaming: bool

    @override
    def _should_stream(
        self,
        *,
        async_api: bool,
        run_manager: RunManager | None = None,
        **kwargs: Any,
    ) -> bool:
        handlers = run_manager.handlers if run_manager else ()
        taps = any(map(taps_streams, map(type, handlers)))
        if not (taps or self.streaming or kwargs.get("stream")):
            return False  # core would check a protocol for each handler: 7 µs
        streams = super()._should_stream(async_api=async_api, run_manager=run_manager, **kwargs)
        if streams and run_manager is not None:
            announce_run(run_manager)
        return streams

    @override
    def stream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> Iterator[AIMessageChunk]:
        scope = RunScope(self, config, is_async=False)
        chunks = super().stream(input, scope.config, stop=stop, **kwargs)
        try:
            with scope:
                first = next(chunks, None)
            if first is not None:
                yield first
                yield from chunks
        except BaseException as error:  # raised again: its traceback would keep the call open
            cast("Generator[AIMessageChunk]", chunks).close()
            scope.report_failure(error)
            raise

    @override
    async def astream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        from scout_adapters.llm.engine.calls import AsyncClosing

        scope = RunScope(self, config, is_async=True)
        stream = super().astream(input, scope.config, stop=stop, **kwargs)
        chunks = cast("AsyncGenerator[AIMessageChunk]", stream)
        async with AsyncClosing(chunks):
            try:
                with scope:
                    first = await _first_chunk(chunks)
                if first is not None:
                    yield first
                    async for chunk in chunks:
                        yield chunk
            except BaseException as error:  # raised again: core drops the call, to end it later
                await scope.aclose()
                await scope.areport_failure(error)
                raise


async def _first_chunk(chunks: AsyncGenerator[AIMessageChunk]) -> AIMessageChunk | None:
    """Return the first chunk of a stream, or None if it is empty.

    `anext` with a default crashes the interpreter on Ctrl-C: python/cpython#131670.
    """
    try:
        return await anext(chunks)
    except StopAsyncIteration:
        return None
