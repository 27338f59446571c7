"""What carries an attempt to a provider and back; for a card it is HTTP."""

from __future__ import annotations

import time
from collections.abc import (
    AsyncGenerator,
    Callable,
    Generator,
    Mapping,
    Sequence,
)
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.pricing.token_estimates import request_bytes, tokens_in_bytes
from scout_adapters.llm.timeouts import StreamProgress, Timeouts
from scout_adapters.llm.types import ChatRequest, StreamReader

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRequest:
    """A request made ready for one candidate, whichever key will carry it."""

    request: ChatRequest
    url: str = ""
    content: bytes = field(default=b"", repr=False)
    body: Json = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    changes: Sequence[str] = ()
    media: Sequence[Json] = field(default=(), repr=False)
    """The blocks of the conversation that are no text."""

    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def tokens(self) -> int:
        """Estimate the request's tokens: about four bytes of JSON each; pictures count for more."""
        return tokens_in_bytes(len(self.content) or request_bytes(self.request))


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRequest:
    """A prepared request with the key that carries it."""

    prepared: PreparedRequest
    key: str | None = field(repr=False)
    key_id: str | None
    timeouts: Timeouts
    now: Callable[[], float] = time.monotonic
    watch: StreamProgress = field(default_factory=StreamProgress)
    redact: Callable[[str], str] = field(default=str, repr=False)


class Adapter(Protocol):
    """The four verbs; a reader turns what streams in into chunks."""

    def prepare(self, request: ChatRequest) -> PreparedRequest:
        """Make a request ready; raises `UnsupportedContent` where it cannot be said here."""

    def reader(self, prepared: PreparedRequest) -> StreamReader:
        """Begin to read the streamed answer."""

    def whole_reader(self) -> StreamReader:
        """Begin to read an answer that came whole where a stream was asked for."""

    def send(self, parcel: AttemptRequest) -> AIMessage:
        """Ask, and return the whole answer."""

    async def asend(self, parcel: AttemptRequest) -> AIMessage:
        """Twin of `send`."""

    def stream(self, parcel: AttemptRequest) -> Generator[list[Json | None]]:
        """Ask, and yield the events of each network chunk."""

    def astream(self, parcel: AttemptRequest) -> AsyncGenerator[list[Json | None]]:
        """Twin of `stream`."""


class WholeAnswerReader:
    """Reads a stream that is one whole message."""

    def __init__(self, parse: Callable[[Json], AIMessage]) -> None:
        self.finished = False
        self.usage: UsageMetadata | None = None
        self._parse = parse
        self._metadata: dict[str, Any] = {}

    def feed(self, event: Json | None) -> AIMessageChunk | None:
        if event is None:
            return None
        message = self._parse(event)
        self.finished, self.usage = True, message.usage_metadata
        metadata = message.response_metadata
        self._metadata = {name: metadata[name] for name in metadata if name not in NAMED}
        return AIMessageChunk(
            content=message.content,
            additional_kwargs=message.additional_kwargs,
            tool_calls=message.tool_calls,
            invalid_tool_calls=message.invalid_tool_calls,
            response_metadata={name: metadata[name] for name in NAMED if name in metadata},
            id=message.id,
        )

    def close(self) -> AIMessageChunk:
        return AIMessageChunk(
            content="",
            usage_metadata=self.usage,
            response_metadata=self._metadata,
            chunk_position="last",
        )


NAMED = ("model_name", "model_provider")
