"""The emulator: takes requests, gives answers, keeps its own log. It opens no socket itself."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from functools import partial
from typing import TYPE_CHECKING

import orjson

from scout_adapters.testing.emulated_providers import WireName, emulated_provider
from scout_adapters.testing.emulator import respond
from scout_adapters.testing.emulator.request_log import Exchange, RequestLog
from scout_adapters.testing.emulator.routes import Route, find_key, locate
from scout_adapters.testing.emulator.server import Server
from scout_adapters.testing.emulator.transport import EmulatorTransport
from scout_adapters.testing.faults.context import FaultContext
from scout_adapters.testing.faults.refusals import (
    BadRequest,
    Fault,
    MissingKey,
    NoSuchPath,
    Overloaded,
    Revoked,
)
from scout_adapters.testing.http_messages import PlayedAnswer, TokensSpent
from scout_adapters.testing.prompt_cache import PromptCache

if TYPE_CHECKING:
    from scout_adapters.testing.http_messages import HttpReply, Json, Request
    from scout_adapters.testing.ids import Ids

Keys = Mapping[str, Fault | None] | Iterable[str]
"""The keys of a provider, each with the fault that befalls its requests, None for a good one."""

_UNKNOWN = Revoked()


@dataclass(slots=True)
class _Books:
    """What the emulator remembers from one request to the next."""

    scripts: dict[tuple[str, str | None], deque[Fault | None]] = field(default_factory=dict)
    first: dict[tuple[str, str], float] = field(default_factory=dict)
    """When a key with a passing fault was first refused."""

    cache: PromptCache = field(default_factory=PromptCache)


class Emulator:
    """Stands in for the real providers: the same paths, bodies, streams, errors and manners.

    `keys` gives providers their keys, and keys their faults; a provider that is named accepts no
    other key, one that is not accepts any. `down` names providers that are overloaded, or gives
    each its own fault. `clock`, `wall`, `sleep` and `asleep` may be fakes; the loopback server of
    `serve()` sleeps for real.
    """

    def __init__(
        self,
        keys: Mapping[str, Keys] | None = None,
        *,
        down: Mapping[str, Fault] | Iterable[str] = (),
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        asleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self.keys = {
            emulated_provider(name).name: _keys(given) for name, given in (keys or {}).items()
        }
        faults = down if isinstance(down, Mapping) else {name: Overloaded() for name in down}
        self.down = {emulated_provider(name).name: fault for name, fault in faults.items()}
        self.clock = clock
        self.wall = wall
        self.sleep = sleep
        self.asleep = asleep
        self.base = "http://emulator.test"
        self.ledger = RequestLog()
        self._start = clock()
        self._date = (-1, "")
        self._lock = threading.Lock()
        self._books = _Books()
        self._server: Server | None = None

    def url(self, provider: str, wire: WireName | None = None) -> str:
        """Return the `base_url` at which a provider is played.

        `wire` chooses among the protocols of a provider that has several. While nothing is served,
        the URL is one that `transport()` answers.
        """
        played = emulated_provider(provider)
        roots = (root for root, spoken in played.roots.items() if spoken == wire)
        root = played.base if wire is None else next(roots).removesuffix("/v1")
        return f"{self.base}/{played.name}{root}"

    def date(self) -> str:
        """Return the wall clock as a `Date` header."""
        second = int(self.wall())
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]

    @property
    def log(self) -> list[Exchange]:
        """Every exchange so far, in the order of arrival."""
        return self.ledger.exchanges()

    def requests(self, provider: str | None = None, key: str | None = None) -> list[Exchange]:
        """Return the exchanges of a provider, of a key, or of both."""
        name = None if provider is None else emulated_provider(provider).name
        return [one for one in self.log if name in {None, one.provider} and key in {None, one.key}]

    def script(self, provider: str, faults: Iterable[Fault | None], key: str | None = None) -> None:
        """Have the next requests to a provider, or of one of its keys, go as told; None goes well.

        Scripts go before everything else, those of keys before those of providers.
        """
        with self._lock:
            self._books.scripts.setdefault((emulated_provider(provider).name, key), deque()).extend(
                faults
            )

    def clear(self) -> None:
        """Forget log, scripts, cached prompts, and since when keys have been refused."""
        with self._lock:
            self._books = _Books()
        self.ledger.clear()

    def settle(self, timeout: float = 5.0) -> bool:
        """Wait until no answer is being given, at most `timeout` seconds; say whether it is so."""
        return self.ledger.settle(timeout)

    @property
    def connections(self) -> int:
        """How many connections to the loopback server are open."""
        return len(self._server.lines) if self._server else 0

    @contextmanager
    def serve(self, host: str = "127.0.0.1", port: int = 0) -> Iterator[str]:
        """Serve on loopback in a thread of its own; yields the root of all URLs."""
        idle, server = self.base, Server(self, host, port)
        self.base, self._server = server.start(), server
        try:
            yield self.base
        finally:
            self.base = idle
            server.stop()

    def transport(self) -> EmulatorTransport:
        """Return an httpx transport, for sync and async clients, that answers without sockets.

        It answers the real hosts, such as `api.groq.com`, and the paths of `url()` at any other.
        """
        return EmulatorTransport(self)

    def ids(self, request: Request, house: str, number: int) -> Ids:  # noqa: ARG002  # for heirs
        """Return the ids of an exchange: made of its number, unless an heir knows better."""
        return respond.ids_of(house, number)

    def answer(self, request: Request) -> PlayedAnswer:
        """Answer one request and write it down."""
        place, number, body = locate(request), self.ledger.number(), _parse(request.body)
        key = find_key(request, place.spoken)
        fault, remaining = self._fault(request, place, key)
        scene = FaultContext(
            house=place.house,
            wire=place.spoken,
            request=request,
            key=key,
            model=place.model or str((body or {}).get("model", "")),
            stream=place.streams or (body or {}).get("stream") is True,
            ids=self.ids(request, place.house.name, number),
            wall=self.wall(),
            make=partial(respond.respond, body=body, cache=self._books.cache),
            remaining=remaining,
        )
        reply = fault.play(scene) if fault else scene.good()
        self._write(number, scene, fault, reply, body or {})
        return PlayedAnswer(number, reply, place.house.price.output if place.house.price else 0)

    def _fault(self, request: Request, place: Route, key: str) -> tuple[Fault | None, float | None]:
        """Choose what befalls a request, and for how much longer if that is known."""
        name = place.house.name
        if request.asks("key") is not None:
            return BadRequest("API keys in the query string are refused: send a header."), None
        if place.wire is None:
            return NoSuchPath(), None
        with self._lock:
            for script in (name, key), (name, None):
                if self._books.scripts.get(script):
                    return self._books.scripts[script].popleft(), None
        if name in self.down:
            return self.down[name], None
        if not key and not place.house.keyless:
            return MissingKey(), None
        return self._of_key(name, key)

    def _of_key(self, name: str, key: str) -> tuple[Fault | None, float | None]:
        """Find the fault of a key; one that passes is gone when its time has passed."""
        known = self.keys.get(name, {key: None})
        fault = known.get(key, _UNKNOWN)
        if fault is None or fault.lasts is None:
            return fault, None
        with self._lock:
            now = self.clock()
            remaining = self._books.first.setdefault((name, key), now) + fault.lasts - now
        return (fault, remaining) if remaining > 0 else (None, None)

    def _write(
        self, number: int, scene: FaultContext, fault: Fault | None, reply: HttpReply, body: Json
    ) -> None:
        """Write an exchange down, as ended unless giving the answer takes time."""
        waits = reply.slow and reply.streamed
        spoken = reply.parts[-1].tokens if reply.parts and not waits else 0
        price = scene.house.price
        spent = replace(reply.spent, output=spoken) if reply.billed else TokensSpent()
        exchange = Exchange(
            number=number,
            at=self.clock() - self._start,
            provider=scene.house.name,
            path=scene.request.path,
            key=scene.key,
            model=scene.model,
            stream=scene.stream,
            status=reply.status,
            fault=fault.name if fault else None,
            input_tokens=spent.input,
            output_tokens=spent.output,
            spent=reply.spent,
            billed=reply.billed,
            cost_nanousd=price.of(spent) if price else None,
            finished=not (reply.slow or reply.dropped) and reply.ending == "clean",
            body=body,
            headers=scene.request.headers,
        )
        self.ledger.add(exchange, open_=reply.slow)


def run(
    host: str = "127.0.0.1",
    port: int = 8399,
    on_start: Callable[[str], None] | None = None,
    *,
    emulator: Emulator | None = None,
) -> None:
    """Serve until interrupted; `on_start` is called with the root of all URLs."""
    with (emulator or Emulator()).serve(host, port) as base:
        if on_start:
            on_start(base)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


def _keys(given: Keys) -> dict[str, Fault | None]:
    return dict(given) if isinstance(given, Mapping) else dict.fromkeys(given)


def _parse(body: bytes) -> Json | None:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None
