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
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.messages.ai import UsageMetadata

from scout_adapters.errors import RefusedInBand, ScoutError, UnsupportedContent
from scout_adapters.llm.bodies import STUMBLES, encode, guarded
from scout_adapters.llm.conversation import converse, media_in
from scout_adapters.llm.estimating import asked_size, tokens_of
from scout_adapters.llm.exchange import Answer, Exchange, Timeouts, Watch
from scout_adapters.llm.types import (
    ChatRequest,
    Json,
    ProviderSpec,
    StreamReader,
)

if TYPE_CHECKING:
    from scout_adapters.llm.transport import Transport

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
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
        return tokens_of(len(self.content) or asked_size(self.request))


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A prepared request with the key that carries it."""

    prepared: Prepared
    key: str | None = field(repr=False)
    key_id: str | None
    timeouts: Timeouts
    now: Callable[[], float] = time.monotonic
    watch: Watch = field(default_factory=Watch)
    redact: Callable[[str], str] = field(default=str, repr=False)


class Line(Protocol):
    """The four verbs; a reader turns what streams in into chunks."""

    def prepare(self, request: ChatRequest) -> Prepared:
        """Make a request ready; raises `UnsupportedContent` where it cannot be said here."""

    def reader(self, prepared: Prepared) -> StreamReader:
        """Begin to read the streamed answer."""

    def whole_reader(self) -> StreamReader:
        """Begin to read an answer that came whole where a stream was asked for."""

    def send(self, parcel: Parcel) -> AIMessage:
        """Ask, and return the whole answer."""

    async def asend(self, parcel: Parcel) -> AIMessage:
        """Twin of `send`."""

    def stream(self, parcel: Parcel) -> Generator[list[Json | None]]:
        """Ask, and yield the events of each network chunk."""

    def astream(self, parcel: Parcel) -> AsyncGenerator[list[Json | None]]:
        """Twin of `stream`."""


class HttpLine:
    """Speaks a card's wire over HTTP."""

    def __init__(
        self,
        spec: ProviderSpec,
        url: Callable[[str, bool], str],
        transport: Callable[[], Transport],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Take `url`, which makes the address of a model, and headers for every request."""
        self.spec = spec
        self._url = url
        self._transport = transport
        self._headers = {**spec.headers, **(headers or {})}

    def prepare(self, request: ChatRequest) -> Prepared:
        try:
            return self._prepared(request)
        except ScoutError:
            raise
        except STUMBLES as error:  # LangChain lets any dict through as a block of content
            why = f"it cannot be read: {type(error).__name__}: {error}"
            raise UnsupportedContent("the request", "what it holds", why) from error

    def _prepared(self, request: ChatRequest) -> Prepared:
        talk = converse(request.messages, self.spec)
        body = self.spec.wire.build_body(request, talk.turns, self.spec)
        return Prepared(
            request=request,
            url=self._url(request.model, request.stream),
            content=encode(body),
            body=body,
            headers=self.spec.wire.extra_headers(request),
            changes=tuple(talk.changes),
            media=media_in(talk.turns),
        )

    def reader(self, prepared: Prepared) -> StreamReader:
        return self.spec.wire.reader(self.spec, prepared.body)

    def whole_reader(self) -> StreamReader:
        return WholeReader(lambda event: self.spec.wire.parse_response(event, self.spec))

    def send(self, parcel: Parcel) -> AIMessage:
        return self._parsed(self._transport().send(self._exchange(parcel)))

    async def asend(self, parcel: Parcel) -> AIMessage:
        return self._parsed(await self._transport().asend(self._exchange(parcel)))

    def stream(self, parcel: Parcel) -> Generator[list[Json | None]]:
        return self._transport().stream(self._exchange(parcel))

    def astream(self, parcel: Parcel) -> AsyncGenerator[list[Json | None]]:
        return self._transport().astream(self._exchange(parcel))

    def _exchange(self, parcel: Parcel) -> Exchange:
        auth = self.spec.wire.auth_headers(parcel.key) if parcel.key else {}
        return Exchange(
            provider=self.spec.name,
            model=parcel.prepared.request.model,
            url=parcel.prepared.url,
            headers={**self._headers, **parcel.prepared.headers, **auth},
            content=parcel.prepared.content,
            timeouts=parcel.timeouts,
            now=parcel.now,
            watch=parcel.watch,
            key_id=parcel.key_id,
            redact=parcel.redact,
        )

    def _parsed(self, answer: Answer) -> AIMessage:
        try:
            return guarded(self.spec.wire.parse_response, answer.body, self.spec)
        except RefusedInBand as refused:
            refused.headers = answer.headers
            raise


class WholeReader:
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
