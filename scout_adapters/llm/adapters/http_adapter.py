"""The adapter of a provider card: its wire builds and parses, the transport sends."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    Callable,
    Generator,
    Mapping,
)
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import (
    ConfigurationError,
    ProviderRefusal,
    ScoutError,
    UnsupportedContent,
)
from scout_adapters.llm.adapters.adapter import (
    AttemptRequest,
    PreparedRequest,
    WholeAnswerReader,
)
from scout_adapters.llm.adapters.refusal import error_from_refusal
from scout_adapters.llm.adapters.streamed_answer import PARSE_ERRORS, parse_safely
from scout_adapters.llm.conversation.turns import build_turns, media_in
from scout_adapters.llm.transport.body import encode
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.types import ChatRequest, ProviderSpec, StreamReader

if TYPE_CHECKING:
    from scout_adapters.llm.transport.http_transport import Transport


class HttpAdapter:
    """Sends requests over HTTP in the format of a card's wire."""

    def __init__(
        self,
        spec: ProviderSpec,
        url: Callable[[str, bool], str],
        transport: Callable[[], Transport],
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`url` returns the URL for a model and a kind of answer; all requests carry `headers`.

        `transport` is called at each request: the shared one opens on first use.
        """
        self.spec = spec
        self._url = url
        self._transport = transport
        self._headers = {**spec.headers, **(headers or {})}

    def prepare(self, request: ChatRequest) -> PreparedRequest:
        try:
            return self._prepare(request)
        except ScoutError:
            raise
        except PARSE_ERRORS as error:  # LangChain accepts any dict as a content block
            why = f"it cannot be read: {type(error).__name__}: {error}"
            raise UnsupportedContent("the request", "what it holds", why) from error

    def _prepare(self, request: ChatRequest) -> PreparedRequest:
        conversation = build_turns(request.messages, self.spec)
        body = self.spec.wire.build_body(request, conversation.turns, self.spec)
        if self.spec.wire.answer_count(body) != 1:
            raise ConfigurationError(
                f"{self.spec.name}: a call returns one answer, so n= (candidateCount) must be 1; "
                "for several answers call batch() with the same input as often"
            )
        return PreparedRequest(
            request=request,
            url=self._url(request.model, request.stream),
            content=encode(body),
            body=body,
            headers=self.spec.wire.extra_headers(request),
            changes=tuple(conversation.changes),
            media=media_in(conversation.turns),
            models=self.spec.wire.models(body),
        )

    def reader(self, prepared: PreparedRequest) -> StreamReader:
        return self.spec.wire.reader(self.spec, prepared.body)

    def whole_reader(self) -> StreamReader:
        return WholeAnswerReader(lambda event: self.spec.wire.parse_response(event, self.spec))

    def send(self, attempt_request: AttemptRequest) -> AIMessage:
        try:
            return self._parse(self._transport().send(self._exchange(attempt_request)))
        except ProviderRefusal as refusal:
            error = error_from_refusal(refusal, attempt_request.context)
        raise error  # outside the handler, as `error_from_refusal` explains

    async def asend(self, attempt_request: AttemptRequest) -> AIMessage:
        try:
            return self._parse(await self._transport().asend(self._exchange(attempt_request)))
        except ProviderRefusal as refusal:
            error = error_from_refusal(refusal, attempt_request.context)
        raise error  # outside the handler, as `error_from_refusal` explains

    def stream(self, attempt_request: AttemptRequest) -> Generator[list[Json | None]]:
        return self._transport().stream(self._exchange(attempt_request))

    def astream(self, attempt_request: AttemptRequest) -> AsyncGenerator[list[Json | None]]:
        return self._transport().astream(self._exchange(attempt_request))

    def _exchange(self, attempt_request: AttemptRequest) -> HttpExchange:
        prepared, key = attempt_request.prepared, attempt_request.key
        auth = self.spec.wire.auth_headers(key) if key else {}
        return HttpExchange(
            url=prepared.url,
            headers={**self._headers, **prepared.headers, **auth},
            content=prepared.content,
            context=attempt_request.context,
        )

    def _parse(self, body: Any) -> AIMessage:
        return parse_safely(self.spec.wire.parse_response, body, self.spec)
