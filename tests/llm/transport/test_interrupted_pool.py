"""An exception at any line of a pool: each connection is in use, unused, or gets closed."""

from __future__ import annotations

import gc
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

import pytest

from scout_adapters.llm.timeouts import AttemptContext, Timeouts
from scout_adapters.llm.transport import pool
from scout_adapters.llm.transport.connection import address_of
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.idle_connections import IDLE_SECONDS, IdleConnections
from scout_adapters.llm.transport.network_options import NetworkOptions
from scout_adapters.llm.transport.pool import AsyncConnectionPool, ConnectionPool
from tests.support.interruption import Interruption, forget_handled

SERVER, OTHER = "http://127.0.0.1:1", "http://127.0.0.2:1"
ATTEMPT = AttemptContext(provider="p", model="m", timeouts=Timeouts())
EXCHANGE = HttpExchange(url=SERVER, headers={}, content=b"{}", context=ATTEMPT)


class SocketlessConnection:
    """A connection that has no socket, and notes that it was closed."""

    def __init__(self, *, stale: bool = False) -> None:
        self.closed, self.stale = False, stale

    def is_stale(self) -> bool:
        return self.stale

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


class UsedPool:
    """A pool with a connection in use, unused ones to two servers, a stale and a too old one."""

    connection: Any
    """The connection in use: the pool takes it from here."""

    def __init__(self, kind: Any) -> None:
        self.pool = kind(None, max_concurrent=9, options=NetworkOptions(trust_env=False))
        self.is_async = kind is AsyncConnectionPool
        old, stale, usable, other, self.connection = self.all = [
            SocketlessConnection(stale=number == 1) for number in range(5)
        ]
        now = time.monotonic()
        for url, times in (
            (OTHER, [(now, other)]),
            (SERVER, [(now - 2 * IDLE_SECONDS, old), (now, stale), (now, usable)]),
        ):
            unused = self.pool._idle[address_of(url).server, SocketlessConnection] = (
                IdleConnections()
            )
            unused._stack.extend(times)

    def step(self, name: str, **options: bool) -> None:
        """Call a method of the pool; a coroutine of it does not wait."""
        result = getattr(self.pool, name)(*([EXCHANGE, self] * (name == "release")), **options)
        if self.is_async:
            with pytest.raises(StopIteration):
                result.send(None)

    def lost(self, *, used: bool = True) -> list[int]:
        """Return the numbers of the connections that are open, and that nothing will close.

        `used`: the one in use will be closed by its user.
        """
        idle = [each for kept in self.pool._idle.values() for _, each in kept._stack]
        owned = [*idle, *self.pool._closing, *([self.connection] if used else [])]
        return [n for n, each in enumerate(self.all) if not each.closed and each not in owned]


STEPS: dict[str, Callable[[UsedPool], None]] = {
    "release": lambda used: used.step("release"),
    "release interrupted": lambda used: used.step("release", interrupted=True),
    "close": lambda used: used.step("aclose" if used.is_async else "close"),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", [ConnectionPool, AsyncConnectionPool])
def test_an_exception_at_any_line_loses_no_connection(
    kind: Any, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "MAX_SERVERS", 1)
    monkeypatch.setattr(pool, "TIDY_SECONDS", 0.0)

    gc.collect()
    pools: list[UsedPool] = []  # none is freed, and closes, while lines are counted

    def used_pool() -> UsedPool:
        monkeypatch.setattr(pool, "_pools", WeakSet())
        pools.append(UsedPool(kind))
        return pools[-1]

    used = used_pool()
    with Interruption() as dry:
        STEPS[step](used)
    assert used.lost() == []
    assert len(dry.places) > 10
    for at in range(1, len(dry.places) + 1):
        used = used_pool()
        with Interruption(at, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
            STEPS[step](used)
        # An exception before the first line leaves the connection to its user, who aborts.
        assert used.lost(used=at == 1 or step == "close") == [], dry.places[at - 1]
        used.step("aclose" if used.is_async else "close")
        assert all(each.closed for each in used.all[:-1]), dry.places[at - 1]


def test_what_an_interruption_leaves_as_handled_is_no_context_of_later_errors() -> None:
    def clear() -> None:
        IdleConnections[Any]().clear(deque())

    with Interruption() as dry:
        clear()
    for at in range(1, len(dry.places) + 1):
        with Interruption(at, KeyboardInterrupt()), pytest.raises(KeyboardInterrupt):
            clear()
    forget_handled()
    assert sys.exc_info() == (None, None, None)


def test_a_removed_connection_that_cannot_be_closed_keeps_no_other_open() -> None:
    used = UsedPool(ConnectionPool)
    used.all[0].close = lambda: 1 / 0  # type: ignore[method-assign]  # the connection under test
    used.step("close")
    assert [each.closed for each in used.all] == [False, True, True, True, False]
    assert not used.pool._closing
