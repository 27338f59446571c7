"""Budgets in Redis or Valkey, shared by processes of several machines.

A hold is one round trip before a request is sent; settlements are sent with the next hold, or
after some milliseconds. A process whose calls follow each other quickly holds an advance for
several of them, which then need no round trip (`advances.py`). Without the server no request is
sent (`on_store_error="raise"`), or each process spends the amount left that it last read, and
records it later ("allow").

Acknowledged steps survive `kill -9` of a server with `appendonly yes`. If a server comes back
without its data, or with older data, processes restore the totals that they last read: held amounts
then count as spent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from secrets import token_hex
from typing import Any
from urllib.parse import quote

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters._internal.ordered_worker import OrderedWorker
from scout_adapters.budget.accounts import Account, Balance, Hold, OnStoreError, clamp
from scout_adapters.budget.advances import Advance, AdvanceHold, Advances
from scout_adapters.budget.memory import MemoryBudgets
from scout_adapters.budget.money_functions import MONEY, balance_in, balances_in
from scout_adapters.budget.seen_totals import SeenBudget, SeenTotals
from scout_adapters.budget.unsent_calls import UnsentCalls
from scout_adapters.errors import BudgetError, ConfigurationError
from scout_adapters.store.open_store import resolve_address
from scout_adapters.store.redis_server import LuaCall, RedisServer, StoreUnavailableError
from scout_adapters.store.redis_url import parse_redis_url

LEASE_SECONDS = 3600.0
"""Seconds; an older hold counts as spent. If it is settled later, the cost replaces it."""

REPEAT_SECONDS = 24 * 3600.0
"""Seconds for which the last booking of an advance may be sent again. The server keeps 0.15 kB for
each advance until then."""

KEPT_SECONDS = 62 * 24 * 3600
"""Seconds (two months): windows that were not used for longer are deleted."""

KEPT_TOTAL_SECONDS = 400 * 24 * 3600
"""Seconds for which a budget without windows is kept after its last use."""

ALLOWED_DELAY = 0.05
"""Seconds that a call waits for the server with `on_store_error="allow"`."""


class LocalHold(Hold):
    """A hold in this process only; it is sent to the server when it is settled."""

    local: Hold


class RedisBudgets:
    """Keeps balances in a Redis or Valkey server, for every process that uses its address.

        budget = ScoutBudgetCallbackHandler(5.00, name="team", store="redis://host:6379/0")
        print(budget.balances)

    Raises: `BudgetError` if the server cannot be used.
    """

    def __init__(
        self, address: str, *, on_store_error: OnStoreError = "raise", clock: Clock = SYSTEM
    ) -> None:
        """Set the address; the connection is opened on first use.

        `on_store_error="allow"`: allow calls without the server, up to the amount last read.

        Raises: `ConfigurationError` for an address or value that cannot be used.
        """
        if on_store_error not in {"raise", "allow"}:
            raise ConfigurationError(f"on_store_error={on_store_error!r} is none of raise, allow")
        url = parse_redis_url(resolve_address(address))
        self._allows = on_store_error == "allow"
        self.server = RedisServer(url, min(url.timeout, ALLOWED_DELAY) if self._allows else None)
        self.worker = OrderedWorker()
        """Thread that runs the steps of async calls in order, because they wait for the server."""

        self.advances = Advances(clock)
        self._fetching = fork_safe_lock()
        self._unsent = UnsentCalls(self.server, self._collect, self.advances.end_all)
        self._seen = SeenTotals()
        self._local: MemoryBudgets | None = None

    def __repr__(self) -> str:
        return f"RedisBudgets({self.server.url.label!r})"

    def hold(
        self, accounts: Sequence[Account], amount: int, *, beyond: bool = False
    ) -> Hold | Balance:
        hold = AdvanceHold("", tuple(accounts), clamp(amount))
        try:
            if beyond:
                return self._hold_in_store(hold, beyond=True)
            if self.advances.serve(hold):
                return hold
            if self.server.is_paused:  # fails at once, or holds here
                return self._hold_in_store(hold)
            with self._fetching:  # one thread makes an advance, which serves the others
                return self._fetch(hold)
        except BaseException:  # raised again; Ctrl-C: the hold may be lost
            if hold.stored is not None and not hold.is_open:
                self.settle(hold.stored, 0)
            self.settle(hold, 0)
            raise

    def _fetch(self, hold: AdvanceHold) -> Hold | Balance:
        """Hold an amount in the store, or from the advance that another thread has made."""
        if self.advances.serve(hold):
            return hold
        result = self._advance(hold) or self._hold_in_store(hold)
        while isinstance(result, Balance) and self.advances.release(result, hold.amount):
            result = self._hold_in_store(hold)  # another of its accounts may refuse it now
        return result

    def has_advance(self, accounts: Sequence[Account]) -> bool:
        return self.advances.is_live(accounts)

    def hold_at_once(self, accounts: Sequence[Account], amount: int) -> Hold | None:
        hold = AdvanceHold("", tuple(accounts), clamp(amount))
        try:
            return hold if self.advances.serve(hold) else None
        except BaseException:  # raised again, as in `hold`
            self.settle(hold, 0)
            raise

    def _advance(self, hold: AdvanceHold) -> Hold | Balance | None:
        """Hold an amount for further calls, too; return None if only this call should be held."""
        accounts = hold.accounts
        extra = self.advances.plan(accounts, hold.amount, self._left(accounts))
        if not extra:
            return None
        self.advances.end(accounts)
        result: Hold | Balance | None = None
        try:
            result = self._hold_in_store(hold, extra=extra)
            if isinstance(result, Balance):
                self.advances.reduce(accounts)
                return result if result.left < hold.amount else None
            if isinstance(result, LocalHold):
                return result
            self.advances.open(result, hold)
        except BaseException:  # raised again, as in `hold`
            if isinstance(result, Hold) and not hold.is_open:
                self.settle(result, 0)
            raise
        self._unsent.wake()  # the advance must end, even if no call follows
        return hold

    def _left(self, accounts: Sequence[Account]) -> int:
        """Return what was left in the tightest account after the last hold of this process."""
        tag = self._tag(accounts)
        seen = ((account, self._seen.of(self._account_key(tag, account))) for account in accounts)
        return min(account.limit - total.nano if total.epoch else 0 for account, total in seen)

    def _hold_in_store(
        self, request: AdvanceHold, *, extra: int = 0, beyond: bool = False
    ) -> Hold | Balance:
        """Hold an amount in one round trip; if the server answers, `extra` nano-dollars more."""
        hold = request.stored = Hold(token_hex(12), request.accounts, request.amount + extra)
        try:
            answer = self._run(self._hold_call(hold, beyond=beyond))
            self._local = None
            return self._result(hold, answer)
        except StoreUnavailableError as error:
            self._settle_later(hold, 0)  # it may be held all the same
            request.stored = None
            if self._allows:
                held = self._hold_here(request.accounts, request.amount, beyond)
                request.stored = held if isinstance(held, Hold) else None
                return held
            raise self._error(error) from None
        except BaseException:  # raised again; Ctrl-C: the hold may be stored
            self._settle_later(hold, 0)
            request.stored = None
            raise

    def _hold_call(self, hold: Hold, *, beyond: bool, lease: float = LEASE_SECONDS) -> LuaCall:
        tag = self._tag(hold.accounts)
        keys = [*self._keys(tag, "epoch", "due", "index", "steps")]
        life, known = _life(hold.accounts), self._seen.of_budget(tag)
        arguments: list[str | int] = ["hold", self.server.key(tag, "hold", ""), hold.id]
        arguments += [hold.amount, int(beyond), round(lease * 1000), life, token_hex(4), *known]
        for account in hold.accounts:
            name = self._account_key(tag, account)
            keys.append(name)
            arguments += [account.limit, account.scope, account.window, *self._seen.of(name)]
        return LuaCall(MONEY, keys, arguments)

    def _result(self, hold: Hold, answer: Any) -> Hold | Balance:
        """Return the hold or balance in an answer; remember its totals for a loss of data."""
        tag = self._tag(hold.accounts)
        names = [self._account_key(tag, account) for account in hold.accounts]
        match answer:
            case [1, str(epoch), int(holds), list(totals)]:
                seen = zip(names, map(int, totals), strict=True)
                self._seen.remember_hold(tag, SeenBudget(epoch, holds), seen)
                return hold._replace(id=f"{hold.id}@{epoch}")
            case [0, str(epoch), int(holds), int(number), list(amounts)]:
                budget = SeenBudget(epoch, holds)
                self._seen.remember_refusal(tag, budget, names[: number + 1])
                return balance_in(hold.accounts[number], amounts)
        raise self._unexpected()

    def _hold_here(self, accounts: Sequence[Account], amount: int, beyond: bool) -> Hold | Balance:
        """Return a hold in this process only, up to the amount left that it last read."""
        local = self._local = self._local or MemoryBudgets()
        tag = self._tag(accounts)
        left = []
        for account in accounts:
            seen = self._seen.of(self._account_key(tag, account)).nano
            left.append(account._replace(limit=max(0, account.limit - seen)))
        held = local.hold(left, amount, beyond=beyond)
        if isinstance(held, Balance):
            number = left.index(held.account)
            seen = accounts[number].limit - held.account.limit
            return replace(held, account=accounts[number], spent=held.spent + seen)
        hold = LocalHold("", tuple(accounts), held.amount)
        hold.local = held
        return hold

    def settle(self, hold: Hold, amount: int | None) -> None:
        """Queue the settlement of a hold, which is sent soon; see `BudgetStore.settle`."""
        if isinstance(hold, AdvanceHold):
            if self.advances.settle(hold, amount):
                self._unsent.wake()
        elif isinstance(hold, LocalHold):
            local, hold.local = hold.local, Hold("", (), 0)
            if not local.accounts:
                return  # settled already
            MemoryBudgets().settle(local, amount)
            spent = hold.amount if amount is None else clamp(amount)
            # One step, which may be repeated: a hold that counts as spent at once.
            booked = Hold(token_hex(12), hold.accounts, spent)
            self._unsent.add(self._hold_call(booked, beyond=True, lease=0))
        else:
            self._settle_later(hold, amount)

    def _settle_later(self, hold: Hold, amount: int | None) -> None:
        tag, (name, _, epoch) = self._tag(hold.accounts), hold.id.partition("@")
        spent = hold.amount if amount is None else clamp(amount)
        uncertain = hold.amount if amount is None else 0
        overage = max(0, spent - hold.amount)
        keys = [*self._keys(tag, "epoch", "due"), self.server.key(tag, "hold", name)]
        keys += [self._account_key(tag, account) for account in hold.accounts]
        change = (hold.amount, spent, uncertain, overage)
        arguments = ("settle", name, *change, epoch, round(LEASE_SECONDS * 1000))
        self._unsent.add(LuaCall(MONEY, keys, arguments))

    def _collect(self, queue: Callable[[LuaCall], None]) -> bool:
        """Queue what advances have spent; return whether some still serve calls."""
        return self.advances.book(lambda *change: queue(self._booking(*change)))

    def _booking(self, advance: Advance, held: int, is_over: bool) -> LuaCall:
        """Return the call that sets the amounts of an advance, of which `held` stays held."""
        tag, (name, _, epoch) = self._tag(advance.accounts), advance.id.partition("@")
        keys = [*self._keys(tag, "epoch", "due"), self.server.key(tag, "hold", name)]
        keys += [self._account_key(tag, account) for account in advance.accounts]
        amounts = (held, *advance.amounts[3:])  # spent, uncertain, overage
        times = (round(LEASE_SECONDS * 1000), _life(advance.accounts), round(REPEAT_SECONDS * 1000))
        return LuaCall(MONEY, keys, ("book", name, *amounts, epoch, int(is_over), *times))

    def balances(self, budget: str) -> list[Balance]:
        self.advances.end_all(budget)
        tag = _tag_of(budget)
        begin = self.server.key(tag, "hold", "")
        try:
            rows = self._run(LuaCall(MONEY, self._keys(tag, "index", "due"), ["balances", begin]))
        except StoreUnavailableError as error:
            raise self._error(error) from None
        try:
            return balances_in(rows, budget)
        except (TypeError, ValueError):
            raise self._unexpected() from None

    def forget(self, budget: str, window: str) -> None:
        """Queue the deletion of a window's accounts, after all settlements before it."""
        self.advances.end_all(budget, window)
        self._unsent.collect()
        self._unsent.add(LuaCall(MONEY, self._keys(_tag_of(budget), "index"), ["forget", window]))

    def close(self) -> None:
        """Send queued settlements, and end the thread and connections of this process."""
        self.flush()
        self._unsent.close()
        self.server.close()

    def flush(self) -> bool:
        """Send all queued settlements; return whether the server received them."""
        self.advances.end_all()
        self._unsent.collect()
        with suppress(StoreUnavailableError):
            self._unsent.send()
        return not len(self._unsent)

    def _run(self, call: LuaCall) -> Any:
        """Return the result of a Lua call, sent after all queued settlements in one round trip."""
        return self._unsent.send(call)

    def _error(self, error: StoreUnavailableError) -> BudgetError:
        return BudgetError(f"the budgets in a store cannot be used, so nothing is sent: {error}")

    def _unexpected(self) -> BudgetError:
        return BudgetError(f"the budgets in {self.server.url.label} gave an unexpected answer")

    def _tag(self, accounts: Sequence[Account]) -> str:
        """Return the Redis hash tag for accounts of one budget, so that all keys share a slot.

        Raises: `ConfigurationError` for accounts of several budgets.
        """
        names = {account.budget for account in accounts}
        if len(names) != 1:
            raise ConfigurationError("a hold in Redis needs accounts of one budget")
        return _tag_of(names.pop())

    def _keys(self, tag: str, *names: str) -> list[str]:
        return [self.server.key(tag, name) for name in names]

    def _account_key(self, tag: str, account: Account) -> str:
        return self.server.key(tag, "account", quote(account.window), quote(account.scope))


def _life(accounts: Sequence[Account]) -> int:
    """Return the milliseconds for which data of these accounts is kept."""
    has_windows = all(account.window for account in accounts)
    return (KEPT_SECONDS if has_windows else KEPT_TOTAL_SECONDS) * 1000


def _tag_of(budget: str) -> str:
    return f"budget {quote(budget, safe='')}"
