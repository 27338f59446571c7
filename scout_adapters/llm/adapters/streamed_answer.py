"""A streamed answer as far as it has come: what was shown, what is held back, what it cost."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata, add_ai_message_chunks

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import (
    ErrorKind,
    ProviderError,
    RefusedInBand,
    StreamInterrupted,
    malformed,
)
from scout_adapters.llm.adapters.adapter import Adapter, PreparedRequest
from scout_adapters.llm.transport.body import (
    T,
    WholeAnswer,
)
from scout_adapters.llm.types import StreamReader

PARSE_ERRORS = (
    LookupError,
    TypeError,
    AttributeError,
    ValueError,
    ArithmeticError,
    RecursionError,
)
"""What code raises that is handed something else than it was promised."""


@dataclass(slots=True, eq=False)
class StreamedAnswer:
    """Reads one streamed answer that comes along `line`, to the request that was `prepared`."""

    line: Adapter = field(repr=False)
    prepared: PreparedRequest = field(repr=False)
    committed: bool = False
    """Whether the caller has been shown content: from then on there is no way back."""

    reader: StreamReader | None = field(default=None, repr=False)
    shown: list[AIMessageChunk] = field(default_factory=list, repr=False)
    held: AIMessageChunk | None = field(default=None, repr=False)
    refused: RefusedInBand | None = field(default=None, repr=False)

    def read(self, event: Json | None) -> AIMessageChunk | None:
        """Read one event; None for what shows nothing, or nothing yet."""
        reader = self.reader
        if reader is None:
            whole = isinstance(event, WholeAnswer)
            reader = self.line.whole_reader() if whole else self.line.reader(self.prepared)
            self.reader = reader
        if (chunk := self._fed(reader, event)) is None:
            return None
        if not self.committed:
            if self.held is not None:
                chunk = self.held + chunk
            if not has_content(chunk):
                self.held = chunk
                return None
            self.held, self.committed = None, True
        self.shown.append(chunk)
        return chunk

    def _fed(self, reader: StreamReader, event: Json | None) -> AIMessageChunk | None:
        try:
            return parse_safely(reader.feed, event)
        except RefusedInBand as refused:
            refused.payload = copy(refused.payload)
            clear_event(event)
            if not reader.finished:
                raise
            self.refused = refused  # what it cost is still to come
            return None
        except ProviderError:
            clear_event(event)
            raise

    @property
    def finished(self) -> bool:
        """Whether the terminal event has come."""
        return self.reader is not None and self.reader.finished

    @property
    def usage(self) -> UsageMetadata | None:
        """The tokens counted so far."""
        return self.reader.usage if self.reader else None

    def end(self) -> AIMessageChunk:
        """Make the last chunk; without its terminal event a stream has failed."""
        if self.reader is None or not self.reader.finished:
            raise malformed("the stream ended without its terminal event", phase="mid_stream")
        if self.refused is not None:
            raise self.refused
        last = parse_safely(self.reader.close)
        if self.held is not None:
            last, self.held = self.held + last, None
        return last

    def partial(self) -> AIMessageChunk:
        """Merge what the caller has been shown."""
        return add_ai_message_chunks(*self.shown)


def has_content(chunk: AIMessageChunk) -> bool:
    """Tell whether a chunk shows the caller anything."""
    return bool(chunk.content or chunk.tool_call_chunks or chunk.additional_kwargs)


def stream_interrupted(error: ProviderError, partial: AIMessageChunk) -> StreamInterrupted:
    """Say that a stream broke after content had been shown; `partial` is what came before it."""
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
    """Parse; nonsense that a parser did not foresee is still the provider's named error.

    Raised outside the handler: the parser's own exception may quote what the provider sent.
    """
    try:
        return parse(*arguments)
    except PARSE_ERRORS as error:
        what = type(error).__name__
    raise malformed(f"the answer cannot be read: {what}")


def clear_event(event: Any) -> None:
    """Empty an event that frames still hold: what it says, a key perhaps, crash reports show."""
    if isinstance(event, dict | list):
        event.clear()
