"""A streamed answer as far as it has come: what was shown, what is held back, what it cost."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field

from langchain_core.messages import AIMessageChunk
from langchain_core.messages.ai import UsageMetadata, add_ai_message_chunks

from scout_adapters.errors import (
    ErrorKind,
    ProviderError,
    RefusedInBand,
    StreamInterrupted,
    malformed,
)
from scout_adapters.llm.bodies import Whole, forget, guarded
from scout_adapters.llm.line import Line, Prepared
from scout_adapters.llm.types import Json, StreamReader


@dataclass(slots=True, eq=False)
class Incoming:
    """Reads one streamed answer that comes along `line`, to the request that was `prepared`."""

    line: Line = field(repr=False)
    prepared: Prepared = field(repr=False)
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
            whole = isinstance(event, Whole)
            reader = self.line.whole_reader() if whole else self.line.reader(self.prepared)
            self.reader = reader
        if (chunk := self._fed(reader, event)) is None:
            return None
        if not self.committed:
            if self.held is not None:
                chunk = self.held + chunk
            if not bears_content(chunk):
                self.held = chunk
                return None
            self.held, self.committed = None, True
        self.shown.append(chunk)
        return chunk

    def _fed(self, reader: StreamReader, event: Json | None) -> AIMessageChunk | None:
        try:
            return guarded(reader.feed, event)
        except RefusedInBand as refused:
            refused.payload = copy(refused.payload)
            forget(event)
            if not reader.finished:
                raise
            self.refused = refused  # what it cost is still to come
            return None
        except ProviderError:
            forget(event)
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
        last = guarded(self.reader.close)
        if self.held is not None:
            last, self.held = self.held + last, None
        return last

    def partial(self) -> AIMessageChunk:
        """Merge what the caller has been shown."""
        return add_ai_message_chunks(*self.shown)


def bears_content(chunk: AIMessageChunk) -> bool:
    """Tell whether a chunk shows the caller anything."""
    return bool(chunk.content or chunk.tool_call_chunks or chunk.additional_kwargs)


def interrupted(error: ProviderError, partial: AIMessageChunk) -> StreamInterrupted:
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
