"""Read response bodies up to a size limit; decode events and JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import orjson

from scout_adapters._internal.json_values import Json, plain_value
from scout_adapters.errors import ProviderError, malformed
from scout_adapters.llm.transport.sse import (
    HEARTBEAT_TEXT,
    ErrorData,
    EventDecoder,
    HeartbeatData,
)

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Bytes: a longer answer is an error."""

SLICE_BYTES = 16 * 1024
"""Bytes that are decoded at once; between two slices an event loop may run other tasks."""

MAX_VALUES = 2_000_000
"""Values in the JSON of one answer or event: 32 MiB of empty lists would take seconds to decode."""

PIECE_WORK = 256
"""Bytes: work that is counted for each piece, in addition to its length."""

COUNTED_BYTES = 1024 * 1024
"""Bytes: the number of values is checked only in longer JSON."""

MAX_ERROR_BYTES = 64 * 1024
"""Bytes: the rest of a longer error body is not read."""

GOOD = 200
ERROR_STATUS = 400
DONE = b"[DONE]"
ERROR_TEXT = b"[ERROR]"

PLAIN_WORDS = re.compile(rb"[A-Za-z][^{}\[\]\"\x00-\x1f]{3,500}")
"""Matches words of a server in the place of JSON, such as `Internal Server Error`."""


class WholeAnswer(dict[str, Any]):
    """The JSON of a server that answers a streaming request with one whole body."""


class CappedBody:
    """Collects a response body up to a size limit, which is lower for an error status."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.failed = status >= ERROR_STATUS
        self._limit = MAX_ERROR_BYTES if self.failed else MAX_BODY_BYTES
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        """Add a piece; raises `MalformedResponse` if a good answer exceeds the limit."""
        self._size += len(piece)
        if self._size > self._limit and not self.failed:
            raise too_long(self._limit)
        self._pieces.append(piece)

    @property
    def enough(self) -> bool:
        """Whether to stop reading, because an error body has exceeded the limit."""
        return self.failed and self._size > self._limit

    def raw(self) -> bytes:
        """Return the body, up to the limit."""
        return b"".join(self._pieces)[: self._limit]

    def answer(self) -> Any:
        """Return the decoded JSON of the body; raises `MalformedResponse` if it is not JSON."""
        return decode(self.raw())


class LoopTurns:
    """Counts decoding work on an event loop, to decide when other tasks should run."""

    __slots__ = ("_work",)

    def __init__(self) -> None:
        self._work = 0

    def due(self, size: int) -> bool:
        """Count a piece of `size` bytes; return whether to let other tasks run now."""
        self._work += size + PIECE_WORK
        if self._work < SLICE_BYTES:
            return False
        self._work = 0
        return True


class EventBody:
    """Decodes the events of a streamed answer, or a whole answer that arrived instead."""

    def __init__(self) -> None:
        self.whole = CappedBody(GOOD)
        self._decoder = EventDecoder()
        self._has_events = False
        self.done = False
        """Whether `[DONE]` has arrived; nothing after it is read."""

        self.failure: ProviderError | None = None
        """The error of an unreadable event; raised by `raise_failure` after the earlier events."""

    def add(self, piece: bytes) -> list[Json | None]:
        """Add a piece; return the events that it completes, with None in the place of `[DONE]`."""
        if not self._has_events:
            self.whole.add(piece)
        return self._decoded(self._decoder.feed(piece))

    def batches(self, piece: bytes) -> Iterable[list[Json | None]]:
        """Add a piece in slices; return the events that each completes."""
        if len(piece) <= SLICE_BYTES:
            return (self.add(piece),)
        starts = range(0, len(piece), SLICE_BYTES)
        return (self.add(piece[start : start + SLICE_BYTES]) for start in starts)

    def finish(self) -> list[Json | None]:
        """Return the last events at the end of the stream.

        The answer of a server that does not stream is one event, a `WholeAnswer`.
        """
        events = self._decoded(self._decoder.finish())
        if self._has_events:
            return events
        answer = self.whole.answer()
        if not isinstance(answer, dict | list):
            raise malformed("the answer is neither a stream nor an object")
        return [WholeAnswer(answer) if isinstance(answer, dict) else WholeAnswer({"": answer})]

    def raise_failure(self) -> None:
        """Raise `failure`, the error of an unreadable event, if there is one."""
        if self.failure is not None:
            raise self.failure

    def _decoded(self, datas: list[bytes]) -> list[Json | None]:
        self._has_events = self._has_events or bool(datas)
        events: list[Json | None] = []
        for data in datas:
            if data.startswith(DONE):
                self.done = True
                events.append(None)
                break  # what follows is ignored
            if not self._append(data, events):
                break
        return events

    def _append(self, data: bytes, events: list[Json | None]) -> bool:
        """Append the event in `data`; return False for an unreadable one, and set `failure`."""
        if type(data) is ErrorData:
            events.append(_error_event(data))
            return True
        if type(data) is HeartbeatData:
            return True
        try:
            event = decode(data)
        except ProviderError as error:
            if _append_text(data, events):
                return True
            if not events:
                raise
            self.failure = error
            return False
        # null, "" and [] are heartbeats, and no `[DONE]`
        if isinstance(event, dict) or (event and not HEARTBEAT_TEXT.fullmatch(data)):
            events.append(event)
        return True


def _append_text(data: bytes, events: list[Json | None]) -> bool:
    """Append the error in data that is not JSON; return False if it is neither that nor a ping."""
    if HEARTBEAT_TEXT.fullmatch(data):
        return True
    is_marked = data.startswith(ERROR_TEXT)
    if is_marked or PLAIN_WORDS.fullmatch(data):
        events.append(_error_event(data.removeprefix(ERROR_TEXT).strip() if is_marked else data))
        return True
    return False


def _error_event(data: bytes) -> Json:
    """Return an error event as JSON with the field `error`, which every wire recognises."""
    try:
        event = decode(data)
    except ProviderError:
        event = data.decode("utf-8", "replace")
    if isinstance(event, dict) and (event.get("error") or event.get("type") == "error"):
        return event
    return {"error": event if isinstance(event, dict) and event else {"message": str(event)}}


def too_long(limit: int) -> ProviderError:
    """Return the error of an answer that exceeds a limit in bytes."""
    return malformed(f"the answer is longer than {limit} bytes")


def decode(data: bytes) -> Any:
    """Return decoded JSON, read by orjson, or else by the standard library, which accepts more.

    Raises `MalformedResponse`, which is not chained to the JSON error: that error contains the
    whole text, which may include an API key.
    """
    if len(data) > COUNTED_BYTES and data.count(b",") > MAX_VALUES:
        raise malformed(f"the answer has more than {MAX_VALUES} values")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(data)  # NaN, lone surrogates, a BOM
    except (ValueError, RecursionError):
        pass
    raise malformed("the answer is not JSON")


def encode(body: Json) -> bytes:
    """Return JSON bytes; huge integers and lone surrogates are encoded by the standard library.

    Objects that JSON does not have, such as a date in a tool call's arguments, become text. Two
    surrogates that are a pair become their character, and a lone one, which providers refuse,
    U+FFFD.
    """
    try:
        return orjson.dumps(body, default=plain_value)
    except TypeError:
        text = json.dumps(body, ensure_ascii=False, default=plain_value)
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
