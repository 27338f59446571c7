"""A wire over the transport."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    Callable,
    Generator,
    Mapping,
)
from typing import TYPE_CHECKING

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import RefusedInBand, ScoutError, UnsupportedContent
from scout_adapters.llm.adapters.streamed_answer import PARSE_ERRORS, parse_safely
from scout_adapters.llm.conversation.turns import build_turns, media_in
from scout_adapters.llm.transport.body import encode
from scout_adapters.llm.transport.exchange import HttpExchange, JsonResponse
from scout_adapters.llm.types import ChatRequest, ProviderSpec, StreamReader

if TYPE_CHECKING:
    from scout_adapters.llm.transport.http_transport import Transport
from scout_adapters.llm.adapters.adapter import (
    AttemptRequest,
    PreparedRequest,
    WholeAnswerReader,
)


class HttpAdapter:
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

    def prepare(self, request: ChatRequest) -> PreparedRequest:
        try:
            return self._prepared(request)
        except ScoutError:
            raise
        except PARSE_ERRORS as error:  # LangChain lets any dict through as a block of content
            why = f"it cannot be read: {type(error).__name__}: {error}"
            raise UnsupportedContent("the request", "what it holds", why) from error

    def _prepared(self, request: ChatRequest) -> PreparedRequest:
        talk = build_turns(request.messages, self.spec)
        body = self.spec.wire.build_body(request, talk.turns, self.spec)
        return PreparedRequest(
            request=request,
            url=self._url(request.model, request.stream),
            content=encode(body),
            body=body,
            headers=self.spec.wire.extra_headers(request),
            changes=tuple(talk.changes),
            media=media_in(talk.turns),
        )

    def reader(self, prepared: PreparedRequest) -> StreamReader:
        return self.spec.wire.reader(self.spec, prepared.body)

    def whole_reader(self) -> StreamReader:
        return WholeAnswerReader(lambda event: self.spec.wire.parse_response(event, self.spec))

    def send(self, parcel: AttemptRequest) -> AIMessage:
        return self._parsed(self._transport().send(self._exchange(parcel)))

    async def asend(self, parcel: AttemptRequest) -> AIMessage:
        return self._parsed(await self._transport().asend(self._exchange(parcel)))

    def stream(self, parcel: AttemptRequest) -> Generator[list[Json | None]]:
        return self._transport().stream(self._exchange(parcel))

    def astream(self, parcel: AttemptRequest) -> AsyncGenerator[list[Json | None]]:
        return self._transport().astream(self._exchange(parcel))

    def _exchange(self, parcel: AttemptRequest) -> HttpExchange:
        auth = self.spec.wire.auth_headers(parcel.key) if parcel.key else {}
        return HttpExchange(
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

    def _parsed(self, answer: JsonResponse) -> AIMessage:
        try:
            return parse_safely(self.spec.wire.parse_response, answer.body, self.spec)
        except RefusedInBand as refused:
            refused.headers = answer.headers
            raise
