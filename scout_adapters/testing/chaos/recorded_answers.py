"""The answers of a cassette as an emulator plays them: event by event, with faults around them."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

# vcrpy comes without types.
from vcr.request import Request as Recorded

from scout_adapters.testing.emulator.emulator import Emulator
from scout_adapters.testing.http_messages import BodyPart, HttpReply
from scout_adapters.testing.replay.cassette_files import read_cassette
from scout_adapters.testing.replay.request_matching import compare, renamed
from scout_adapters.testing.scripts.answer_script import UnexpectedRequest
from scout_adapters.testing.scripts.scripted_reply import Played, has_arrived
from scout_adapters.testing.scrubbing.scrubber import Scrubber, known_secrets

if TYPE_CHECKING:
    from scout_adapters.testing.emulator.routes import EmulatedRoute
    from scout_adapters.testing.faults.context import FaultContext
    from scout_adapters.testing.faults.refusals import Fault
    from scout_adapters.testing.http_messages import Json, Request

_EVENT_ENDS = re.compile(rb"(?<=\n\n)|(?<=\r\n\r\n)")
_OF_BODY = frozenset({"content-length", "content-encoding", "transfer-encoding"})


class _HeldAnswer(NamedTuple):
    """A recorded answer that a request has taken."""

    at: int
    reply: HttpReply


class RecordedEmulator(Emulator):
    """Answers requests from a cassette, each recording once, and plays faults around them.

    Raises:
        CassetteUnreadable: if the file is no cassette.
    """

    def __init__(self, cassette: Path, **settings: Any) -> None:
        super().__init__(**settings)
        self._path = cassette
        self._exchanges = read_cassette(cassette).exchanges
        self._scrubber = Scrubber(tuple(known_secrets()))
        self._answered: set[int] = set()
        self._missing: list[str] = []
        self._holding = threading.Lock()

    def check(self) -> None:
        """Check that the cassette had an answer to every request.

        Raises:
            UnexpectedRequest: if it had none to one.
        """
        if self._missing:
            raise UnexpectedRequest("\n".join(self._missing))

    def _reply(
        self, route: EmulatedRoute, context: FaultContext, fault: Fault | None, body: Json | None
    ) -> Played:
        if route.endpoint is None:
            return super()._reply(route, context, fault, body)
        held = self._hold(context.request)
        if held is None:
            return self._refuse(context), fault
        context = replace(context, make=lambda _: held.reply)
        reply = fault.play(context) if fault else held.reply
        if not has_arrived(reply):
            self._answered.discard(held.at)
        return reply, fault

    def _hold(self, request: Request) -> _HeldAnswer | None:
        """Take the nearest recording of the same meaning that is left."""
        current = self._scrubber.request(_as_recorded(request))
        with self._holding:
            left = (at for at in range(len(self._exchanges)) if at not in self._answered)
            pairs = ((at, compare(self._exchanges[at][0], current)) for at in left)
            same = [
                (comparison.rank, at, comparison) for at, comparison in pairs if comparison.same
            ]
            if not same:
                return None
            _, at, comparison = min(same, key=lambda item: item[:2])
            self._answered.add(at)
        response = self._exchanges[at][1]
        return _HeldAnswer(at, _reply_of(response, comparison.renaming.changes))

    def _refuse(self, context: FaultContext) -> HttpReply:
        message = (
            f"{self._path.name} has no answer of {context.provider.name} left for this request to"
            f" {context.request.path}: a fault can lead to requests that were not recorded"
        )
        self._missing.append(message)
        return context.refuse("bad_request", message=message)


def _as_recorded(request: Request) -> Recorded:
    query = f"?{request.query}" if request.query else ""
    url = f"https://{request.host}{request.path}{query}"
    return Recorded(request.method, url, request.body, dict(request.headers))


def _reply_of(response: Mapping[str, Any], changes: Mapping[str, str]) -> HttpReply:
    """Return a recorded answer, split at the ends of its events."""
    body = renamed(response["body"]["string"], changes)
    headers = {
        name.lower(): values[0]
        for name, values in response["headers"].items()
        if name.lower() not in _OF_BODY
    }
    streamed = "event-stream" in headers.get("content-type", "")
    pieces = _EVENT_ENDS.split(body) if streamed else [body]
    return HttpReply(
        status=response["status"]["code"],
        headers=headers,
        parts=tuple(BodyPart(piece) for piece in pieces if piece),
        streamed=streamed,
        billed=True,
    )
