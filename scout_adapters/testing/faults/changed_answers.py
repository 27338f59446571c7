"""Faults that change the form of a good answer, but not its content."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import orjson

from scout_adapters.testing.faults.refusals import Fault
from scout_adapters.testing.http_messages import BodyPart, HttpReply, dumps

if TYPE_CHECKING:
    from scout_adapters.testing.faults.context import FaultContext

Change = Callable[[HttpReply], HttpReply]

_BOMB = 40 * 2**20
"""Bytes of a body that is packed into a few kilobytes: above the limit of our transport."""

_NONSENSE = b"data: {rubbish\n\n"


@dataclass(frozen=True, slots=True)
class Changed(Fault):
    """A good answer, changed by a function."""

    change: Change

    @property
    def name(self) -> str:
        """The name of the function."""
        return self.change.__name__

    def play(self, context: FaultContext) -> HttpReply:
        """Return the changed answer."""
        return self.change(context.good())


def wrong_content_type(reply: HttpReply) -> HttpReply:
    """Name the body a binary file."""
    return replace(reply, headers={**reply.headers, "content-type": "application/octet-stream"})


def byte_order_mark(reply: HttpReply) -> HttpReply:
    """Put a byte order mark before the body."""
    first, *rest = reply.parts or (BodyPart(b""),)
    return replace(reply, parts=(replace(first, data=b"\xef\xbb\xbf" + first.data), *rest))


def no_usage(reply: HttpReply) -> HttpReply:
    """Remove the token counts from a whole answer."""
    if reply.streamed:
        return reply
    body = orjson.loads(reply.body)
    for name in ("usage", "usageMetadata"):
        body.pop(name, None)
    return replace(reply, parts=(BodyPart(dumps(body), reply.spent.output),))


def nonsense_after_the_end(reply: HttpReply) -> HttpReply:
    """Add an event that is no JSON behind the end of a stream."""
    return replace(reply, parts=(*reply.parts, BodyPart(_NONSENSE, reply.spent.output)))


def byte_by_byte(reply: HttpReply) -> HttpReply:
    """Send each byte by itself."""
    body, tokens = reply.body, reply.spent.output
    parts = tuple(BodyPart(body[at : at + 1], tokens) for at in range(len(body)))
    return replace(reply, parts=parts, streamed=True)


def other_lines(reply: HttpReply) -> HttpReply:
    """Put comments, an id and a `retry:` line between the events of a stream."""
    lines = b": comment\n\nretry: 999999\n\n"
    parts = tuple(replace(part, data=lines + part.data) for part in reply.parts)
    return replace(reply, parts=parts)


def endless_line(reply: HttpReply) -> HttpReply:
    """Send ten mebibytes without the end of a line instead of a stream."""
    parts = (BodyPart(b"data: "), *(BodyPart(b"x" * 2**20),) * 10)
    return replace(reply, parts=parts)


def packed_bomb(reply: HttpReply) -> HttpReply:
    """Send a body that is far larger once it is unpacked."""
    headers = {**reply.headers, "content-encoding": "gzip"}
    return replace(reply, headers=headers, parts=(BodyPart(_bomb()),), streamed=False)


@cache
def _bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return packer.compress(b"0" * _BOMB) + packer.flush()
