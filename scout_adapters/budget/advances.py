"""Advances: money that a process holds in a store for its next calls, which need no round trip.

An advance is one hold in the store. Calls hold parts of it in memory; what they spent is booked
some milliseconds later. The part that no call uses is released after `ADVANCE_SECONDS`.

A process that was forked after this package was imported makes none: it may end by `os._exit`, and
an advance that is not released stays held for an hour.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from weakref import WeakSet

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters._internal.fork import call_after_fork, fork_safe_lock, process
from scout_adapters.budget.accounts import MAX_EXACT, Account, Balance, Hold, clamp

ADVANCE_SECONDS = 1.0
"""Seconds for which an advance serves calls. Until then other processes see it as held."""

QUICK_SECONDS = 0.5
"""Seconds: if a process holds again within them, the next advance is twice as large."""

IDLE_SECONDS = 2.0
"""Seconds: after a longer pause, a process starts with a hold for one call again."""

SHARE = 64
"""An advance exceeds the amount of its first call by at most this part of what is left in the
tightest of its accounts."""

FEW_CALLS = 16
"""If an account has less left than for so many calls, each is held alone."""

USEFUL = 8
"""An advance exceeds the amount of its first call by at least this part of it. Most calls cost a
small part of what is held for them, so that it serves several in turn."""

MAX_CALLS = 64
"""Number of calls as large as the first one for which an advance is made, at most."""


class Amounts(NamedTuple):
    """What the calls of an advance have done with it. All but `calls` are nano-dollars."""

    left: int
    """For further calls."""

    in_use: int
    """Held by calls whose cost is not known yet."""

    calls: int
    """Number of these calls."""

    spent: int = 0
    uncertain: int = 0
    overage: int = 0


@dataclass(slots=True, eq=False)
class Advance:
    """A hold in the store that serves calls until `ends_at`, in monotonic seconds."""

    id: str
    accounts: tuple[Account, ...]
    ends_at: float
    process_id: int
    amounts: Amounts


class AdvanceHold(Hold):
    """A hold of one call that an advance serves."""

    advance: Advance | None = None
    is_open = False
    stored: Hold | None = None
    """The hold in the store that was last made for this call; it may also have been refused."""


class Advances:
    """The advances of one process at one store. The owner makes them, and books what they spend."""

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._lock = fork_safe_lock()
        self._forget()
        _alive.add(self)

    def _forget(self) -> None:
        """Drop everything; called in a forked child, where the advances belong to the parent."""
        self._live: dict[tuple[Account, ...], Advance] = {}
        self._changed: dict[Advance, None] = {}
        self._demand = BoundedDict[tuple[Account, ...], tuple[float, int]]()
        """By accounts: when they were last held in the store, and for how many further calls."""

    def is_live(self, accounts: Sequence[Account]) -> bool:
        """Return whether there is an advance for these accounts."""
        return tuple(accounts) in self._live

    def serve(self, hold: AdvanceHold) -> bool:
        """Hold an amount from an advance; return whether one has as much. Never waits."""
        if hold.accounts not in self._live:
            return False
        with self._lock:
            advance, amount = self._live.get(hold.accounts), hold.amount
            if advance is None or self._clock.now() >= advance.ends_at:
                return False
            left, in_use, calls, *spent = advance.amounts
            if left < amount:
                return False
            hold.advance = advance
            amounts = Amounts(left - amount, in_use + amount, calls + 1, *spent)
            # One line: an exception between the two would leave the amount held for ever.
            advance.amounts, hold.is_open = amounts, True
        return True

    def plan(self, accounts: tuple[Account, ...], amount: int, left: int) -> int:
        """Return the nano-dollars to hold beside `amount` for further calls; 0 for none.

        `left` is the amount left in the tightest account. Called before each hold in the store.
        """
        if process.is_forked:
            return 0
        now = self._clock.now()
        last, calls = self._demand.get(accounts, (-math.inf, 0))
        if now - last < QUICK_SECONDS:
            calls = min(2 * calls + 1, MAX_CALLS)
        elif now - last > IDLE_SECONDS:
            calls = 0
        self._demand.put(accounts, (now, calls))
        extra = min(calls * amount, left // SHARE, left - amount, MAX_EXACT)
        is_useful = extra > amount // USEFUL and amount <= left // FEW_CALLS
        return extra if is_useful else 0

    def open(self, held: Hold, served: AdvanceHold) -> None:
        """Make an advance of a hold in the store; its first call is `served`."""
        amounts = Amounts(held.amount - served.amount, served.amount, 1)
        ends_at = self._clock.now() + ADVANCE_SECONDS
        advance = Advance(held.id, held.accounts, ends_at, process.pid, amounts)
        with self._lock:
            served.advance = advance
            self._live[held.accounts], served.is_open = advance, True

    def reduce(self, accounts: tuple[Account, ...]) -> None:
        """Begin with small advances again, because the store refused one."""
        self._demand.put(accounts, (self._clock.now(), 0))

    def settle(self, hold: AdvanceHold, amount: int | None) -> bool:
        """Replace the hold of a call by its cost; may be repeated.

        Return whether an advance of this process serves it.
        """
        held, advance = hold.amount, hold.advance
        if advance is None or advance.process_id != process.pid:
            return False  # the parent of a forked child settles it
        spent, uncertain = (held, held) if amount is None else (clamp(amount), 0)
        back, overage = max(0, held - spent), max(0, spent - held)
        with self._lock:
            if not hold.is_open:
                return True
            self._changed[advance] = None
            before = advance.amounts
            amounts = Amounts(
                before.left + back,
                before.in_use - held,
                before.calls - 1,
                before.spent + spent,
                before.uncertain + uncertain,
                before.overage + overage,
            )
            # One line: a settlement that is interrupted can be repeated.
            advance.amounts, hold.is_open = amounts, False
        return True

    def end(self, accounts: tuple[Account, ...]) -> None:
        """End the advance of these accounts: what is left of it is released."""
        with self._lock:
            advance = self._live.get(accounts)
            if advance is not None:
                self._end(advance)

    def _end(self, advance: Advance) -> None:
        self._changed[advance] = None
        self._live.pop(advance.accounts, None)

    def end_all(self, budget: str | None = None, window: str | None = None) -> None:
        """End the advances of a budget and window, or all."""
        with self._lock:
            ended = [
                advance
                for accounts, advance in self._live.items()
                if budget in {None, accounts[0].budget}
                and any(window in {None, account.window} for account in accounts)
            ]
            for advance in ended:
                self._end(advance)

    def release(self, short: Balance, amount: int) -> bool:
        """End the advances of an account that has too little left for an amount.

        Return whether this was done: only if what they release is enough.
        """
        key = short.account[:3]  # without the limit
        with self._lock:
            live = [
                advance
                for accounts, advance in self._live.items()
                if any(account[:3] == key for account in accounts)
            ]
            is_enough = amount <= short.left + sum(each.amounts.left for each in live)
            for advance in live if is_enough else ():
                self._end(advance)
        return bool(live) and is_enough

    def book(self, booked: Callable[[Advance, int, bool], None]) -> bool:
        """Call `booked` for each advance that has changed; return whether some still serve calls.

        Its arguments: the advance, the nano-dollars that stay held, and whether it is over.
        """
        with self._lock:
            now = self._clock.now()
            for advance in [each for each in self._live.values() if now >= each.ends_at]:
                self._end(advance)
            for advance in [*self._changed]:
                is_live = self._live.get(advance.accounts) is advance
                left, in_use, calls, *_ = advance.amounts
                booked(advance, in_use + left * is_live, not is_live and not calls)
                self._changed.pop(advance)  # afterwards: an interrupted booking is repeated
            return bool(self._live)


_alive: WeakSet[Advances] = WeakSet()


def _forget_all() -> None:
    for advances in list(_alive):
        advances._forget()  # noqa: SLF001  # of this module


call_after_fork(_forget_all)
