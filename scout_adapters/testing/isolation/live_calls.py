"""Block requests to real providers: an error that names the request, and how to record it.

    from scout_adapters.testing import block_live_calls

    with block_live_calls():
        run_my_agent()

Requests over httpx, httpx2, aiohttp and `http.client` (requests, urllib3, botocore) are blocked,
also through proxies, and any other lookup of a provider's host name.
"""

from __future__ import annotations

import functools
import http.client
import os
import socket
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from traceback import walk_tb
from types import FrameType
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import httpx

from scout_adapters.testing.isolation.provider_hosts import is_provider_host
from scout_adapters.testing.replay.cassette_errors import LateRequest, LiveCallBlocked

PACKAGE = str(Path(__file__).parents[2])
ADVICE = (
    "Record its answer: @pytest.mark.scout_cassette, then pytest --scout-record=new\n"
    "or let the emulator answer: the fixture scout_emulator (docs/testing.md)"
)


class LiveCallGuard:
    """Replaces the functions that send requests; they pass everything on while nothing is blocked.

    It stays installed while threads of ended tests run, whose requests are refused.
    """

    def __init__(self) -> None:
        self.late: list[LateRequest] = []
        """Refused requests of threads whose test had ended."""

        self._blocks: list[list[LiveCallBlocked]] = []
        self._threads: WeakKeyDictionary[threading.Thread, str] = WeakKeyDictionary()
        self._originals: list[tuple[Any, str, Any]] = []
        self._lock = threading.Lock()

    @contextmanager
    def blocking(self) -> Iterator[list[LiveCallBlocked]]:
        """Refuse requests to providers, from all threads.

        Yield a list of the refused ones, whatever became of the error that each raised.
        """
        self._install()
        blocked: list[LiveCallBlocked] = []
        self._blocks.append(blocked)
        try:
            yield blocked
        finally:
            self._blocks[:] = [each for each in self._blocks if each is not blocked]
            self.remove()

    def outlived(self, test: str, before: set[threading.Thread]) -> None:
        """Refuse the requests of threads that a test has started and that still work, from now on.

        Idle threads of executors do not count: the next test may use them.
        """
        for thread in set(threading.enumerate()) - before:
            if is_working(thread):
                self._threads[thread] = test
        if self._running():
            self._install()

    def remove(self) -> None:
        """Put the original functions back, unless something is still to be refused."""
        with self._lock:
            if self._blocks or self._running():
                return
            while self._originals:
                holder, name, original = self._originals.pop()
                setattr(holder, name, original)

    def test_of_thread(self) -> str | None:
        """Return the ended test that has started this thread; None if none has."""
        return self._threads.get(threading.current_thread())

    def check(self, method: str, host: str, path: str = "") -> None:
        """Refuse a request to a provider.

        Raises:
            LateRequest: if the thread's test has ended.
            LiveCallBlocked: if live calls are blocked.
        """
        test = self.test_of_thread()
        if (test is None and not self._blocks) or not is_provider_host(host):
            return
        request = f"{method} https://{host}{path}"
        if test is not None:
            late = LateRequest(late_text(test, request))
            self.late.append(late)
            raise late
        text = f"{request}{user_place()} would reach a real provider."
        blocked = LiveCallBlocked(f"{text}\n{ADVICE}")
        self._blocks[-1].append(blocked)
        raise blocked

    def _running(self) -> bool:
        return any(thread.is_alive() for thread in list(self._threads))

    def _install(self) -> None:
        with self._lock:
            if self._originals:
                return
            for holder, name, wrapper in _functions(self):
                original = getattr(holder, name)
                self._originals.append((holder, name, original))
                setattr(holder, name, functools.wraps(original)(wrapper(original)))


def is_working(thread: threading.Thread) -> bool:
    """Return whether a thread is in a function of the user, or will be: a timer."""
    if isinstance(thread, threading.Timer):
        return thread.is_alive()
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001  # documented, for debuggers
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_LIBRARIES):
            return True
        frame = frame.f_back
    return False


_LIBRARIES = tuple(
    {*(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")), "<frozen", PACKAGE}
)
"""Beginnings of the paths of code that is not the user's."""


def user_place() -> str:
    """Return the file and line of the user's code that is now calling, with "at" before it.

    "" if none is on the stack, as in threads of libraries.
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # as `logging` and `warnings` do
    while frame is not None:
        if place := _place(frame, frame.f_lineno):
            return place
        frame = frame.f_back
    return ""


def place_of(error: BaseException) -> str:
    """Return the last line of the user's code on the way of an error, as `user_place` does."""
    lines = [_place(frame, line) for frame, line in walk_tb(error.__traceback__)]
    return next(filter(None, reversed(lines)), "")


def _place(frame: FrameType, line: int) -> str:
    name = frame.f_code.co_filename
    if name.startswith((*_LIBRARIES, "<")):
        return ""
    return f" at {name.removeprefix(str(Path.cwd()) + os.sep)}:{line}"


def late_text(test: str, request: str) -> str:
    """Return the message for a request of a thread whose test has ended."""
    name = threading.current_thread().name
    return f"{test} has ended, and its thread {name!r} sends {request}: join it in the test"


GUARD = LiveCallGuard()
"""The guard of this process."""


def block_live_calls() -> AbstractContextManager[list[LiveCallBlocked]]:
    """Block requests to real providers within a `with` block, from all threads.

    The block has a list of the errors that were raised, also of those that the code caught.

    Raises:
        LiveCallBlocked: in the code that sends such a request.
    """
    return GUARD.blocking()


Wrapper = Callable[[Any], Callable[..., Any]]


def _functions(guard: LiveCallGuard) -> Iterator[tuple[Any, str, Wrapper]]:
    """Yield what sends requests: holder, name, and how it is wrapped."""
    for module in _httpx_modules():
        for holder, name in (
            (module.HTTPTransport, "handle_request"),
            (module.AsyncHTTPTransport, "handle_async_request"),
        ):
            yield holder, name, lambda original: _of_httpx(guard, original)
    if find_spec("aiohttp"):
        import aiohttp  # noqa: PLC0415  # an extra

        yield aiohttp.ClientSession, "_request", lambda original: _of_aiohttp(guard, original)
    yield http.client.HTTPConnection, "putrequest", lambda original: _of_client(guard, original)
    yield http.client.HTTPConnection, "set_tunnel", lambda original: _of_tunnel(guard, original)
    yield socket, "getaddrinfo", lambda original: _of_lookup(guard, original)


def _httpx_modules() -> Iterator[Any]:
    yield httpx
    if find_spec("httpx2"):
        import httpx2  # noqa: PLC0415  # optional

        yield httpx2


def _of_httpx(guard: LiveCallGuard, original: Any) -> Callable[..., Any]:
    def handle(transport: Any, request: Any) -> Any:
        guard.check(request.method, request.url.host, request.url.path)
        return original(transport, request)

    return handle


def _of_aiohttp(guard: LiveCallGuard, original: Any) -> Callable[..., Any]:
    async def send(session: Any, method: str, url: Any, **options: Any) -> Any:
        parts = urlsplit(str(session._build_url(url)))  # noqa: SLF001  # with the session's base_url
        guard.check(method, parts.hostname or "", parts.path)
        return await original(session, method, url, **options)

    return send


def _of_client(guard: LiveCallGuard, original: Any) -> Callable[..., Any]:
    def putrequest(connection: Any, method: str, url: str, *more: Any, **named: Any) -> Any:
        host = getattr(connection, "_tunnel_host", None) or connection.host
        guard.check(method, urlsplit(url).hostname or host, urlsplit(url).path)
        return original(connection, method, url, *more, **named)

    return putrequest


def _of_tunnel(guard: LiveCallGuard, original: Any) -> Callable[..., Any]:
    def set_tunnel(connection: Any, host: str, *more: Any, **named: Any) -> Any:
        guard.check("connect to", host)
        return original(connection, host, *more, **named)

    return set_tunnel


def _of_lookup(guard: LiveCallGuard, original: Any) -> Callable[..., Any]:
    def getaddrinfo(host: Any, *more: Any, **named: Any) -> Any:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
        guard.check("connect to", name)
        return original(host, *more, **named)

    return getaddrinfo
