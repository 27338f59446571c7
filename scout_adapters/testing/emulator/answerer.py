"""What the server and the transport need of an emulator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from scout_adapters.testing.emulator.request_log import RequestLog
    from scout_adapters.testing.http_messages import PlayedAnswer, Request


class Answerer(Protocol):
    """Answers requests, and logs them."""

    @property
    def request_log(self) -> RequestLog:
        """Where the end of an answer is recorded."""

    @property
    def sleep(self) -> Callable[[float], None]:
        """Waits so many seconds."""

    @property
    def asleep(self) -> Callable[[float], Awaitable[None]] | None:
        """Waits so many seconds in an async client; None for the event loop's own sleep."""

    def answer(self, request: Request) -> PlayedAnswer:
        """Answer one request."""

    def date(self) -> str:
        """Return the time as a `Date` header."""
