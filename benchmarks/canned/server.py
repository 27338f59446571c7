"""A server of canned answers, in a process of its own: `python -m canned.server` prints its port.

It ends with its standard input, so that it does not outlive a parent that is killed.
It reads no more of a request than its path, its length and whether a stream is requested. The path
sets how to answer: `/events-1000/delay-20/pace-500/grain-1/…/chat/completions` streams 1,000 events
of text, the first byte after 20 ms, 500 µs between events, one event to an HTTP chunk. What it
leaves out is `Plan`'s default. `…/messages` answers as Anthropic does, `…/responses` as OpenAI's
Responses API, `GET /served` with how many requests have been answered.
"""

from __future__ import annotations

import asyncio
import re
import resource
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from typing import cast

from canned import answers, responses_answers

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
STREAMS = re.compile(rb'"stream": ?true')
SETTING = re.compile(r"/(events|delay|pace|grain)-(\d+)")
BACKLOG = 4096

WHOLE: dict[str, Callable[[], bytes]] = {
    "completions": answers.openai_whole,
    "messages": answers.anthropic_whole,
    "responses": responses_answers.responses_whole,
}
EVENTS: dict[str, Callable[[int], Iterable[bytes]]] = {
    "completions": answers.openai_events,
    "messages": answers.anthropic_events,
    "responses": responses_answers.responses_events,
}

served = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """How to answer the requests to one path."""

    events: int = 1000
    """Events of text in a stream."""

    delay: int = 0
    """Milliseconds before the first byte."""

    pace: int = 0
    """Microseconds between one event and the next; 0 sends all at once."""

    grain: int = 1
    """Events in an HTTP chunk; 0 puts in as many as fit in a write of 16 KiB."""

    api: str = "completions"
    """The last step of the path: `completions`, `messages` or `responses`."""


@cache
def plan_of(path: bytes) -> Plan:
    """Read a path."""
    text = path.decode()
    numbers = {name: int(number) for name, number in SETTING.findall(text)}
    return Plan(api=text.rpartition("/")[2], **numbers)


@cache
def pieces_of(plan: Plan, *, stream: bool) -> list[bytes]:
    """Return what is written, one piece after the other."""
    if not stream:
        return [WHOLE[plan.api]()]
    events = EVENTS[plan.api]
    first, *rest = answers.chunked(events(plan.events), 1 if plan.pace else plan.grain)
    pieces = [answers.STREAM_HEAD + first, *rest, answers.STREAM_END]
    return pieces if plan.pace else answers.in_writes(pieces)


class Connection(asyncio.Protocol):
    """Answers the requests of one connection, one after the other."""

    def __init__(self) -> None:
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (request := self._take()) is not None:
            self._answer(*request)

    def _take(self) -> tuple[bytes, bytes] | None:
        """Take the path and the body of the next request, if it is all there."""
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return None
        top = bytes(self._received[:end])
        length = LENGTH.search(top)
        over = end + 4 + (int(length[1]) if length else 0)
        if len(self._received) < over:
            return None
        body = bytes(self._received[end + 4 : over])
        del self._received[:over]
        return top.split(b" ", 2)[1], body

    def _answer(self, path: bytes, body: bytes) -> None:
        global served  # noqa: PLW0603  # one count for all connections, read by `GET /served`
        if path == b"/served":
            length = str(len(str(served)))
            self._transport.write(answers.head(content_length=length) + str(served).encode())
            return
        served += 1
        plan = plan_of(path)
        pieces = pieces_of(plan, stream=STREAMS.search(body) is not None)
        if plan.delay:
            loop = asyncio.get_running_loop()
            loop.call_later(plan.delay / 1e3, partial(self._write, pieces, plan.pace))
        else:
            self._write(pieces, plan.pace)

    def _write(self, pieces: list[bytes], pace: int, at: int = 0) -> None:
        """Write from the piece `at` on: all of them now, or the others at their pace."""
        if self._transport.is_closing():
            return
        if not pace:
            for piece in pieces:
                self._transport.write(piece)
            return
        self._transport.write(pieces[at])
        if at + 1 < len(pieces):
            loop = asyncio.get_running_loop()
            loop.call_later(pace / 1e6, self._write, pieces, pace, at + 1)


async def serve() -> None:
    """Serve until standard input ends."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=BACKLOG)
    loop.add_reader(sys.stdin.fileno(), ended.set)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()


def main() -> None:
    """Serve on uvloop where it is installed."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        import uvloop  # noqa: PLC0415  # may not be there

        uvloop.install()
    except ImportError:
        pass
    asyncio.run(serve())


if __name__ == "__main__":
    main()
