"""Secrets that a stream sends in pieces, over several events."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from scout_adapters.testing.scrubbing.secret_spans import Span

Find = Callable[[str], list[Span]]
"""Returns the places of secrets in a text."""

_PREFIX = "data:"
_INDEXES = ("index", "output_index", "content_index", "summary_index", "contentBlockIndex")
_DECODER = json.JSONDecoder()


@dataclass
class _Piece:
    """A text in an event: where it is stored, and where it begins in the joined text."""

    line: int
    holder: Any
    key: Any
    start: int

    @property
    def text(self) -> str:
        """The text as it is now."""
        return str(self.holder[self.key])


def masked_events(body: str, find: Find, mask: str) -> str:
    """Replace secrets that go over several events of a stream, the first piece by `mask`.

    The body may also be lines of JSON. Other bodies are returned as they are.
    """
    if parts := _parts(body):
        events = dict(enumerate(parts))
        return orjson.dumps(parts).decode() if _masked(events, find, mask) else body
    lines = body.split("\n")
    events = {number: event for number, line in enumerate(lines) if (event := _event(line))}
    for number in _masked(events, find, mask):
        start = _PREFIX + " " if lines[number].startswith(_PREFIX) else ""
        end = "\r" if lines[number].endswith("\r") else ""
        lines[number] = f"{start}{orjson.dumps(events[number]).decode()}{end}"
    return "\n".join(lines)


def _masked(events: dict[int, Any], find: Find, mask: str) -> set[int]:
    """Mask secrets that go over several events; return the numbers of those that have changed."""
    changed: set[int] = set()
    for by_index in (True, False):
        for pieces in _joined(events, by_index=by_index).values():
            changed |= _mask(pieces, find, mask)
    return changed


def split_texts(body: str) -> Iterator[str]:
    """Yield the texts that a stream's events make together."""
    events = _parts(body) or [event for line in body.split("\n") if (event := _event(line))]
    yield from _joined_texts(events)


def framed_texts(data: bytes) -> Iterator[str]:
    """Yield the texts that the JSON objects in binary frames make together, as AWS sends them."""
    text, events, at = data.decode("latin-1"), list[Any](), 0
    while (at := text.find("{", at)) >= 0:
        try:
            event, at = _DECODER.raw_decode(text, at)
        except ValueError:
            at += 1
            continue
        events.append(_unpacked(event))
    yield from _joined_texts(events)


def _unpacked(event: Any) -> Any:
    """Return the event that a frame of Bedrock contains in base64."""
    try:
        return orjson.loads(base64.b64decode(event["bytes"]))
    except (KeyError, TypeError, ValueError):  # another form
        return event


def _joined_texts(events: list[Any]) -> Iterator[str]:
    for by_index in (True, False):
        for pieces in _joined(dict(enumerate(events)), by_index=by_index).values():
            yield "".join(piece.text for piece in pieces)


def _parts(body: str) -> list[Any]:
    """Return the parts of a stream that is sent as a JSON array, as Gemini's; else nothing."""
    if not body.startswith("["):
        return []
    try:
        return list(orjson.loads(body))
    except orjson.JSONDecodeError:
        return []


def _event(line: str) -> Any:
    data = line.removeprefix(_PREFIX).strip()
    if not data.startswith("{"):
        return None
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _joined(events: dict[int, Any], *, by_index: bool) -> dict[str, list[_Piece]]:
    """Return the pieces of each text of a stream, by their place within an event.

    With `by_index`, texts of parallel calls and parts are apart, by their indexes.
    """
    texts: dict[str, list[_Piece]] = defaultdict(list)
    for number, event in events.items():
        for place, holder, key in _texts(event, "", by_index=by_index):
            pieces = texts[place]
            start = pieces[-1].start + len(pieces[-1].text) if pieces else 0
            pieces.append(_Piece(number, holder, key, start))
    return {place: pieces for place, pieces in texts.items() if len(pieces) > 1}


def _texts(value: Any, place: str, *, by_index: bool) -> Iterator[tuple[str, Any, Any]]:
    """Yield the place of each text, with what holds it."""
    if not isinstance(value, dict | list):
        return
    if by_index and isinstance(value, dict):
        place += "".join(f"#{value[name]}" for name in _INDEXES if name in value)
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        inner = f"{place}.{key}"
        if isinstance(item, str):
            yield inner, value, key
        else:
            yield from _texts(item, inner, by_index=by_index)


def _mask(pieces: list[_Piece], find: Find, mask: str) -> set[int]:
    """Mask the secrets that go over several pieces; return the lines that have changed."""
    text = "".join(piece.text for piece in pieces)
    ends = [piece.start + len(piece.text) for piece in pieces]
    new = {at: piece.text for at, piece in enumerate(pieces)}
    changed = set()
    for start, end in reversed(find(text)):
        parts = [at for at, piece in enumerate(pieces) if piece.start < end and ends[at] > start]
        for at in parts if len(parts) > 1 else ():
            first, last = max(start - pieces[at].start, 0), min(end, ends[at]) - pieces[at].start
            inserted = mask if at == parts[0] else ""
            new[at] = new[at][:first] + inserted + new[at][last:]
            changed.add(at)
    for at in changed:
        pieces[at].holder[pieces[at].key] = new[at]
    return {pieces[at].line for at in changed}
