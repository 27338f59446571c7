"""The adapter of embeddings: another request and answer over the connections of a chat adapter."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn

from scout_adapters.errors import ProviderError, ProviderRefusal, UnsupportedContent, malformed
from scout_adapters.llm.adapters.adapter import AttemptRequest, PreparedRequest
from scout_adapters.llm.adapters.http_adapter import HttpAdapter
from scout_adapters.llm.adapters.refusal import error_from_refusal
from scout_adapters.llm.adapters.streamed_answer import parse_safely
from scout_adapters.llm.transport.body import encode
from scout_adapters.llm.types import EmbeddingsApi
from scout_adapters.llm.types.embedding import EmbeddingAnswer, EmbeddingRequest, EmbeddingWire

FORMAT = "encoding_format"
"""The body field that requests base64."""


class VectorLength:
    """The required length of all vectors: `dimensions=`, or the length in the first answer."""

    def __init__(self, length: int | None = None) -> None:
        self._lengths: list[int] = [] if length is None else [length]

    def check(self, vectors: Sequence[Sequence[float]]) -> None:
        """Raise `MalformedResponse` for an empty vector, another length, NaN or infinity."""
        for vector in vectors:
            if not vector:
                raise malformed("the answer has a vector without numbers")
            if not self._lengths:
                self._lengths.append(len(vector))
            if len(vector) != self._lengths[0]:
                raise malformed(
                    f"the answer has a vector of {len(vector)} numbers, where earlier answers or "
                    f"dimensions= have {self._lengths[0]}: it does not mix with those"
                )
            if not math.isfinite(sum(vector)):
                raise malformed("the answer has a vector with NaN or infinity")


class EmbeddingAdapter:
    """Sends `EmbeddingRequest`s over HTTP; its answers are `EmbeddingAnswer`s."""

    def __init__(
        self,
        http: HttpAdapter,
        url: Callable[[str], str],
        url_at: Callable[[str, str], str],
        wire: EmbeddingWire,
        api: EmbeddingsApi,
        length: VectorLength,
    ) -> None:
        """`http` is the chat adapter whose connections and authentication are used.

        `url` returns the URL of a model, `url_at` that at another base URL. All candidates of a
        call share `length`.
        """
        self._http = http
        self._url = url
        self._url_at = url_at
        self._wire = wire
        self._api = api
        self._length = length

    def prepare(self, request: EmbeddingRequest) -> PreparedRequest[EmbeddingRequest]:
        spec = self._http.spec
        if not self._api.takes_empty and "" in request.texts:
            position = request.positions[[*request.texts].index("")]
            why = f"{spec.name} refuses it: leave it out"
            raise UnsupportedContent(f"text {position}", "an empty text", why)
        input_bytes = _input_bytes(request)
        body = self._wire.build_body(request, self._api)
        return PreparedRequest(
            request=request,
            url=self._url(request.model),
            url_at=partial(self._url_at, request.model),
            content=encode(body),
            body=body,
            models=(request.model,),
            spec=spec,
            input_bytes=input_bytes,
            has_output=False,
        )

    def revise(
        self, prepared: PreparedRequest[EmbeddingRequest], error: ProviderError
    ) -> PreparedRequest[EmbeddingRequest] | None:
        """Return the request without base64 if a gateway refused that, and remember it; or None."""
        if FORMAT not in prepared.body or FORMAT not in error.message:
            return None
        self._api = replace(self._api, base64=False)
        return self.prepare(prepared.request)

    def send(self, attempt_request: AttemptRequest[EmbeddingRequest]) -> EmbeddingAnswer:
        try:
            body = self._http.transport().send(self._http.exchange(attempt_request))
            return self._parse(body, attempt_request)
        except ProviderRefusal as refusal:
            error = error_from_refusal(refusal, attempt_request.context)
        raise error  # outside the handler, as `error_from_refusal` explains

    async def asend(self, attempt_request: AttemptRequest[EmbeddingRequest]) -> EmbeddingAnswer:
        try:
            body = await self._http.transport().asend(self._http.exchange(attempt_request))
            return self._parse(body, attempt_request)
        except ProviderRefusal as refusal:
            error = error_from_refusal(refusal, attempt_request.context)
        raise error  # outside the handler, as `error_from_refusal` explains

    def _parse(self, body: Any, attempt: AttemptRequest[EmbeddingRequest]) -> EmbeddingAnswer:
        number = len(attempt.prepared.request.texts)
        answer = parse_safely(self._wire.parse, body, number)
        self._length.check(answer.vectors)
        return answer

    def _refuse_stream(self, _: Any) -> NoReturn:
        raise AssertionError("embeddings are never streamed")

    reader = whole_reader = stream = astream = _refuse_stream


def _input_bytes(request: EmbeddingRequest) -> int:
    """Return the total bytes of the texts; raises `UnsupportedContent` for invalid Unicode."""
    try:
        return sum(len(text.encode()) for text in request.texts)
    except UnicodeEncodeError:
        pass
    pairs = zip(request.positions, request.texts, strict=True)
    position = next(position for position, text in pairs if not _is_unicode(text))
    raise UnsupportedContent(f"text {position}", "half of a character", "it is no valid Unicode")


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)
