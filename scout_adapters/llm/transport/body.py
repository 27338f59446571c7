"""Reading what comes back, and no more of it than anybody could mean: bodies, events, JSON."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, TypeVar

import orjson

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import malformed
from scout_adapters.llm.transport.sse import EventDecoder

MAX_BODY_BYTES = 32 * 1024 * 1024
MAX_ERROR_BYTES = 64 * 1024
GOOD = 200
ERROR_STATUS = 400
DONE = b"[DONE]"


T = TypeVar("T")


class WholeAnswer(dict[str, Any]):
    """An answer that came whole where a stream was asked for."""


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
        if self._size > self._limit and not self.failed:
            raise malformed(f"the answer is longer than {self._limit} bytes")
        self._pieces.append(piece)

    @property
    def enough(self) -> bool:
        """Whether to hang up: of a long error body the beginning says it all."""
        return self.failed and self._size > self._limit

    def raw(self) -> bytes:
        """Return what came, up to the limit."""
        return b"".join(self._pieces)[: self._limit]

    def answer(self) -> Any:
        """Return the JSON of a good answer."""
        return decode(self.raw())


class EventBody:
    """Decodes the events of a streamed answer, or finds out that it is none."""

    def __init__(self) -> None:
        self.whole = CappedBody(GOOD)
        self._decoder = EventDecoder()
        self._any = False
        self.done = False

    def add(self, piece: bytes) -> list[Json | None]:
        """Take what the network brought; return the events that it completes."""
        if not self._any:
            self.whole.add(piece)
        return self._decoded(self._decoder.feed(piece))

    def rest(self) -> list[Json | None]:
        """Return the events that the end of the stream completes.

        A server that does not stream, and answers whole, gives one event: its answer.
        """
        events = self._decoded(self._decoder.finish())
        if self._any:
            return events
        answer = self.whole.answer()
        if not isinstance(answer, dict | list):
            raise malformed("the answer is neither a stream nor an object")
        return [WholeAnswer(answer) if isinstance(answer, dict) else WholeAnswer({"": answer})]

    def _decoded(self, datas: list[bytes]) -> list[Json | None]:
        self._any = self._any or bool(datas)
        events: list[Json | None] = []
        for data in datas:
            if data.startswith(DONE):
                self.done = True
                events.append(None)
                break  # whatever follows is of no account
            events.append(decode(data))
        return events


def decode(data: bytes) -> Any:
    """Read JSON; the strict and fast way first, then what only the standard library takes."""
    # Raised outside the handlers: JSON's own errors hold the whole text, which may echo a key.
    with suppress(orjson.JSONDecodeError):
        return orjson.loads(data)
    with suppress(ValueError, RecursionError):
        return json.loads(data)  # NaN, lone surrogates, a BOM
    raise malformed("the answer is not JSON")


def encode(body: Json) -> bytes:
    """Write JSON; what orjson refuses (huge integers, lone surrogates) the slow way."""
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(body).encode()
