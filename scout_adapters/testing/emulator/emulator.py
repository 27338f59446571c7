"""The emulator: takes requests, returns answers, and logs both. It opens no socket itself."""

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

from scout_adapters.testing.background_answers import POLLS, BackgroundAnswers
from scout_adapters.testing.emulated_provider import WireName
from scout_adapters.testing.emulated_providers import named_provider
from scout_adapters.testing.emulator import respond
from scout_adapters.testing.emulator.request_log import Exchange, RequestLog
from scout_adapters.testing.emulator.routes import EmulatedRoute, find_key, locate
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
from scout_adapters.testing.http_messages import PlayedAnswer, TokensSpent, parsed_object
from scout_adapters.testing.prompt_cache import PromptCache
from scout_adapters.testing.scripts.answer_script import AnswerScript
from scout_adapters.testing.scripts.scripted_reply import Played, scripted_reply

if TYPE_CHECKING:
    from scout_adapters.testing.chaos.fault_injection import FaultInjection
    from scout_adapters.testing.http_messages import HttpReply, Json, Request
    from scout_adapters.testing.ids import Ids
    from scout_adapters.testing.scripts.request_matcher import Matches
    from scout_adapters.testing.scripts.rule_builder import RuleBuilder

Keys = Mapping[str, Fault | None] | Iterable[str]
"""The keys of a provider, each with the fault of its requests, None for a good key."""

_UNKNOWN_KEY = Revoked()


@dataclass(slots=True)
class _State:
    """What the emulator keeps from one request to the next."""

    scripts: dict[tuple[str, str | None], deque[Fault | None]] = field(default_factory=dict)
    first_refusals: dict[tuple[str, str], float] = field(default_factory=dict)
    """When a key with a temporary fault was first refused, by provider and key."""

    caches: dict[tuple[str, str], PromptCache] = field(default_factory=dict)
    """The prompt caches of accounts, by provider and key: each key has an account of its own."""

    background: BackgroundAnswers = field(default_factory=BackgroundAnswers)
    answers: AnswerScript = field(default_factory=AnswerScript)


class Emulator:
    """Stands in for the real providers: the same paths, bodies, streams, errors and limits.

    `keys` lists the keys of providers, with the faults of keys; a provider that is listed accepts
    no other key, one that is not listed accepts any. `down` names providers that are overloaded,
    or maps each to its own fault. `background_polls` is the number of polls until an answer in the
    background is complete. `clock`, `wall`, `sleep` and `asleep` (in seconds) may be fakes;
    the loopback server of `serve()` sleeps in real time.
    """

    def __init__(  # noqa: PLR0913  # independent settings
        self,
        keys: Mapping[str, Keys] | None = None,
        *,
        down: Mapping[str, Fault] | Iterable[str] = (),
        background_polls: int = POLLS,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        asleep: Callable[[float], Awaitable[None]] | None = None,
    ) -> None:
        self.keys = {named_provider(name).name: _keys(of) for name, of in (keys or {}).items()}
        faults = down if isinstance(down, Mapping) else {name: Overloaded() for name in down}
        self.down = {named_provider(name).name: fault for name, fault in faults.items()}
        self.clock, self.wall, self.time_of_requests = clock, wall, wall
        self.sleep, self.asleep = sleep, asleep
        self.base = "http://emulator.test"
        self.request_log = RequestLog()
        self.injection: FaultInjection | None = None
        self._start = clock()
        self._date = (-1, "")
        self._lock = threading.Lock()
        self._background_polls = background_polls
        self._state = self._new_state()
        self._server: Server | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {len(self.log)} exchanges>"

    def url(self, provider: str, wire: WireName | None = None) -> str:
        """Return the `base_url` of a provider.

        `wire` selects a protocol of a provider that has several. While nothing is served, only
        `transport()` answers the URL.
        """
        emulated = named_provider(provider)
        if wire is None or wire in emulated.roots.get(emulated.base, ()):
            return f"{self.base}/{emulated.name}{emulated.base}"
        roots = (root for root, wires in emulated.roots.items() if wire in wires)
        root = next(roots).removesuffix("/v1")
        return f"{self.base}/{emulated.name}{root}"

    def date(self) -> str:
        """Return the wall clock as a `Date` header."""
        second = int(self.wall())
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]

    @property
    def log(self) -> list[Exchange]:
        """Every exchange so far, in the order of arrival."""
        return self.request_log.exchanges()

    def requests(self, provider: str | None = None, key: str | None = None) -> list[Exchange]:
        """Return the exchanges of a provider, of a key, or of both."""
        name = None if provider is None else named_provider(provider).name
        return [
            exchange
            for exchange in self.log
            if name in {None, exchange.provider} and key in {None, exchange.key}
        ]

    def script(self, provider: str, faults: Iterable[Fault | None], key: str | None = None) -> None:
        """Set the faults of the next requests to a provider, or with one of its keys.

        None is a good answer. Scripts come before all other faults, those of keys before those of
        providers.
        """
        name = named_provider(provider).name
        with self._lock:
            self._state.scripts.setdefault((name, key), deque()).extend(faults)

    def on(
        self,
        provider: str | None = None,
        *,
        model: str | None = None,
        contains: str = "",
        matches: Matches | None = None,
        tool_result: bool | None = None,
    ) -> RuleBuilder:
        """Begin a rule for the answers to some requests; from now on each needs a rule.

            emulator.on("groq", contains="weather").calls("get_weather", city="Paris")

        `contains` is looked for in the last user message and in results of tools after it,
        `matches` receives the request in a form common to all APIs. `check()` raises for requests
        without a rule and for rules that were not used.
        """
        return self._state.answers.on(
            None if provider is None else named_provider(provider).name,
            model=model,
            contains=contains,
            matches=matches,
            tool_result=tool_result,
        )

    def check(self) -> None:
        """Check that every request had a rule of `on`, and that all answers were requested.

        Raises:
            UnexpectedRequest: if a request had none.
            UnusedRule: if an answer was not requested.
        """
        self._state.answers.check()

    def clear(self) -> None:
        """Remove the log, scripts, cached prompts, and since when keys have been refused."""
        with self._lock:
            self._state = self._new_state()
        self.request_log.clear()

    def _new_state(self) -> _State:
        return _State(background=BackgroundAnswers(self._background_polls))

    def settle(self, timeout: float = 5.0) -> bool:
        """Wait until no answer is being sent; return False after `timeout` seconds."""
        return self.request_log.settle(timeout)

    @property
    def connections(self) -> int:
        """The number of open connections to the loopback server."""
        return len(self._server.connections) if self._server else 0

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

    def ids(self, request: Request, provider: str, number: int) -> Ids:  # noqa: ARG002  # for subclasses
        """Return the ids of an exchange, made of its number; subclasses may make them of more."""
        return respond.ids_of(provider, number)

    def answer(self, request: Request) -> PlayedAnswer:
        """Answer one request and log it."""
        route, number = locate(request), self.request_log.number()
        endpoint, listed = route.endpoint, self.keys.get(route.provider.name, ())
        body, key = parsed_object(request.body), find_key(request, route, listed)
        stream = bool(endpoint and endpoint.streams) or (body or {}).get("stream") is True
        fault, remaining = self._fault(request, route, key, stream=stream)
        context = FaultContext(
            provider=route.provider,
            protocol=route.protocol,
            request=request,
            key=key,
            model=(endpoint and endpoint.model) or str((body or {}).get("model", "")),
            stream=stream,
            ids=self.ids(request, route.provider.name, number),
            wall=self.wall(),
            arrived_at=self.time_of_requests(),
            background=self._state.background,
            make=partial(
                respond.respond, body=body, cache=self._cache(route, key), endpoint=endpoint
            ),
            remaining=remaining,
        )
        reply, fault = self._reply(route, context, fault, body)
        self._log(number, context, fault, reply, body or {})
        return PlayedAnswer(number, reply, route.provider.output_price)

    def _reply(
        self, route: EmulatedRoute, context: FaultContext, fault: Fault | None, body: Json | None
    ) -> Played:
        """Return the reply and its fault: of the script of answers if there is one."""
        endpoint, script = route.endpoint, self._state.answers
        if script and endpoint is not None and not endpoint.answer_id:
            return scripted_reply(script, context, fault, body)
        return (fault.play(context) if fault else context.good()), fault

    def _cache(self, route: EmulatedRoute, key: str) -> PromptCache:
        caches, owner = self._state.caches, (route.provider.name, key)
        return caches.get(owner) or caches.setdefault(owner, PromptCache(self.clock))

    def _fault(
        self, request: Request, route: EmulatedRoute, key: str, *, stream: bool
    ) -> tuple[Fault | None, float | None]:
        """Choose the fault of a request, and the seconds that it still lasts if that is known."""
        name = route.provider.name
        if request.parameter("key") is not None:
            return BadRequest("API keys in the query string are refused: send a header."), None
        if route.endpoint is None:
            return NoSuchPath(), None
        planned = self._planned_fault(name, key, stream=stream)
        if planned:
            return planned[0], None
        if name in self.down:
            return self.down[name], None
        if not key and not route.provider.keyless:
            return MissingKey(), None
        return self._fault_of_key(name, key)

    def _planned_fault(self, name: str, key: str, *, stream: bool) -> tuple[Fault | None] | None:
        """Return what is injected, or what a script has; None for neither."""
        if self.injection and (fault := self.injection.choose(name, key, stream=stream)):
            return (fault,)
        with self._lock:
            for script in (name, key), (name, None):
                if self._state.scripts.get(script):
                    return (self._state.scripts[script].popleft(),)
        return None

    def _fault_of_key(self, name: str, key: str) -> tuple[Fault | None, float | None]:
        """Return the fault of a key, None once a temporary one has passed."""
        fault = self.keys.get(name, {key: None}).get(key, _UNKNOWN_KEY)
        if fault is None or fault.lasts is None:
            return fault, None
        with self._lock:
            now = self.clock()
            first = self._state.first_refusals.setdefault((name, key), now)
            remaining = first + fault.lasts - now
        return (fault, remaining) if remaining > 0 else (None, None)

    def _log(
        self, number: int, context: FaultContext, fault: Fault | None, reply: HttpReply, body: Json
    ) -> None:
        """Add an exchange to the log, as ended unless sending the answer takes time."""
        waits = reply.slow and reply.streamed
        tokens = reply.parts[-1].tokens if reply.parts and not waits else 0
        price = context.provider.price
        spent = replace(reply.spent, output=tokens) if reply.billed else TokensSpent()
        exchange = Exchange(
            number=number,
            at=self.clock() - self._start,
            provider=context.provider.name,
            method=context.request.method,
            path=context.request.path,
            key=context.key,
            model=context.model,
            stream=context.stream,
            status=reply.status,
            fault=fault.name if fault else None,
            input_tokens=spent.input,
            output_tokens=spent.output,
            spent=reply.spent,
            billed=reply.billed,
            cost_nanousd=price.cost(spent) if price else None,
            finished=not (reply.slow or reply.dropped) and reply.ending == "clean",
            body=body,
            headers=context.request.headers,
        )
        self.request_log.add(exchange, open_=reply.slow)


def run(
    host: str = "127.0.0.1",
    port: int = 8399,
    on_start: Callable[[str], None] | None = None,
    *,
    emulator: Emulator | None = None,
) -> None:
    """Serve until interrupted; `on_start` is called with the root of all URLs."""
    with (emulator or Emulator()).serve(host, port) as base, suppress(KeyboardInterrupt):
        if on_start:
            on_start(base)
        threading.Event().wait()


def _keys(keys: Keys) -> dict[str, Fault | None]:
    return dict(keys) if isinstance(keys, Mapping) else dict.fromkeys(keys)
