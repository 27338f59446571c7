"""Shows, before anything is timed, that a subject does what it is timed for."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from canned.answers import TEXT
from subjects import Setup, Subject


class MeasuresNothing(Exception):
    """A subject does not do what its numbers would be taken for."""


def prove(setup: Setup, subject: Subject, verb: str, run: Callable[[Any], Any]) -> None:
    """Make one call by that verb and check its text, its one request and its handlers' counts.

    `run` runs what is async.
    """
    counts = subject.counts() if subject.counts else []
    before = _served(setup.address)
    text, pieces = _text_of(subject, verb, run)
    _hold(_served(setup.address) - before == subject.requests, "it made other requests", verb)
    if verb.endswith("stream"):
        _hold(pieces >= subject.events, f"it gave {pieces} pieces", verb)
        _hold(text.count("word") >= subject.events // 2, f"its text is {text[:80]!r}", verb)
    else:
        _hold(text == TEXT, f"its text is {text[:80]!r}", verb)
    if subject.counts:
        _hold(
            subject.counts() == [count + 1 for count in counts], "a handler counted nothing", verb
        )


def _text_of(subject: Subject, verb: str, run: Callable[[Any], Any]) -> tuple[str, int]:
    """Return the text of one call and how many pieces it came in."""
    call: Callable[[], Any] = getattr(subject, verb)
    match verb:
        case "invoke":
            return subject.text(call()), 1
        case "ainvoke":
            return subject.text(run(call())), 1
        case "stream":
            pieces = [subject.text(piece) for piece in call()]
        case _:
            pieces = run(_collected(call(), subject.text))
    return "".join(pieces), len(pieces)


async def _collected(stream: Any, text: Callable[[Any], str]) -> list[str]:
    return [text(piece) async for piece in stream]


def _served(address: str) -> int:
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
    try:
        connection.request("GET", "/served")
        return int(connection.getresponse().read())
    finally:
        connection.close()


def _hold(truth: bool, otherwise: str, verb: str) -> None:
    if not truth:
        raise MeasuresNothing(f"{verb}: {otherwise}")
