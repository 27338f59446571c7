"""Reading what comes back, and no more of it than anybody could mean: bodies, events, JSON."""

from __future__ import annotations

import json
from typing import Any

import orjson

from scout_adapters.errors import malformed
from scout_adapters.llm.sse import EventDecoder
from scout_adapters.llm.types import Json

MAX_BODY_BYTES = 32 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024
GOOD = 200
ERROR_STATUS = 400
DONE = b"[DONE]"


class CappedBody:
    """Collects a body, but no more of it than anybody could mean."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.failed = status >= ERROR_STATUS
        self._limit = MAX_ERROR_BYTES if self.failed else MAX_BODY_BYTES
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        """Take what the network brought."""
        self._size += len(piece)
        if self._size <= self._limit:
            self._pieces.append(piece)
        elif not self.failed:  # of a long error body the beginning is enough
            raise malformed(f"the answer is longer than {self._limit} bytes")

    def raw(self) -> bytes:
        """Return what came, up to the limit."""
        return b"".join(self._pieces)

    def answer(self) -> Any:
        """Return the JSON of a good answer; raises where it is none, but for refusals."""
        if self.status != GOOD:
            raise malformed(f"status {self.status} is not an answer", status=self.status)
        return decode(self.raw())


class EventBody:
    """Decodes the events of a streamed answer, or finds out that it is none."""

    def __init__(self, status: int) -> None:
        self.whole = CappedBody(status)
        self._plain = status != GOOD
        self._decoder = EventDecoder()
        self._any = False

    def add(self, piece: bytes) -> list[Json | None]:
        """Take what the network brought; return the events that it completes."""
        if not self._any:
            self.whole.add(piece)
        return [] if self._plain else self._decoded(self._decoder.feed(piece))

    def rest(self) -> list[Json | None]:
        """Return the events that the end of the stream completes.

        A server that does not stream, and answers whole, gives one event: its answer.
        """
        events = [] if self._plain else self._decoded(self._decoder.finish())
        if self._any:
            return events
        return [self.whole.answer()]

    def _decoded(self, events: list[bytes]) -> list[Json | None]:
        self._any = self._any or bool(events)
        return [None if event.startswith(DONE) else decode(event) for event in events]


def decode(data: bytes) -> Any:
    """Read JSON; the strict and fast way first, then what only the standard library takes."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            return json.loads(data)  # NaN, lone surrogates, a BOM
        except (ValueError, RecursionError) as error:
            raise malformed("the answer is not JSON") from error


def encode(body: Json) -> bytes:
    """Write JSON; what orjson refuses (huge integers, lone surrogates) the slow way."""
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(body).encode()
