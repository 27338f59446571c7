"""Secrets that a stream sends in pieces, over several events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from scout_adapters.testing.scrubbing.secret_spans import Span

Find = Callable[[str], list[Span]]
"""Returns the places of secrets in a text."""

_PREFIX = "data:"


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
    lines = body.split("\n")
    events = {number: event for number, line in enumerate(lines) if (event := _event(line))}
    if len(events) < 2:  # noqa: PLR2004  # pieces
        return body
    changed: set[int] = set()
    for pieces in _joined(events).values():
        changed |= _mask(pieces, find, mask)
    for number in changed:
        start = _PREFIX + " " if lines[number].startswith(_PREFIX) else ""
        end = "\r" if lines[number].endswith("\r") else ""
        lines[number] = f"{start}{orjson.dumps(events[number]).decode()}{end}"
    return "\n".join(lines)


def split_texts(body: str) -> Iterator[str]:
    """Yield the texts that a stream's events make together."""
    lines = body.split("\n")
    events = {number: event for number, line in enumerate(lines) if (event := _event(line))}
    for pieces in _joined(events).values() if len(events) > 1 else ():
        yield "".join(piece.text for piece in pieces)


def _event(line: str) -> Any:
    data = line.removeprefix(_PREFIX).strip()
    if not data.startswith("{"):
        return None
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None


def _joined(events: dict[int, Any]) -> dict[str, list[_Piece]]:
    """Return the pieces of each text of a stream, by their place within an event."""
    texts: dict[str, list[_Piece]] = defaultdict(list)
    for number, event in events.items():
        for place, holder, key in _texts(event, ""):
            pieces = texts[place]
            start = pieces[-1].start + len(pieces[-1].text) if pieces else 0
            pieces.append(_Piece(number, holder, key, start))
    return {place: pieces for place, pieces in texts.items() if len(pieces) > 1}


def _texts(value: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the place of each text, with what holds it."""
    if not isinstance(value, dict | list):
        return
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        inner = f"{place}.{key}"
        if isinstance(item, str):
            yield inner, value, key
        else:
            yield from _texts(item, inner)


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
