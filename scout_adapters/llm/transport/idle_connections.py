"""Unused connections to one server; an exception at any line loses none of them."""

from __future__ import annotations

import time
from collections import deque
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from scout_adapters.llm.transport.connection import AsyncConnection, Connection

MAX_IDLE = 200
"""Number of unused connections that are kept to one server."""

IDLE_SECONDS = 60.0
"""Seconds that an unused connection is kept."""

T = TypeVar("T", Connection, AsyncConnection)


class Holder(Protocol[T]):
    """The user of a connection; the pool sets and clears `connection`, each in one step."""

    connection: T | None


class IdleConnections(Generic[T]):
    """Unused connections to one server; the last one released is used first.

    A connection moves to its user, or to the pool's `closing`, in a single line, so that an
    exception between two lines leaves no connection without an owner.
    """

    def __init__(self) -> None:
        self._stack: deque[tuple[float, T]] = deque()

    def pop(self, holder: Holder[T]) -> T | None:
        """Move a connection to `holder` and return it; None if there is none."""
        try:
            holder.connection = self._stack.pop()[1]
        except IndexError:
            return None
        return holder.connection

    def push(self, holder: Holder[T], connection: T, closing: deque[T]) -> None:
        """Take back a connection of `holder`; move those unused for too long to `closing`."""
        now = time.monotonic()
        holder.connection = self._stack.append((now, connection))  # type: ignore[func-returns-value]  # one line: None
        if len(self._stack) > MAX_IDLE or self._stack[0][0] <= now - IDLE_SECONDS:
            self._remove_surplus(now, closing)

    def _remove_surplus(self, now: float, closing: deque[T]) -> None:
        while len(self._stack) > MAX_IDLE or (
            self._stack and self._stack[0][0] <= now - IDLE_SECONDS
        ):
            try:  # another thread may empty the stack at this moment
                closing.append(self._stack.popleft()[1])
            except IndexError:
                break

    def remove_stale(self, closing: deque[T]) -> None:
        """Move the connections that the server has closed, or that are too old, to `closing`."""
        for entry in tuple(self._stack):
            if entry[1].is_stale():
                with suppress(ValueError):  # another thread uses it at this moment
                    closing.append(self._stack.remove(entry) or entry[1])  # type: ignore[func-returns-value]  # one line: None

    def clear(self, closing: deque[T]) -> None:
        """Move all connections to `closing`."""
        with suppress(IndexError):
            while True:
                closing.append(self._stack.popleft()[1])
