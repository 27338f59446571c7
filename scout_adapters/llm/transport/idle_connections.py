"""Unused connections to one server, and how they change hands without being lost."""

from __future__ import annotations

import time
from collections import deque
from typing import Generic, Protocol, TypeVar

from scout_adapters.llm.transport.connection import AsyncConnection, Connection

MAX_IDLE = 200
"""Unused connections that are kept to one server."""

IDLE_SECONDS = 60.0
"""Seconds that an unused connection is kept."""

T = TypeVar("T", Connection, AsyncConnection)


class Holder(Protocol[T]):
    """What uses a connection: it has it in the same step in which the pool has it no more."""

    connection: T | None


class IdleConnections(Generic[T]):
    """Unused connections to one server; the last one released is used first."""

    def __init__(self) -> None:
        self._stack: deque[tuple[float, T]] = deque()

    def pop(self, holder: Holder[T]) -> T | None:
        """Move a connection to `holder`, if there is one, and return it."""
        try:
            holder.connection = self._stack.pop()[1]
        except IndexError:
            return None
        return holder.connection

    def push(self, holder: Holder[T], connection: T) -> list[T]:
        """Take the connection of `holder`; return those to close: too many, or unused too long."""
        now = time.monotonic()
        holder.connection = self._stack.append((now, connection))  # type: ignore[func-returns-value]  # one line: None
        if len(self._stack) <= MAX_IDLE and self._stack[0][0] > now - IDLE_SECONDS:
            return []
        return self._surplus(now)

    def _surplus(self, now: float) -> list[T]:
        surplus: list[T] = []
        while len(self._stack) > MAX_IDLE or (
            self._stack and self._stack[0][0] <= now - IDLE_SECONDS
        ):
            try:  # another thread may empty the stack at this moment
                surplus.append(self._stack.popleft()[1])
            except IndexError:
                break
        return surplus

    def remove_stale(self) -> list[T]:
        """Remove and return the connections that the server has closed, or that are too old."""
        stale: list[T] = []
        for _ in range(len(self._stack)):
            try:  # another thread may empty the stack at this moment
                entry = self._stack.popleft()
            except IndexError:
                break
            if entry[1].is_stale():
                stale.append(entry[1])
            else:
                self._stack.append(entry)
        return stale

    def clear(self) -> list[T]:
        """Remove and return all connections."""
        connections = [connection for _, connection in self._stack]
        self._stack.clear()
        return connections
