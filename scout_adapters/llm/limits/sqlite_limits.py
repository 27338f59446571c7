"""Counts of limits in a SQLite file, for the processes of one machine.

Every step is one transaction that takes the write lock first. The counts need not survive a loss of
power, so nothing is synced. Not for network file systems, where SQLite's locks do not work.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from scout_adapters._internal.fork import call_after_fork, fork_safe_lock, process
from scout_adapters._internal.logs import logger_of
from scout_adapters._internal.ordered_worker import OrderedWorker
from scout_adapters.llm.limits.gcra import MAX_CREDIT, drained
from scout_adapters.llm.limits.limit_books import (
    LEASE_SECONDS,
    BooksUnavailableError,
    LimitRefusal,
)
from scout_adapters.llm.limits.limit_meter import LimitReservation
from scout_adapters.llm.limits.limit_rule import LimitRule
from scout_adapters.llm.limits.shared_limits import SharedLimits

logger = logger_of(__name__)

T = TypeVar("T")

LOCK_SECONDS = 0.5
"""Seconds that a step waits for other processes."""

KEPT_SECONDS = 3600.0
"""Seconds; counts that were not used for longer are deleted."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS counts (
    scope TEXT PRIMARY KEY, requests REAL NOT NULL, tokens REAL NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS running (
    scope TEXT, id TEXT, until REAL NOT NULL, PRIMARY KEY (scope, id)
) WITHOUT ROWID;
"""
"""Backlogs in seconds of the limits; times in seconds since 1970."""

READ = "SELECT requests, tokens, at FROM counts WHERE scope = ?"
WRITE = (
    "INSERT INTO counts VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    " requests = excluded.requests, tokens = excluded.tokens, at = excluded.at"
)
END_LATE = "DELETE FROM running WHERE scope = ? AND until < ?"
RUNNING = "SELECT count(*) FROM running WHERE scope = ?"
BEGIN = "INSERT OR REPLACE INTO running VALUES (?, ?, ?)"
END = "DELETE FROM running WHERE scope = ? AND id = ?"

# A connection inherited by a fork must not even be closed: https://sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork
_inherited: list[sqlite3.Connection] = []


class SqliteLimitBooks:
    """Counts in the file at `path`, for every process of this machine that opens it."""

    def __init__(self, path: str | Path, wall: Callable[[], float] = time.time) -> None:
        """`wall` returns seconds since 1970. The file is opened or created on first use."""
        self.path = Path(path).expanduser()
        self.worker = OrderedWorker()
        self._wall = wall
        self._lock = fork_safe_lock()
        self._connected: tuple[int, sqlite3.Connection] | None = None
        self._fault = ""
        self._tidied = 0.0

    def admit(self, reservation: LimitReservation) -> LimitRefusal | None:
        return self._run(partial(self._admit, reservation))

    def settle(self, reservation: LimitReservation, tokens: int, *, sent: bool) -> None:
        with suppress(BooksUnavailableError):  # it ends by itself
            self._run(partial(self._settle, reservation, tokens, sent))

    def _admit(
        self, reservation: LimitReservation, base: sqlite3.Connection
    ) -> LimitRefusal | None:
        now, refused, levels = self._wall(), None, []
        self._tidy(base, now)
        for number, (scope, rule) in enumerate(reservation.scopes):
            base.execute(END_LATE, (scope, now))
            requests, tokens = self._levels(base, scope, now)
            refusal = _refusal(base, number, scope, rule, (requests, tokens), reservation.tokens)
            if refusal and (refused is None or refusal.wait > refused.wait):
                refused = refusal
            used = reservation.tokens * rule.token_seconds
            levels.append((scope, requests + rule.request_seconds, tokens + used, now))
        if refused is None:
            base.executemany(WRITE, levels)
            until = now + LEASE_SECONDS
            rows = [(scope, reservation.id, until) for scope, _ in reservation.scopes]
            base.executemany(BEGIN, rows)
        return refused

    def _settle(
        self, reservation: LimitReservation, tokens: int, sent: bool, base: sqlite3.Connection
    ) -> None:
        now = self._wall()
        for scope, rule in reservation.scopes:
            if not base.execute(END, (scope, reservation.id)).rowcount:
                continue  # ended already, or never begun
            requests, used = self._levels(base, scope, now)
            requests -= 0.0 if sent else rule.request_seconds
            used += (tokens - reservation.tokens) * rule.token_seconds
            base.execute(WRITE, (scope, max(-MAX_CREDIT, requests), max(-MAX_CREDIT, used), now))

    @staticmethod
    def _levels(base: sqlite3.Connection, scope: str, now: float) -> tuple[float, float]:
        """Return the backlogs of a scope; a clock that was set back must not stop them."""
        row = base.execute(READ, (scope,)).fetchone()
        if row is None:
            return 0.0, 0.0
        requests, tokens, at = row
        if at > now:
            base.execute("UPDATE counts SET at = ? WHERE scope = ?", (now, scope))
        return drained(requests, now - at), drained(tokens, now - at)

    def _tidy(self, base: sqlite3.Connection, now: float) -> None:
        if abs(now - self._tidied) > KEPT_SECONDS:
            self._tidied = now
            base.execute("DELETE FROM counts WHERE at < ?", (now - KEPT_SECONDS,))
            base.execute("DELETE FROM running WHERE until < ?", (now,))

    def _run(self, step: Callable[[sqlite3.Connection], T]) -> T:
        """Run one transaction under the write lock; it is rolled back if anything raises."""
        try:
            with self._lock:
                base = self._connection()
                base.execute("BEGIN IMMEDIATE")
                try:
                    result = step(base)
                    base.execute("COMMIT")
                finally:
                    if base.in_transaction:
                        base.execute("ROLLBACK")
        except (sqlite3.Error, OSError) as error:
            if not self._fault:
                logger.warning("the limits in %s cannot be used: %s", self.path, error)
            self._fault = str(error)
            raise BooksUnavailableError(self._fault) from None
        self._fault = ""
        return result

    def _connection(self) -> sqlite3.Connection:
        if self._connected is not None and self._connected[0] == process.pid:
            return self._connected[1]
        if self._connected is not None:
            _inherited.append(self._connected[1])
        self.path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        base = sqlite3.connect(
            self.path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False
        )
        base.execute("PRAGMA journal_mode = WAL")
        base.execute("PRAGMA synchronous = OFF")
        base.executescript(SCHEMA)
        self._connected = process.pid, base
        return base

    def close(self) -> None:
        """Close this process's connection; the next step opens a new one."""
        self.worker.close()
        with self._lock:
            connected, self._connected = self._connected, None
            if connected is not None and connected[0] == process.pid:
                connected[1].close()


def limits_in_file(path: str) -> SharedLimits:
    """Return the limits that are shared through a file; one for each path."""
    with _lock:
        place = str(Path(path).expanduser().absolute())
        limits = _by_path.get(place)
        if limits is None:
            limits = _by_path[place] = SharedLimits(SqliteLimitBooks(place))
        return limits


_lock = fork_safe_lock()
_by_path: dict[str, SharedLimits] = {}


def _forget_requests() -> None:
    for limits in list(_by_path.values()):
        limits.forget_requests()


call_after_fork(_forget_requests)


def _refusal(  # the parts of one row
    base: sqlite3.Connection,
    number: int,
    scope: str,
    rule: LimitRule,
    levels: tuple[float, float],
    tokens: int,
) -> LimitRefusal | None:
    """Return why a request has no room in a scope; None if it has."""
    requests, used = levels
    wait, limit = rule.longest_wait(requests, used, tokens)
    if wait:
        return LimitRefusal(number, limit, wait)
    most = rule.limits.concurrency
    if most is not None and base.execute(RUNNING, (scope,)).fetchone()[0] >= most:
        return LimitRefusal(number, "concurrency", 0.0)
    return None
