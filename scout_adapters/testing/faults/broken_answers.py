"""Bad manners: answers that are late, cut, empty, odd, or none at all.

A new one is a class whose `play` changes the good `HttpReply`; a single odd answer is a `Raw`.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import orjson

from scout_adapters.testing.faults.refusals import Fault
from scout_adapters.testing.http_messages import BodyPart, Ending, HttpReply, Json, dumps, plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scout_adapters.testing.faults.context import FaultContext
    from scout_adapters.testing.faults.error_bodies import Condition


@dataclass(frozen=True, slots=True)
class Slow(Fault):
    """A good answer that takes its time; all in seconds."""

    first: float = 0.0
    """Before the status line."""

    between: float = 0.0
    """Between events."""

    lull: float = 0.0
    """Between the headers and the first event."""

    def play(self, scene: FaultContext) -> HttpReply:
        """Answer well, slowly."""
        return replace(scene.good(), first=self.first, between=self.between, lull=self.lull)


@dataclass(frozen=True, slots=True)
class Stall(Fault):
    """A stream that falls silent after some events, or after all of them, and then is cut."""

    after: int | None = 1
    seconds: float = 3600.0

    def play(self, scene: FaultContext) -> HttpReply:
        """Begin well."""
        good = scene.good()
        return replace(good, parts=good.parts[: self.after], linger=self.seconds, ending="cut")


@dataclass(frozen=True, slots=True)
class KeepAlive(Fault):
    """Nothing but SSE comments, `every` so many seconds, before a good answer or after a part."""

    comments: int = 10
    every: float = 0.1
    after: int = 0

    def play(self, scene: FaultContext) -> HttpReply:
        """Answer well, after comments."""
        good = scene.good()
        if not good.streamed:
            return replace(good, first=self.comments * self.every)
        comments = (BodyPart(b": keep-alive\n\n"),) * self.comments
        parts = (*good.parts[: self.after], *comments, *good.parts[self.after :])
        return replace(good, parts=parts, between=self.every)


@dataclass(frozen=True, slots=True)
class CutMidStream(Fault):
    """The answer stops after some events: the line is cut, reset, or closed as if all were well."""

    after: int = 1
    how: Ending = "cut"
    between: float = 0.0
    """Seconds between events, for a client to read what came before a reset."""

    def play(self, scene: FaultContext) -> HttpReply:
        """Answer in part."""
        good = scene.good()
        if not good.streamed:
            half = good.body[: len(good.body) // 2]
            return replace(good, parts=(BodyPart(half, good.spent.output),), ending=self.how)
        kept = good.parts[: self.after]
        return replace(good, parts=kept, ending=self.how, between=self.between)


@dataclass(frozen=True, slots=True)
class CloseBeforeAnswer(Fault):
    """The connection closes once the request has been read, without a status line."""

    reset: bool = False
    billed: bool = False
    """Whether the provider did the work all the same."""

    def play(self, scene: FaultContext) -> HttpReply:
        """Hang up."""
        return _unheard(scene, billed=self.billed, ending="reset" if self.reset else "clean")


@dataclass(frozen=True, slots=True)
class Hang(Fault):
    """No answer for so many seconds, then the connection closes. The work was done, and billed."""

    seconds: float = 3600.0
    billed: bool = True

    def play(self, scene: FaultContext) -> HttpReply:
        """Keep silent."""
        return replace(_unheard(scene, billed=self.billed), first=self.seconds)


def _unheard(scene: FaultContext, *, billed: bool, ending: Ending = "clean") -> HttpReply:
    reply = scene.good() if billed else HttpReply()
    parts = (BodyPart(b"", reply.spent.output),)
    return replace(reply, parts=parts, dropped=True, streamed=False, ending=ending)


@dataclass(frozen=True, slots=True)
class ErrorInBand(Fault):
    """HTTP 200, and an error inside: instead of the answer, or after some events of it."""

    after: int = 0
    condition: Condition = "server_error"
    status: int = 500
    goes_on: bool = False
    """Whether the rest of the answer follows."""

    def play(self, scene: FaultContext) -> HttpReply:
        """Promise success, then fail."""
        error = scene.refuse(self.condition, status=self.status)
        if not scene.stream:
            return plain(200, error.body, scene.headers())
        good = scene.good()
        kept = good.parts[: self.after]
        spoken = kept[-1].tokens if kept else 0
        event = BodyPart(_error_event(scene, error), spoken)
        rest = good.parts[self.after :] if self.goes_on else ()
        return replace(good, parts=(*kept, event, *rest), billed=spoken > 0)


def _error_event(scene: FaultContext, error: HttpReply) -> bytes:
    """Put an error body into a stream, the way this provider does."""
    if error.streamed:
        return error.body
    try:
        body: Json = orjson.loads(error.body)
    except orjson.JSONDecodeError:
        body = {"error": {"message": "Internal error"}}
    if scene.wire == "anthropic":
        return b"event: error\ndata: " + dumps(body) + b"\n\n"
    if scene.wire == "gemini":
        return b"data: " + dumps(body) + b"\r\n\r\n"
    if scene.house.dialect == "groq":
        body["error"]["status_code"] = error.status
        return b"event: error\ndata: " + dumps(body) + b"\n\n"
    if scene.house.dialect == "openrouter":
        body |= _openrouter_chunk(scene)
    return b"data: " + dumps(body) + b"\n\n"


def _openrouter_chunk(scene: FaultContext) -> Json:
    choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "error"}
    return {
        "id": f"gen-{scene.ids.digits(10)}-{scene.ids.hex(20)}",
        "provider": "Emulator",
        "model": scene.model,
        "object": "chat.completion.chunk",
        "created": int(scene.wall),
        "choices": [choice],
    }


@dataclass(frozen=True, slots=True)
class EmptyBody(Fault):
    """A status and nothing else."""

    status: int = 200

    def play(self, scene: FaultContext) -> HttpReply:  # noqa: ARG002  # the same for all faults
        """Say nothing."""
        return plain(self.status, b"", {})


_GZIP = 16
"""What makes zlib write gzip's header."""


@dataclass(frozen=True, slots=True)
class CutGzip(Fault):
    """A stream packed with gzip and cut in the middle, though its last HTTP chunk is in order."""

    keep: float = 0.5
    """The part of the packed bytes that is sent."""

    def play(self, scene: FaultContext) -> HttpReply:
        """Answer in part."""
        good, packer = scene.good(), zlib.compressobj(wbits=zlib.MAX_WBITS | _GZIP)
        # Flushed after each event, as servers do that stream.
        events = (packer.compress(one.data) + packer.flush(zlib.Z_SYNC_FLUSH) for one in good.parts)
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
    """A web page where JSON should be, as proxies and captive portals send it."""

    status: int = 200

    def play(self, scene: FaultContext) -> HttpReply:  # noqa: ARG002  # the same for all faults
        """Show the page."""
        return plain(self.status, _PAGE, {}, "text/html; charset=utf-8")


@dataclass(frozen=True, slots=True)
class Redirect(Fault):
    """A redirect that keeps method and body."""

    to: str
    status: int = 307

    def play(self, scene: FaultContext) -> HttpReply:  # noqa: ARG002  # the same for all faults
        """Point elsewhere."""
        return plain(self.status, b"", {"location": self.to})


@dataclass(frozen=True, slots=True)
class Drip(Fault):
    """A good answer in drops of so many bytes, each after so many seconds."""

    size: int = 16
    every: float = 0.01

    def play(self, scene: FaultContext) -> HttpReply:
        """Answer well, in drops."""
        good = scene.good()
        body, size = good.body, self.size
        whole = good.spent.output
        drops = tuple(BodyPart(body[at : at + size], whole) for at in range(0, len(body), size))
        return replace(good, parts=drops, between=self.every)


@dataclass(frozen=True, slots=True)
class ExtraHeaders(Fault):
    """A good answer with misleading headers, such as Anthropic's `retry-after` on success."""

    headers: Mapping[str, str] = field(default_factory=lambda: {"retry-after": "61"})

    def play(self, scene: FaultContext) -> HttpReply:
        """Answer well."""
        good = scene.good()
        return replace(good, headers={**good.headers, **self.headers})


@dataclass(frozen=True, slots=True)
class Said(Fault):
    """HTTP 200 around any JSON, word for word: the whole answer, or the one event of a stream."""

    body: bytes

    def play(self, scene: FaultContext) -> HttpReply:
        """Say it."""
        if not scene.stream:
            return plain(200, self.body, scene.headers())
        kind = {"content-type": "text/event-stream", **scene.headers()}
        return HttpReply(
            headers=kind, parts=(BodyPart(b"data: %b\n\n" % self.body),), streamed=True
        )


@dataclass(frozen=True, slots=True)
class Raw(Fault):
    """Any answer at all, word for word."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=lambda: {"content-type": "application/json"})
    events: tuple[bytes, ...] = ()
    """Sent one by one instead of `body`."""

    ending: Ending = "clean"
    besides: tuple[tuple[str, str], ...] = ()
    """Header lines besides, where a name stands twice."""

    def play(self, scene: FaultContext) -> HttpReply:  # noqa: ARG002  # the same for all faults
        """Answer as told."""
        parts = tuple(BodyPart(event) for event in self.events) or (BodyPart(self.body),)
        return HttpReply(
            status=self.status,
            headers=dict(self.headers),
            besides=self.besides,
            parts=parts,
            streamed=bool(self.events),
            ending=self.ending,
        )
