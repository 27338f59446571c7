"""One streamed answer: chunks are held back until content commits it to the caller."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from langchain_core.messages import AIMessageChunk, ToolCallChunk
from langchain_core.messages.ai import UsageMetadata, add_ai_message_chunks

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import (
    ErrorKind,
    Phase,
    ProviderError,
    ProviderRefusal,
    StreamInterrupted,
    malformed,
)
from scout_adapters.llm.adapters.adapter import Adapter, AttemptRequest
from scout_adapters.llm.adapters.refusal import error_from_refusal
from scout_adapters.llm.timeouts import StreamProgress
from scout_adapters.llm.transport.body import WholeAnswer
from scout_adapters.llm.types import StreamReader
from scout_adapters.llm.types.stream_reader import ToolProgress
from scout_adapters.llm.wires.parsing import end_of_cut

T = TypeVar("T")

PARSE_ERRORS = (
    LookupError,
    TypeError,
    AttributeError,
    ValueError,
    ArithmeticError,
    RecursionError,
)
"""What a parser may raise for a value of another type or shape than it expects."""


@dataclass(slots=True, eq=False)
class StreamedAnswer:
    """Reads the events of one streamed answer; `with` surrounds the loop over its batches.

    The `with` block ends early and quietly in two cases: the provider refused the request, which
    `end()` raises as the classified error; or the connection broke after the terminal event, when
    the answer is complete.
    """

    adapter: Adapter = field(repr=False)
    request: AttemptRequest = field(repr=False)
    committed: bool = False
    """Whether the caller has received content: from then on no other candidate can take over."""

    reader: StreamReader | None = field(default=None, repr=False)
    shown: list[AIMessageChunk] = field(default_factory=list, repr=False)
    """The chunks that the caller has received."""

    pending: AIMessageChunk | None = field(default=None, repr=False)
    """Chunks without content, merged; they go out with the first content."""

    refused: ProviderError | None = field(default=None, repr=False)
    tools: ToolProgress | None = field(default=None, repr=False)
    """State of tools at the provider, if the reader has one."""

    _tool_steps: int = 0

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, ProviderRefusal):
            # Raised by `end()`: raised here, it would hold the refusal as its context.
            self.refused = self._error_from(error)
            return True
        return (
            isinstance(error, ProviderError)
            and error.phase in {"sent", "mid_stream"}
            and self.finished
        )

    def read(self, event: Json | None) -> AIMessageChunk | None:
        """Return the chunk of an event for the caller; None if there is none yet."""
        reader = self.reader
        if reader is None:
            reader = self.reader = self._new_reader(event)
            self.tools = getattr(reader, "tool_progress", None)
        chunk, progress = self._feed(reader, event), self.request.context.progress
        if self.tools is not None and (chunk is None or progress.tool_runs):
            self._read_tool_progress(self.tools, progress)
        if chunk is None:
            return None
        progress.content_since_read = True
        if not self.committed:
            if self.pending is not None:
                chunk = self.pending + chunk
            if not has_content(chunk):
                self.pending = chunk
                return None
            self.pending, self.committed = None, True
        self.shown.append(chunk)
        return chunk

    def _read_tool_progress(self, tools: ToolProgress, progress: StreamProgress) -> None:
        progress.tool_runs = tools.runs
        if tools.steps > self._tool_steps:
            self._tool_steps = tools.steps
            progress.content_since_read = True

    def _new_reader(self, event: Json | None) -> StreamReader:
        if isinstance(event, WholeAnswer):
            return self.adapter.whole_reader(self.request.prepared)
        return self.adapter.reader(self.request.prepared)

    def _feed(self, reader: StreamReader, event: Json | None) -> AIMessageChunk | None:
        try:
            return parse_safely(reader.feed, event)
        except ProviderRefusal as refusal:
            error = self._error_from(refusal)
        except ProviderError:
            clear_event(event)
            raise
        clear_event(event)
        if not reader.finished:
            raise error
        self.refused = error  # raised by `end()`: the usage may still follow
        return None

    def _error_from(self, refusal: ProviderRefusal) -> ProviderError:
        phase: Phase = "mid_stream" if self.committed else "first_token"
        return error_from_refusal(refusal, self.request.context, phase)

    @property
    def finished(self) -> bool:
        """Whether the terminal event has arrived."""
        return self.reader is not None and self.reader.finished

    @property
    def usage(self) -> UsageMetadata | None:
        """The tokens counted so far."""
        return self.reader.usage if self.reader else None

    def end(self) -> AIMessageChunk:
        """Return the last chunk, with usage and metadata.

        Raises: `ProviderError` if the provider refused, or the stream ended too early.
        """
        if self.refused is not None:
            raise self.refused
        if self.reader is None or not self.reader.finished:
            raise malformed("the stream ended without its terminal event", phase="mid_stream")
        last = parse_safely(self.reader.close)
        if self.pending is not None:
            last, self.pending = self.pending + last, None
        return last

    def partial(self) -> AIMessageChunk:
        """Return the chunks that the caller has received, merged, of a stream that broke.

        The arguments of a truncated tool call are made invalid: LangChain would close its open
        strings and brackets, so that the call looks complete.
        """
        merged = add_ai_message_chunks(*self.shown)
        ends = [end_of_cut(call["args"] or "") for call in merged.tool_call_chunks]
        if not any(ends):
            return merged
        merged.tool_call_chunks = [
            ToolCallChunk({**call, "args": (call["args"] or "") + end})
            for call, end in zip(merged.tool_call_chunks, ends, strict=True)
        ]
        return add_ai_message_chunks(merged)  # reads the calls again


def has_content(chunk: AIMessageChunk) -> bool:
    """Return whether a chunk carries anything for the caller."""
    return bool(chunk.content or chunk.tool_call_chunks or chunk.additional_kwargs)


def stream_interrupted(error: ProviderError, partial: AIMessageChunk) -> StreamInterrupted:
    """Return the error of a stream that broke after content; `partial` is that content."""
    broken = StreamInterrupted(
        f"{error.kind}: {error.message}",
        kind=ErrorKind.STREAM_INTERRUPTED,
        provider=error.provider,
        model=error.model,
        key_id=error.key_id,
        status=error.status,
        code=error.code,
        request_id=error.request_id,
        phase="mid_stream",
        response=error.response,
    )
    broken.partial = partial
    broken.__cause__ = error
    return broken


def parse_safely(parse: Callable[..., T], *arguments: Any) -> T:
    """Return the parser's result; raises `MalformedResponse` for values it does not expect.

    Raised outside the handler: the parser's own exception may quote the provider's text.
    """
    try:
        return parse(*arguments)
    except PARSE_ERRORS as error:
        name = type(error).__name__
    raise malformed(f"the answer cannot be read: {name}")


def clear_event(event: Any) -> None:
    """Empty an event that frames still hold: crash reports show locals, and it may hold a key."""
    if isinstance(event, dict | list):
        event.clear()
