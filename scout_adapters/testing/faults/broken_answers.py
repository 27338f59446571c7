"""Faults in which the answer is late, cut, empty, malformed or missing.

A new one is a class whose `play` changes the good `HttpReply`; for a single odd answer use `Raw`.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import orjson

from scout_adapters.testing.faults.refusals import Fault
from scout_adapters.testing.http_messages import BodyPart, Ending, HttpReply, Json, whole_reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scout_adapters.testing.faults.context import FaultContext
    from scout_adapters.testing.faults.error_bodies import Condition


@dataclass(frozen=True, slots=True)
class Slow(Fault):
    """A good answer with delays, in seconds."""

    first: float = 0.0
    """Before the status line."""

    between: float = 0.0
    """Between events."""

    lull: float = 0.0
    """Between the headers and the first event."""

    def play(self, context: FaultContext) -> HttpReply:
        """Return the good answer with delays."""
        return replace(context.good(), first=self.first, between=self.between, lull=self.lull)


@dataclass(frozen=True, slots=True)
class Stall(Fault):
    """A stream that pauses `after` some events (None: after all) for `seconds`, then is cut."""

    after: int | None = 1
    seconds: float = 3600.0

    def play(self, context: FaultContext) -> HttpReply:
        """Return the beginning of the good answer."""
        good = context.good()
        return replace(good, parts=good.parts[: self.after], linger=self.seconds, ending="cut")


@dataclass(frozen=True, slots=True)
class KeepAlive(Fault):
    """SSE comments `every` so many seconds, before a good answer or `after` some of its events."""

    comments: int = 10
    every: float = 0.1
    after: int = 0

    def play(self, context: FaultContext) -> HttpReply:
        """Return the good answer with comments in it."""
        good = context.good()
        if not good.streamed:
            return replace(good, first=self.comments * self.every)
        comments = (BodyPart(b": keep-alive\n\n"),) * self.comments
        parts = (*good.parts[: self.after], *comments, *good.parts[self.after :])
        return replace(good, parts=parts, between=self.every)


@dataclass(frozen=True, slots=True)
class CutMidStream(Fault):
    """The answer stops `after` some events: the connection is cut, reset, or closed as usual."""

    after: int = 1
    how: Ending = "cut"
    between: float = 0.0
    """Seconds between events, so that a client reads them before a reset."""

    def play(self, context: FaultContext) -> HttpReply:
        """Return a part of the good answer."""
        good = context.good()
        if not good.streamed:
            half = good.body[: len(good.body) // 2]
            return replace(good, parts=(BodyPart(half, good.spent.output),), ending=self.how)
        return replace(good, parts=good.parts[: self.after], ending=self.how, between=self.between)


@dataclass(frozen=True, slots=True)
class CloseBeforeAnswer(Fault):
    """The connection closes after the request was read, without a status line."""

    reset: bool = False
    billed: bool = False
    """Whether the provider generates and bills the answer anyway."""

    def play(self, context: FaultContext) -> HttpReply:
        """Return no answer."""
        return _unanswered(context, billed=self.billed, ending="reset" if self.reset else "clean")


@dataclass(frozen=True, slots=True)
class Hang(Fault):
    """No answer for `seconds`, then the connection closes; by default the answer is billed."""

    seconds: float = 3600.0
    billed: bool = True

    def play(self, context: FaultContext) -> HttpReply:
        """Return no answer, late."""
        return replace(_unanswered(context, billed=self.billed), first=self.seconds)


def _unanswered(context: FaultContext, *, billed: bool, ending: Ending = "clean") -> HttpReply:
    reply = context.good() if billed else HttpReply()
    parts = (BodyPart(b"", reply.spent.output),)
    return replace(reply, parts=parts, dropped=True, streamed=False, ending=ending)


@dataclass(frozen=True, slots=True)
class ErrorInBand(Fault):
    """HTTP 200, and an error inside: instead of the answer, or after some events of it."""

    after: int = 0
    condition: Condition = "server_error"
    status: int = 500
    goes_on: bool = False
    """Whether the rest of the answer follows the error."""

    def play(self, context: FaultContext) -> HttpReply:
        """Return a 200 that contains an error."""
        error = context.refuse(self.condition, status=self.status)
        if not context.stream:
            return whole_reply(200, error.body, context.headers())
        good = context.good()
        before = good.parts[: self.after]
        tokens = before[-1].tokens if before else 0
        event = BodyPart(_error_event(context, error), tokens)
        rest = good.parts[self.after :] if self.goes_on else ()
        return replace(good, parts=(*before, event, *rest), billed=tokens > 0)


def _error_event(context: FaultContext, error: HttpReply) -> bytes:
    """Return an error body as this provider sends it within a stream."""
    if error.streamed:
        return error.body
    try:
        body: Json = orjson.loads(error.body)
    except orjson.JSONDecodeError:
        body = {"error": {"message": "Internal error"}}
    return context.error_event(body, error.status)


@dataclass(frozen=True, slots=True)
class EmptyBody(Fault):
    """A status without a body."""

    status: int = 200

    def play(self, context: FaultContext) -> HttpReply:  # noqa: ARG002  # the same signature for all faults
        """Return an empty body."""
        return whole_reply(self.status, b"", {})


_GZIP = 16
"""Added to zlib's `wbits` to write a gzip header."""


@dataclass(frozen=True, slots=True)
class CutGzip(Fault):
    """A gzipped stream that is cut in the middle, although its last HTTP chunk is complete."""

    keep: float = 0.5
    """The share of the compressed bytes that is sent."""

    def play(self, context: FaultContext) -> HttpReply:
        """Return a part of the good answer."""
        good, packer = context.good(), zlib.compressobj(wbits=zlib.MAX_WBITS | _GZIP)
        # Flushed after each event, as streaming servers do.
        events = (
            packer.compress(event.data) + packer.flush(zlib.Z_SYNC_FLUSH) for event in good.parts
        )
        packed = b"".join(events)
        part = BodyPart(packed[: int(len(packed) * self.keep)], good.spent.output)
        headers = {**good.headers, "content-encoding": "gzip"}
        return replace(good, headers=headers, parts=(part,), streamed=True)


_PAGE = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head>"
    b"<body><h1>Welcome to the hotel's network</h1></body></html>"
)


@dataclass(frozen=True, slots=True)
class NotJson(Fault):
    """A web page instead of JSON, as proxies and captive portals send it."""

    status: int = 200

    def play(self, context: FaultContext) -> HttpReply:  # noqa: ARG002  # the same signature for all faults
        """Return the page."""
        return whole_reply(self.status, _PAGE, {}, "text/html; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Redirect(Fault):
    """A redirect to the URL `to`; 307 and 308 keep method and body."""

    to: str
    status: int = 307

    def play(self, context: FaultContext) -> HttpReply:  # noqa: ARG002  # the same signature for all faults
        """Return the redirect."""
        return whole_reply(self.status, b"", {"location": self.to})


@dataclass(frozen=True, slots=True)
class Drip(Fault):
    """A good answer in parts of `size` bytes, one `every` so many seconds."""

    size: int = 16
    every: float = 0.01

    def play(self, context: FaultContext) -> HttpReply:
        """Return the good answer in small parts."""
        good = context.good()
        body, size, tokens = good.body, self.size, good.spent.output
        parts = tuple(BodyPart(body[at : at + size], tokens) for at in range(0, len(body), size))
        return replace(good, parts=parts, between=self.every)


@dataclass(frozen=True, slots=True)
class ExtraHeaders(Fault):
    """A good answer with misleading headers, such as Anthropic's `retry-after` on success."""

    headers: Mapping[str, str] = field(default_factory=lambda: {"retry-after": "61"})

    def play(self, context: FaultContext) -> HttpReply:
        """Return the good answer with more headers."""
        good = context.good()
        return replace(good, headers={**good.headers, **self.headers})


@dataclass(frozen=True, slots=True)
class Said(Fault):
    """HTTP 200 with exactly this JSON: as the whole answer, or as the only event of a stream."""

    body: bytes

    def play(self, context: FaultContext) -> HttpReply:
        """Return the JSON."""
        if not context.stream:
            return whole_reply(200, self.body, context.headers())
        kind = {"content-type": "text/event-stream", **context.headers()}
        return HttpReply(
            headers=kind, parts=(BodyPart(b"data: %b\n\n" % self.body),), streamed=True
        )


@dataclass(frozen=True, slots=True)
class Raw(Fault):
    """Exactly this answer, for any provider."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    events: tuple[bytes, ...] = ()
    """Streamed one by one instead of `body`."""

    ending: Ending = "clean"
    besides: tuple[tuple[str, str], ...] = ()
    """Additional header lines, for names that occur twice."""

    def play(self, context: FaultContext) -> HttpReply:  # noqa: ARG002  # the same signature for all faults
        """Return the answer."""
        parts = tuple(BodyPart(event) for event in self.events) or (BodyPart(self.body),)
        return HttpReply(
            status=self.status,
            headers=dict(self.headers),
            besides=self.besides,
            parts=parts,
            streamed=bool(self.events),
            ending=self.ending,
        )
