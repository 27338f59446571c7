"""Decode server-sent events, however the bytes are split.

https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
"""

from __future__ import annotations

import json
import re

from scout_adapters.errors import malformed

MAX_EVENT_BYTES = 8 * 1024 * 1024
"""Bytes: a longer event, or line of one, is an error."""

HEARTBEATS = frozenset({b"ping", b"heartbeat", b"keepalive", b"keep-alive", b"keep_alive"})
"""Types of events without content; their data may be a text, such as `ok`."""

HEARTBEAT_TEXT = re.compile(
    rb'\s{0,9}(?:["\[]{0,2}(?:ping|heartbeat|keep[-_ ]?alive)["\]]{0,2}\s{0,9}|:.{0,99})',
    re.IGNORECASE,
)
"""Matches the data of a heartbeat without a type, such as `[PING]`, `"keep-alive"`, or a comment
that a gateway has put into `data:`."""

BARE_ERROR = re.compile(rb'\{\s{0,9}"error"\s{0,9}:\s{0,9}[{"]')
"""Matches the beginning of an error that a server writes into a stream without `data:`."""

ANSWER_FIELDS = ("candidates", "choices", "content", "output")
"""Fields of a whole answer in one line, whose field `error` may come first and be empty."""

BOM = b"\xef\xbb\xbf"

ONE_EVENT = re.compile(rb"(?:event: (?!error\n|(?i:ping|heart|keep)).+\n)?data: (\S.*)\n\n")
"""Matches one whole event with one line of data, the most frequent network chunk of a stream."""


class ErrorData(bytes):
    """Data, JSON or text, of an event that the server marked as an error."""


class HeartbeatData(bytes):
    """Text of an event that the server named as a heartbeat."""


class EventDecoder:
    """Decodes network chunks to the data of server-sent events.

    Empty data lines are heartbeats and are skipped; text of an event that is named as one is
    returned as `HeartbeatData`. Data of an event of type `error`, of a line `error: {…}`, as
    GPUStack sends it, or of a line `{"error": …}` is returned as `ErrorData`.
    """

    def __init__(self, limit: int = MAX_EVENT_BYTES) -> None:
        """`limit`: bytes of an event; a longer one raises `MalformedResponse`."""
        self._limit = limit
        self._tail: list[bytes] = []
        self._tail_size = 0
        self._data: list[bytes] = []
        self._data_size = 0
        self._started = False
        self._is_error = self._is_heartbeat = False
        self._is_between = False
        """Whether the last event has ended, and no byte of the next one has arrived."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the data of every event that ends in this chunk."""
        if self._is_between and len(chunk) <= self._limit and b"\r" not in chunk:
            event = ONE_EVENT.fullmatch(chunk)
            if event is not None:
                return [event[1]]
        if b"\n" not in chunk and b"\r" not in chunk:
            self._add_to_tail(chunk)
            return []
        lines = b"".join((*self._tail, chunk)).splitlines(keepends=True)
        self._tail, self._tail_size = [], 0
        if not lines[-1].endswith(b"\n"):
            # An incomplete line, or a CR that may be the first half of a CRLF.
            self._add_to_tail(lines.pop())
        events = self._parse(lines)
        self._is_between = not (self._tail or self._data or self._is_error or self._is_heartbeat)
        return events

    def finish(self) -> list[bytes]:
        """Return the last event of a stream; some servers leave out the empty line after it."""
        rest = b"".join(self._tail)  # two lines if a lone CR ended the first
        self._tail, self._tail_size = [], 0
        return self._parse([*rest.splitlines(keepends=True), b"\n"])

    def _add_to_tail(self, piece: bytes) -> None:
        self._is_between = False
        self._tail.append(piece)
        self._tail_size += len(piece)
        if self._tail_size > self._limit:
            raise malformed(f"a line of the stream is longer than {self._limit} bytes")

    def _parse(self, lines: list[bytes]) -> list[bytes]:
        events: list[bytes] = []
        for raw in lines:
            line = raw.rstrip(b"\r\n")
            if not self._started:
                self._started, line = True, line.removeprefix(BOM)
            if not line:
                if self._data:
                    events.append(self._event())
                self._is_error = self._is_heartbeat = False
            elif line.startswith(b"data:"):
                self._add(line[6:] if line[5:6] == b" " else line[5:])
            else:
                self._parse_other(line)
        return events

    def _parse_other(self, line: bytes) -> None:
        """Read an error, or the type of an event; comments, `id:` and `retry:` are not needed."""
        if line.startswith(b"event:"):
            kind = line[6:].strip()
            self._is_error, self._is_heartbeat = kind == b"error", kind.lower() in HEARTBEATS
        elif line.startswith(b"error:"):
            self._is_error = True
            self._add(line[6:].strip())
        elif BARE_ERROR.match(line) and _is_bare_error(line):
            self._is_error = True
            self._add(line)

    def _event(self) -> bytes:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data, self._data_size = [], 0
        if self._is_heartbeat and not data.startswith(b"{"):
            return HeartbeatData(data)
        return ErrorData(data) if self._is_error else data

    def _add(self, data: bytes) -> None:
        if not data or data.isspace():
            return
        self._data.append(data)
        self._data_size += len(data)
        if self._data_size > self._limit:
            raise malformed(f"an event of the stream is longer than {self._limit} bytes")


def _is_bare_error(line: bytes) -> bool:
    """Return whether a line is an object with an error and without the content of an answer."""
    try:
        body = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return bool(body["error"]) and not any(body.get(name) for name in ANSWER_FIELDS)
