"""Budgets in a SQLite file, shared by all processes of one machine.

Every step is one transaction that takes the write lock first (`BEGIN IMMEDIATE`), so that a balance
does not change between reading and writing it. Committed data survives `kill -9`. The holds of a
process that dies count as spent after `LEASE_SECONDS`. Do not use it on network file systems, where
SQLite's locks do not work.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from secrets import token_hex
from typing import Literal, TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from scout_adapters._internal.fork import fork_safe_lock, process
from scout_adapters._internal.logs import logger_of
from scout_adapters._internal.ordered_worker import OrderedWorker
from scout_adapters.budget.accounts import MAX_AMOUNT, Account, Balance, Hold, clamp
from scout_adapters.errors import BudgetError

LEASE_SECONDS = 3600.0
"""Seconds; an older hold counts as spent. If it is settled later, the cost replaces it."""

logger = logger_of(__name__)

T = TypeVar("T")

DEFAULT_TIMEOUT = 30.0
"""Seconds: the longest wait for other processes by default."""

MAX_TIMEOUT = 86_400.0

KEPT_SECONDS = 62 * 24 * 3600.0
"""Seconds (two months): windows that were not used for longer are deleted."""

TIDY_SECONDS = 60.0
"""Seconds between two checks for old holds and windows."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    budget TEXT, scope TEXT, opened TEXT, most INTEGER NOT NULL,
    spent INTEGER NOT NULL DEFAULT 0, held INTEGER NOT NULL DEFAULT 0,
    uncertain INTEGER NOT NULL DEFAULT 0, overage INTEGER NOT NULL DEFAULT 0,
    touched REAL NOT NULL, PRIMARY KEY (budget, scope, opened)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS holds (
    id TEXT, budget TEXT, scope TEXT, opened TEXT, amount INTEGER NOT NULL,
    since REAL NOT NULL, lapsed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (id, budget, scope, opened)
) WITHOUT ROWID;
"""
"""`opened` is the window, `most` the limit. Units: nano-dollars; seconds since 1970."""

BALANCE = (
    "SELECT spent, held, uncertain, overage FROM accounts"
    " WHERE budget = ? AND scope = ? AND opened = ?"
)
OPEN = (
    "INSERT INTO accounts (budget, scope, opened, most, touched) VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT DO UPDATE SET most = excluded.most, touched = excluded.touched"
)
KEEP = "UPDATE accounts SET held = min(held + ?, ?) WHERE budget = ? AND scope = ? AND opened = ?"
HOLD = "INSERT INTO holds (id, budget, scope, opened, amount, since) VALUES (?, ?, ?, ?, ?, ?)"
STATE = "SELECT lapsed FROM holds WHERE id = ? LIMIT 1"
RELEASE = "DELETE FROM holds WHERE id = ?"
BOOK = (
    "UPDATE accounts SET held = max(0, held - ?), spent = max(0, min(spent + ?, :most)),"
    " uncertain = max(0, min(uncertain + ?, :most)), overage = min(overage + ?, :most)"
    " WHERE budget = ? AND scope = ? AND opened = ?"
).replace(":most", str(MAX_AMOUNT))
STALE = "SELECT budget, scope, opened, amount FROM holds WHERE lapsed = 0 AND since < ?"
LAPSE = "UPDATE holds SET lapsed = 1 WHERE lapsed = 0 AND since < ?"

# A connection inherited by a fork must not even be closed: https://sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork
_inherited: list[sqlite3.Connection] = []


class SqliteBudgets:
    """Keeps balances in the file at `path`, for every process that opens it.

        budget = ScoutBudgetCallbackHandler(5.00, store=SqliteBudgets("budgets.db"))
        print(budget.balances)

    Raises: `BudgetError` if the file cannot be used.
    """

    limits_waits = True
    """Whether `hold` accepts `patience`; the budget handler reads this."""

    def __init__(
        self,
        path: str | Path,
        *,
        durability: Literal["process", "power"] = "process",
        lock_timeout: float = DEFAULT_TIMEOUT,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Set the path; the file is opened or created on first use.

        With `durability="process"` (the default) data survives the death of the process, with
        "power" also a loss of power (a sync for each step). `lock_timeout` is the seconds that a
        step waits for other processes; 30 by default. `wall` returns seconds since 1970.
        """
        self.path = Path(path).expanduser()
        self._sync = "FULL" if durability == "power" else "NORMAL"
        self._lock_timeout = self._timeout = lock_timeout
        self.worker = OrderedWorker()
        """Thread that runs the steps of async calls in order: they wait for other processes."""

        self._wall = wall
        self._lock = fork_safe_lock()
        self._connected: tuple[int, sqlite3.Connection] | None = None
        self._place: tuple[int, int] | None = None
        self._tidied = 0.0

    def __repr__(self) -> str:
        return f"SqliteBudgets({str(self.path)!r})"

    def hold(
        self,
        accounts: Sequence[Account],
        amount: int,
        *,
        beyond: bool = False,
        patience: float | None = None,
    ) -> Hold | Balance:
        """Reserve an amount in every account; see `BudgetStore.hold`.

        `patience`: seconds to wait for other processes, if `lock_timeout` is the default.
        """
        hold = Hold(token_hex(12), tuple(accounts), clamp(amount))
        try:
            return self._run(partial(self._hold, hold, beyond), patience)
        except BudgetError:
            raise
        except BaseException:  # raised again; Ctrl-C: the hold may be committed
            with suppress(BudgetError):  # it counts as spent after a while
                self.settle(hold, 0)
            raise

    def _hold(self, hold: Hold, beyond: bool, base: sqlite3.Connection) -> Hold | Balance:
        now, amount = self._wall(), hold.amount
        self._tidy(base, now)
        for account in hold.accounts:
            place = (account.budget, account.scope, account.window)
            base.execute(OPEN, (*place, account.limit, now))
            balance = Balance(account, *base.execute(BALANCE, place).fetchone())
            if balance.spent + balance.held + amount > account.limit and not beyond:
                base.execute("ROLLBACK")
                return balance
            base.execute(KEEP, (amount, MAX_AMOUNT, *place))
            base.execute(HOLD, (hold.id, *place, amount, now))
        return hold

    def settle(self, hold: Hold, amount: int | None) -> None:
        """Replace a hold by its cost; see `BudgetStore.settle`."""
        self._run(partial(_settle, hold, amount))

    def balances(self, budget: str) -> list[Balance]:
        """Return the balances of a budget, the oldest window first."""
        columns = "budget, scope, opened, most, spent, held, uncertain, overage"
        query = f"SELECT {columns} FROM accounts WHERE budget = ? ORDER BY opened, scope"  # noqa: S608  # constant columns
        rows = self._run(lambda base: base.execute(query, (budget,)).fetchall())
        return [Balance(Account(*row[:4]), *row[4:]) for row in rows]

    def names(self) -> list[str]:
        """Return the names of the budgets in the file."""
        query = "SELECT DISTINCT budget FROM accounts"
        return [name for (name,) in self._run(lambda base: base.execute(query).fetchall())]

    def forget(self, budget: str, window: str) -> None:
        """Delete the accounts of a window."""
        query = "DELETE FROM accounts WHERE budget = ? AND opened = ? AND held = 0"
        self._run(lambda base: base.execute(query, (budget, window)))

    def close(self) -> None:
        """Close this process's connection; the next step opens a new one."""
        with self._lock:
            connected, self._connected = self._connected, None
            if connected is not None and connected[0] == process.pid:
                connected[1].close()

    def _run(self, step: Callable[[sqlite3.Connection], T], patience: float | None = None) -> T:
        """Return the result of `step` in one transaction, rolled back on any exception.

        `patience` is in seconds. Raises: `BudgetError` if the file cannot be used.
        """
        try:
            with self._lock:
                base = self._connection()
                self._set_timeout(base, patience)
                base.execute("BEGIN IMMEDIATE")
                result = step(base)
                if base.in_transaction:
                    base.execute("COMMIT")
                return result
        except (sqlite3.Error, OverflowError) as error:
            self._undo()
            raise BudgetError(f"the budgets in {self.path} cannot be used: {error}") from error
        except BaseException:  # raised again: Ctrl-C, or an error of ours
            self._undo()
            raise

    def _set_timeout(self, base: sqlite3.Connection, patience: float | None) -> None:
        """Set the seconds that SQLite waits for other processes: `patience` or `lock_timeout`."""
        wanted = self._lock_timeout
        if patience is not None and wanted == DEFAULT_TIMEOUT:
            wanted = min(max(0.0, patience), MAX_TIMEOUT)
        if wanted != self._timeout:
            base.execute(f"PRAGMA busy_timeout = {int(wanted * 1000)}")
            self._timeout = wanted

    def _undo(self) -> None:
        with self._lock:
            connected = self._connected
            if connected and connected[0] == process.pid and connected[1].in_transaction:
                with suppress(sqlite3.Error):
                    connected[1].execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        pid = process.pid
        if self._connected is not None and self._connected[0] == pid:
            if self._place == _place_of(self.path):
                return self._connected[1]
            logger.warning("the budgets in %s were moved or deleted: new ones begin", self.path)
            self._connected[1].close()
        elif self._connected is not None:
            _inherited.append(self._connected[1])
        self._connected = None
        base = self._open_file()
        self._connected, self._timeout = (pid, base), self._lock_timeout
        self._place = _place_of(self.path)
        return base

    def _open_file(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        except OSError as error:
            why = f"the budgets in {self.path} cannot be used: {error.strerror}"
            raise BudgetError(why) from error
        base = sqlite3.connect(
            self.path, timeout=self._lock_timeout, isolation_level=None, check_same_thread=False
        )
        try:
            self._set_up(base)
        except sqlite3.Error:
            base.close()
            raise
        return base

    def _set_up(self, base: sqlite3.Connection) -> None:
        """Create the tables; try again while other processes do the same.

        Two processes that change the journal mode at once would deadlock, so SQLite fails one of
        them immediately, whatever its timeout.
        """
        stop, wait = stop_after_delay(self._lock_timeout), wait_random(0.001, 0.02)
        busy = retry_if_exception(_is_busy)
        for opening in Retrying(stop=stop, wait=wait, retry=busy, reraise=True):
            with opening:
                base.execute("PRAGMA journal_mode = WAL")
                base.execute(f"PRAGMA synchronous = {self._sync}")
                base.executescript(SCHEMA)

    def _tidy(self, base: sqlite3.Connection, now: float) -> None:
        """Count old holds as spent, and delete windows that are no longer used."""
        if abs(now - self._tidied) < TIDY_SECONDS:
            return
        self._tidied = now
        for budget, scope, opened, amount in base.execute(STALE, (now - LEASE_SECONDS,)).fetchall():
            base.execute(BOOK, (amount, amount, amount, 0, budget, scope, opened))
        base.execute(LAPSE, (now - LEASE_SECONDS,))
        base.execute(
            "DELETE FROM accounts WHERE touched < ? AND opened != ''", (now - KEPT_SECONDS,)
        )
        base.execute("DELETE FROM holds WHERE lapsed = 1 AND since < ?", (now - KEPT_SECONDS,))


def _settle(hold: Hold, amount: int | None, base: sqlite3.Connection) -> None:
    state = base.execute(STATE, (hold.id,)).fetchone()
    if state is None:
        return  # settled already, or deleted with its window
    base.execute(RELEASE, (hold.id,))
    spent = hold.amount if amount is None else clamp(amount)
    uncertain = hold.amount if amount is None else 0
    overage = max(0, spent - hold.amount)
    change = (hold.amount, spent, uncertain, overage)
    if state[0]:  # the hold lapsed and counts as spent already
        change = (0, spent - hold.amount, uncertain - hold.amount, overage)
    for account in hold.accounts:
        base.execute(BOOK, (*change, account.budget, account.scope, account.window))


def _place_of(path: Path) -> tuple[int, int] | None:
    """Return device and inode number of a file; None if it does not exist."""
    try:
        status = os.stat(path)  # noqa: PTH116  # pathlib takes twice as long
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _is_busy(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)  # extended: its last byte is the kind
    return code is not None and code & 0xFF == sqlite3.SQLITE_BUSY
