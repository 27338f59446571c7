"""Poll for an answer that a provider makes in the background; cancel it if the call ends first.

The request is sent once; each poll requests the id of the first answer, with the same key. A key
from a source is read again when it expires or is refused, because a token may expire before a slow
answer is complete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from scout_adapters._internal.fork import release_held_locks
from scout_adapters.errors import (
    AnswerLost,
    ErrorKind,
    ProviderError,
    ProviderRefusal,
    ScoutError,
    provider_error,
)
from scout_adapters.llm.adapters.adapter import AttemptRequest
from scout_adapters.llm.adapters.refusal import error_from_refusal
from scout_adapters.llm.health.source_fault import KeySourceFault
from scout_adapters.llm.timeouts import (
    NEVER,
    SHORTEST,
    AttemptContext,
    StreamProgress,
    Timeouts,
    shorter,
)

if TYPE_CHECKING:
    from scout_adapters.llm.health.source_values import Secret
    from scout_adapters.llm.transport.exchange import HttpExchange
    from scout_adapters.llm.transport.http_transport import Transport
    from scout_adapters.llm.types import PendingAnswer, Wire

FIRST_PAUSE = 0.5
"""Seconds before the first poll."""

LONGEST_PAUSE = 10.0
"""Seconds between two polls, unless the provider states a longer time."""

GROWTH = 1.5
"""Factor from one pause to the next."""

POLL_TIMEOUT = 30.0
"""Seconds that one poll may take."""

CANCEL_TIMEOUT = 5.0
"""Seconds that a cancellation may take; the call has ended already."""

POLL_AFTER = "openai-poll-after-ms"
"""Response header with the milliseconds until the next poll; OpenAI's own clients read it too."""

WAITED_OUT = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
"""HTTP statuses of a poll, besides 5xx, after which the next poll may succeed."""

MAX_RENEWALS = 3
"""How many times the source of a key is read again after refused polls."""

MakeExchange = Callable[[AttemptRequest, str], "HttpExchange"]
"""Function from an attempt's request and an HTTP method to the exchange."""


@dataclass(slots=True, eq=False)
class BackgroundAnswer:
    """State of the polls for one answer."""

    pending: PendingAnswer
    wire: Wire
    request: AttemptRequest = field(repr=False)
    make_exchange: MakeExchange = field(repr=False)
    began: float
    """When the request was sent (seconds of the context's clock): the total timeout starts here."""

    context: AttemptContext
    headers: Mapping[str, str] = field(repr=False)
    """Headers of the first response, with the quota left of rate limits."""

    interval: float = FIRST_PAUSE
    lost: AnswerLost | None = None
    _refusals: int = 0
    _is_refused: bool = False
    _read_at: float = 0.0
    _stated_pause: float = 0.0

    def left(self) -> float:
        """Return the seconds that the call may still take."""
        now, total = self.context.clock.now(), self.context.timeouts.total
        end = NEVER if total is None else self.began + total
        return min(end, self.context.deadline) - now

    def take_pause(self) -> float:
        """Return the seconds before the next poll, and lengthen the pause after it."""
        pause = max(self.interval, self._stated_pause)
        self.interval, self._stated_pause = min(self.interval * GROWTH, LONGEST_PAUSE), 0.0
        return max(0.0, min(pause, self.left()))

    def read_key(self) -> None:
        """Read a key again that expires or was refused; if its source fails, keep the old key."""
        if (source := self.request.source) is not None and self._needs_key():
            clock = self.context.clock
            self._read_at = clock.now()
            with suppress(KeySourceFault):
                secret = source.fresh(self._read_at)
                self._use(secret or source.read(clock.now, min(self.left(), POLL_TIMEOUT)))

    async def aread_key(self) -> None:
        """Twin of `read_key`."""
        if (source := self.request.source) is not None and self._needs_key():
            clock = self.context.clock
            self._read_at = clock.now()
            with suppress(KeySourceFault):
                secret = source.fresh(self._read_at)
                self._use(secret or await source.aread(clock.now, min(self.left(), POLL_TIMEOUT)))

    def _needs_key(self) -> bool:
        """Return whether the key must be read again: it expires, or a poll refused it."""
        secret = self.request.secret
        is_old = secret is not None and self.context.clock.now() >= secret.fresh_until
        return is_old or self._is_refused

    def _use(self, secret: Secret) -> None:
        """Send the next requests with a secret."""
        key, credential, self._is_refused = secret.text or None, secret.credential, False
        self.request = replace(self.request, key=key, credential=credential, secret=secret)

    def _renews_key(self, error: ProviderError) -> bool:
        """Return whether the source is read again, after a poll whose key was refused."""
        source, secret = self.request.source, self.request.secret
        if error.kind is not ErrorKind.AUTH_INVALID or source is None or secret is None:
            return False
        self._refusals += 1
        since = max(self._read_at, self.began)
        self._is_refused = self._refusals <= MAX_RENEWALS and source.renew(secret, since)
        return self._is_refused

    def poll_exchange(self) -> HttpExchange:
        """Return the next poll; raises `ProviderTimeout` if no time is left."""
        left = self.left()
        if left <= SHORTEST:
            raise provider_error(ErrorKind.TIMEOUT_RESPONSE, self._timeout_text())
        timeouts = Timeouts(
            connect=shorter(self.context.timeouts.connect, min(left, POLL_TIMEOUT)),
            total=min(left, POLL_TIMEOUT),
        )
        return self._exchange("GET", self.pending.path, replace(self.context, timeouts=timeouts))

    def _exchange(self, method: str, path: str, context: AttemptContext) -> HttpExchange:
        """Return a request without a body, with the same key, to `path` at the same base URL."""
        prepared = self.request.prepared
        endpoint = self.wire.endpoint(prepared.request.model, stream=False)
        url, mark, query = self.request.url.partition("?")
        beside = f"{url.removesuffix(endpoint)}{path}{mark}{query}"
        prepared = replace(prepared, url=beside, url_at=None, content=b"")
        request = replace(self.request, prepared=prepared, context=context)
        return self.make_exchange(request, method)

    def _timeout_text(self) -> str:
        at_deadline = self.context.clock.now() >= self.context.deadline
        limit = "the deadline" if at_deadline else f"{self.context.timeouts.total:g} s"
        return f"the answer {self.pending.id} was not ready within {limit}"

    def is_ready(self, body: Any) -> bool:
        """Return whether `body` (JSON or None) is the answer; raises `AnswerLost` after a loss."""
        if self.lost is not None:
            raise self.lost
        if body is None:
            return False
        progress = self.context.progress
        self.read_pause()
        if self.wire.pending_answer(body) is not None:
            return False
        progress.headers = self.headers
        return True

    def read_pause(self) -> None:
        """Store the pause before the next poll that the last response states, if any."""
        milliseconds = self.context.progress.headers.get(POLL_AFTER, "")
        if milliseconds.isdecimal():
            self._stated_pause = min(int(milliseconds) / 1000, 6 * LONGEST_PAUSE)

    def record_failure(self, failure: ProviderRefusal | ProviderError) -> None:
        """Record a failed poll; `is_ready` raises its error if no further poll can succeed.

        Polling goes on after 408, 429, 5xx, a failure without a status, an error inside a 2xx
        answer, and a refused key that is read again from its source.
        """
        error: ProviderError
        if isinstance(failure, ProviderRefusal):
            error = error_from_refusal(failure, self.context)
        else:
            error = failure
        if _is_waited_out(error):
            self._stated_pause = error.retry_after or 0.0
            return
        if self._renews_key(error):
            return
        text = f"the answer {self.pending.id} cannot be fetched: {error.message}"
        self.lost = AnswerLost(
            text,
            kind=ErrorKind.ANSWER_LOST,
            status=error.status,
            code=error.code,
            request_id=error.request_id,
            response=error.response,
        )
        self.lost.answer_id = self.pending.id

    def cancel_exchange(self) -> HttpExchange | None:
        """Return the request that cancels the answer; None if there is nothing to cancel."""
        if self.lost is not None or not self.pending.cancel_path:
            return None
        context = replace(
            self.context,
            timeouts=Timeouts(connect=CANCEL_TIMEOUT, total=CANCEL_TIMEOUT),
            deadline=NEVER,
            progress=StreamProgress(),  # that of the poll may have a response to abort
        )
        return self._exchange("POST", self.pending.cancel_path, context)

    def end(self, error: BaseException, cancelled: Any) -> Any:
        """Return the answer if it was complete before it could be cancelled; else raise `error`.

        `cancelled` is the response to the cancellation, or None. The message of a timeout states
        whether the answer was cancelled.
        """
        if isinstance(error, ProviderError) and error.kind is ErrorKind.TIMEOUT_RESPONSE:
            status = cancelled.get("status") if isinstance(cancelled, dict) else None
            if status == "completed":
                return cancelled
            done = "it was cancelled" if cancelled else "it is still being made, and may be billed"
            error.message = f"{error.message}; {done}"
            error.args = (error.message,)
        raise error


def _is_waited_out(error: ProviderError) -> bool:
    """Return whether a later poll may succeed after this error."""
    status = error.status
    if status is None or status < HTTPStatus.MULTIPLE_CHOICES:
        return True
    return status in WAITED_OUT or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def send_deferred(transport: Transport, request: AttemptRequest, make: MakeExchange) -> Any:
    """Send a request and poll until its answer is complete; return the JSON.

    Raises what `Transport.send` raises, and:
        ProviderTimeout: The answer was not ready in time.
        AnswerLost: The provider does not return the answer any more.

    """
    began = request.context.clock.now()
    body = transport.send(make(request, "POST"))
    answer = _background_answer(request, make, body, began)
    return body if answer is None else _poll(transport, answer)


async def asend_deferred(transport: Transport, request: AttemptRequest, make: MakeExchange) -> Any:
    """Twin of `send_deferred`."""
    began = request.context.clock.now()
    body = await transport.asend(make(request, "POST"))
    answer = _background_answer(request, make, body, began)
    return body if answer is None else await _apoll(transport, answer)


def _background_answer(
    request: AttemptRequest, make: MakeExchange, body: Any, began: float
) -> BackgroundAnswer | None:
    """Return the answer to poll for; None if `body` is the answer itself."""
    assert request.prepared.spec is not None  # noqa: S101  # a function has no deferred answers
    wire, context = request.prepared.spec.wire, request.context
    if (pending := wire.pending_answer(body)) is None:
        return None
    headers = context.progress.headers
    answer = BackgroundAnswer(pending, wire, request, make, began, context, headers)
    answer.read_pause()
    return answer


def _poll(transport: Transport, answer: BackgroundAnswer) -> Any:
    try:
        while True:
            answer.context.clock.sleep(answer.take_pause())
            answer.read_key()
            exchange, body = answer.poll_exchange(), None
            try:
                body = transport.send(exchange)
            except (ProviderRefusal, ProviderError) as failure:
                answer.record_failure(failure)
            if answer.is_ready(body):
                return body
    except BaseException as error:  # noqa: BLE001  # raised again by `end`: also Ctrl-C
        return answer.end(error, _cancel(transport, answer))


async def _apoll(transport: Transport, answer: BackgroundAnswer) -> Any:
    """Twin of `_poll`."""
    try:
        while True:
            await answer.context.clock.asleep(answer.take_pause())
            await answer.aread_key()
            exchange, body = answer.poll_exchange(), None
            try:
                body = await transport.asend(exchange)
            except (ProviderRefusal, ProviderError) as failure:
                answer.record_failure(failure)
            if answer.is_ready(body):
                return body
    except BaseException as error:  # noqa: BLE001  # raised again by `end`: also a cancellation
        return answer.end(error, await _acancel(transport, answer))


def _cancel(transport: Transport, answer: BackgroundAnswer) -> Any:
    """Cancel an answer at the provider; return the response, or None if there is none."""
    release_held_locks()  # Ctrl-C may have come between two steps
    exchange = None
    try:
        exchange = answer.cancel_exchange()
        return None if exchange is None else transport.send(exchange)
    except ScoutError:
        return None
    finally:
        if exchange is not None and (response := exchange.context.progress.response) is not None:
            response.abort()


async def _acancel(transport: Transport, answer: BackgroundAnswer) -> Any:
    """Twin of `_cancel`, shielded from the cancellation that is under way."""
    from anyio import CancelScope  # noqa: PLC0415  # for answers in the background only

    release_held_locks()
    exchange = None
    with CancelScope(shield=True):
        try:
            exchange = answer.cancel_exchange()
            return None if exchange is None else await transport.asend(exchange)
        except ScoutError:
            return None
        finally:
            response = exchange.context.progress.response if exchange else None
            if response is not None and (end := response.abort()):
                await end
