"""The adapter of a provider card: its wire builds and parses, the transport sends."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    Callable,
    Generator,
    Mapping,
    Sequence,
)
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import (
    AnswerLost,
    ConfigurationError,
    ProviderError,
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
from scout_adapters.llm.adapters.request_fixes import (
    NO_FIXES,
    RequestFixes,
    fixes_of,
    forget_fixes,
    remember_fixes,
)
from scout_adapters.llm.adapters.streamed_answer import PARSE_ERRORS, parse_safely
from scout_adapters.llm.adapters.wire_choice import WireChoice, with_known_model, without_choice
from scout_adapters.llm.conversation.turns import build_turns, media_in
from scout_adapters.llm.profiles.limits import limits_of
from scout_adapters.llm.transport.body import encode
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.types import Auth, ChatRequest, ProviderSpec, StreamReader, Turn, Wire
from scout_adapters.llm.types.authentication import text_of

if TYPE_CHECKING:
    from scout_adapters.llm.transport.http_transport import Transport


class HttpAdapter:
    """Sends requests over HTTP in the format of a card's wire."""

    def __init__(  # noqa: PLR0913  # the parts of an endpoint
        self,
        spec: ProviderSpec,
        url: Callable[[Any, str, bool], str],
        transport: Callable[[], Transport],
        headers: Mapping[str, str] | None = None,
        address: str = "",
        wire: Wire | None = None,
        *,
        auth: Auth | None = None,
        url_at: Callable[[Any, str, bool, str], str] | None = None,
    ) -> None:
        """`url` returns the URL for a wire, a model and whether the answer is streamed.

        `transport` is called at each request. `headers` are added to all requests. `address` is
        the base URL, for which fixes of a model are remembered; if it is the full endpoint of a
        wire, `wire` is that wire. `auth` replaces the card's. `url_at` is `url` with a base URL as
        fourth argument, for keys that have their own.
        """
        self.spec = spec
        self._url = url
        self.transport = transport
        self._headers = {**spec.headers, **(headers or {})}
        self._address = address
        self._wires = WireChoice(spec, wire)
        self._auth = auth or spec.auth
        self._url_at = url_at

    def prepare(self, request: ChatRequest) -> PreparedRequest:
        try:
            return self._prepare(request, self._known_fixes(request))
        except ScoutError:
            raise
        except PARSE_ERRORS as error:  # LangChain accepts any dict as a content block
            why = f"it cannot be read: {type(error).__name__}: {error}"
            raise UnsupportedContent("the request", "what it holds", why) from error

    def _key(self, request: ChatRequest) -> tuple[str, str, str]:
        return self.spec.name, self._address, request.model

    def _known_fixes(self, request: ChatRequest) -> RequestFixes:
        """Return the remembered fixes, with `max_tokens` limited to the longest possible answer."""
        fixes = fixes_of(self._key(request))
        if request.max_tokens is None or fixes.max_tokens is not None:
            return fixes
        cap = limits_of(self.spec, request.model).answer
        return replace(fixes, max_tokens=cap) if cap and request.max_tokens > cap else fixes

    def _prepare(self, request: ChatRequest, fixes: RequestFixes) -> PreparedRequest:
        if self.spec.second is None:
            return self._prepare_over(self.spec, request, fixes)
        card, other = self._wires.choose(request, fixes)
        try:
            return self._prepare_over(card, request, fixes)
        except UnsupportedContent:
            if other is None:
                raise
            return self._prepare_over(other, request, fixes)

    def _prepare_over(
        self, card: ProviderSpec, call: ChatRequest, fixes: RequestFixes
    ) -> PreparedRequest:
        """Return the request in the form of a card's wire."""
        request = without_choice(call, card.wire) if call.extra else call
        notes = () if fixes is NO_FIXES else tuple(fixes.notes(request, card.name))
        request = request if fixes is NO_FIXES else fixes.apply(request)
        conversation = build_turns(request.messages, card, signed=not fixes.unsigned)
        body = _build_body(request, conversation.turns, card)
        marks = _mark_prefixes(card, request, body) if request.prompt_cache == "auto" else ()
        return PreparedRequest(
            request=request,
            url=self._url(card.wire, request.model, request.stream),
            url_at=self._url_at and partial(self._url_at, card.wire, request.model, request.stream),
            content=encode(body),
            body=body,
            headers=card.wire.extra_headers(request),
            changes=(*notes, *_left_out(card, request, body), *conversation.changes, *marks),
            media=media_in(conversation.turns),
            models=card.wire.models(body),
            spec=card,
            wire=card.wire.name if self.spec.second else None,
            deferred=_check_answer(card, body, stream=request.stream),
            call=call,
            fixes=fixes,
        )

    def revise(self, prepared: PreparedRequest, error: ProviderError) -> PreparedRequest | None:
        """Return the request as a refusal requires it, and remember the change for the model.

        None if no change is known to help.
        """
        call, card, key = prepared.call, prepared.spec, self._key(prepared.request)
        if call is None or card is None or error.status is None or isinstance(error, AnswerLost):
            return None
        from scout_adapters.llm.adapters.refusal_advice import fixes_after, needs_wire  # noqa: PLC0415  # first refusal

        other = self._wires.other(call, card)
        fixes = fixes_after(error, _as_sent(prepared), prepared.fixes, card, other)
        if fixes is None:
            if prepared.fixes.wire and other is not None and needs_wire(error, card, other):
                forget_fixes(key)  # neither wire answers
            return None
        try:
            revised = self._prepare(call, fixes)
        except ScoutError:
            return None
        if _is_same(revised, prepared):
            return None
        remember_fixes(key, fixes)
        return revised

    def reader(self, prepared: PreparedRequest) -> StreamReader:
        card = prepared.spec or self.spec
        return card.wire.reader(card, prepared.body)

    def whole_reader(self, prepared: PreparedRequest) -> StreamReader:
        return WholeAnswerReader(lambda event: _parse(event, prepared))

    def send(self, attempt_request: AttemptRequest) -> AIMessage:
        try:
            if attempt_request.prepared.deferred:
                from scout_adapters.llm.adapters import background_answer as later  # noqa: PLC0415  # rare

                body = later.send_deferred(self.transport(), attempt_request, self.exchange)
            else:
                body = self.transport().send(self.exchange(attempt_request))
            return _parse(body, attempt_request.prepared)
        except ProviderRefusal as refusal:
            error = error_from_refusal(refusal, attempt_request.context)
        raise error  # outside the handler, as `error_from_refusal` explains

    async def asend(self, attempt_request: AttemptRequest) -> AIMessage:
        try:
            if attempt_request.prepared.deferred:
                from scout_adapters.llm.adapters import background_answer as later  # noqa: PLC0415  # rare

                body = await later.asend_deferred(self.transport(), attempt_request, self.exchange)
            else:
                body = await self.transport().asend(self.exchange(attempt_request))
            return _parse(body, attempt_request.prepared)
        except ProviderRefusal as refusal:
            error = error_from_refusal(refusal, attempt_request.context)
        raise error  # outside the handler, as `error_from_refusal` explains

    def stream(self, attempt_request: AttemptRequest) -> Generator[list[Json | None]]:
        return self.transport().stream(self.exchange(attempt_request))

    def astream(self, attempt_request: AttemptRequest) -> AsyncGenerator[list[Json | None]]:
        return self.transport().astream(self.exchange(attempt_request))

    def exchange(self, attempt_request: AttemptRequest[Any], method: str = "POST") -> HttpExchange:
        """Return the HTTP request of an attempt, with the headers that carry the key."""
        prepared, key = attempt_request.prepared, attempt_request.key
        url = attempt_request.url if attempt_request.address else prepared.url
        headers = {**self._headers, **prepared.headers}
        if self._auth is not None:
            credential = attempt_request.credential or key or ""
            content = prepared.content
            headers |= self._auth.headers(credential, method, url, headers, content)
        elif key:
            headers |= (prepared.spec or self.spec).wire.auth_headers(key)
        elif attempt_request.credential is not None:
            text_of(attempt_request.credential)  # raises: it cannot be sent as a text
        return HttpExchange(
            url=url,
            headers=headers,
            content=prepared.content,
            context=attempt_request.context,
            method=method,
        )


def _conversation_name(prepared: PreparedRequest) -> Json:
    """Return the body field with the conversation's name, as the engine adds it; {} if not set."""
    caching = prepared.spec.prompt_caching if prepared.spec else None
    name = caching.key_field if caching else ""
    return {name: prepared.body[name]} if name in prepared.body else {}


def _as_sent(prepared: PreparedRequest) -> ChatRequest:
    """Return the request with the conversation's name, which the engine added to the body."""
    named, request = _conversation_name(prepared), prepared.request
    return replace(request, extra={**named, **request.extra}) if named else request


def _is_same(revised: PreparedRequest, prepared: PreparedRequest) -> bool:
    """Return whether a revised request, once the engine adds the conversation's name, is equal."""
    named = _conversation_name(prepared)
    if not revised.fixes.without.isdisjoint(named):
        return False
    return revised.url == prepared.url and {**named, **revised.body} == prepared.body


def _build_body(request: ChatRequest, turns: Sequence[Turn], card: ProviderSpec) -> Json:
    """Return the body; for a deployment, by the rules of the model that it is known to run."""
    known = with_known_model(request, card)
    body = card.wire.build_body(known, turns, card)
    if known is not request and body.get("model") == known.model:
        body["model"] = request.model
    return body


def _mark_prefixes(card: ProviderSpec, request: ChatRequest, body: Json) -> Sequence[str]:
    """Add cache markers to `body`, for providers that require them; return the changes' notes."""
    caching = card.prompt_caching
    shortest = caching.shortest_for(card.known_model(request.model)) if caching else None
    return () if shortest is None else card.wire.mark_prefixes(body, shortest)


def _check_answer(card: ProviderSpec, body: Json, *, stream: bool) -> bool:
    """Return whether the answer must be polled for.

    Raises: `ConfigurationError` for several answers, and for a stream that must be polled for.
    """
    if card.wire.answer_count(body) != 1:
        raise ConfigurationError(
            f"{card.name}: a call returns one answer, so n= (candidateCount) must be 1; "
            "for several answers call batch() with the same input as often"
        )
    name = card.wire.deferral
    if not name or not body.get(name):
        return False
    if stream and not card.wire.streams_deferred:
        raise ConfigurationError(
            f"{card.name}: an answer that comes later does not stream: use invoke() without "
            f"streaming=True, or leave {name}= out"
        )
    return not stream


def _left_out(card: ProviderSpec, request: ChatRequest, body: Json) -> list[str]:
    """Return a sentence for each option of a request that the card or the wire leaves out."""
    notes = []
    if card.drop and request.extra:
        dropped = (name for name in request.extra if name in card.drop)
        notes = [f"{name} left out: {card.wire.name} has none" for name in dropped]
    for name in card.wire.plain_options:
        if name not in body and name not in card.drop and name not in card.rename:
            value = getattr(request, name, None)
            value = request.extra.get(name) if value is None else value
            if value is not None and value != ():
                where = f"{card.name} does not take it for this model over {card.wire.name}"
                notes.append(f"{name} left out: {where}")
    return notes


def _parse(body: Any, prepared: PreparedRequest) -> AIMessage:
    assert prepared.spec is not None  # noqa: S101  # set by `prepare`
    return parse_safely(prepared.spec.wire.parse_response, body, prepared.spec)
