"""Counts of limits in Redis or Valkey, for the processes of several machines."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from scout_adapters._internal.fork import call_after_fork, fork_safe_lock
from scout_adapters._internal.ordered_worker import OrderedWorker
from scout_adapters.budget.unsent_calls import UnsentCalls
from scout_adapters.llm.limits.limit_books import LEASE_SECONDS, BooksUnavailableError, LimitRefusal
from scout_adapters.llm.limits.limit_functions import ADMIT, SETTLE
from scout_adapters.llm.limits.limit_meter import LimitReservation
from scout_adapters.llm.limits.shared_limits import SharedLimits
from scout_adapters.store.redis_server import LuaCall, RedisServer, StoreUnavailableError
from scout_adapters.store.redis_store import RedisStore
from scout_adapters.store.redis_url import DEFAULT_TIMEOUT, RedisUrl

TAG = "limits"
"""All counts are in one slot of a cluster: a request is counted in several of them at once."""

ALLOWED_DELAY = 0.05
"""Seconds that a call waits for the server, once a second while it is away; unless the address has
another `timeout`."""


class RedisLimitBooks:
    """Counts in a server; one round trip before a request, its end travels with the next one."""

    def __init__(self, url: RedisUrl) -> None:
        usual = url.timeout == DEFAULT_TIMEOUT
        self.server = RedisServer(url, ALLOWED_DELAY if usual else url.timeout)
        self.worker = OrderedWorker()
        self._unsent = UnsentCalls(self.server)

    def admit(self, reservation: LimitReservation) -> LimitRefusal | None:
        arguments: list[str | int] = [reservation.id, str(LEASE_SECONDS)]
        for _, rule in reservation.scopes:
            cost = reservation.tokens * rule.token_seconds
            bursts = rule.request_burst, rule.limits.burst_seconds
            pairs = rule.request_seconds, bursts[0], cost, bursts[1], rule.limits.concurrency or 0
            arguments += [str(value) for value in pairs]
        try:
            answer = self._unsent.send(LuaCall(ADMIT, self._keys(reservation), arguments))
        except StoreUnavailableError as error:
            raise BooksUnavailableError(str(error)) from None
        return _refusal(answer)

    def settle(self, reservation: LimitReservation, tokens: int, *, sent: bool) -> None:
        arguments: list[str | int] = [reservation.id]
        for _, rule in reservation.scopes:
            requests = 0.0 if sent else -rule.request_seconds
            arguments += [str(requests), str((tokens - reservation.tokens) * rule.token_seconds)]
        self._unsent.add(LuaCall(SETTLE, self._keys(reservation), arguments))

    def _keys(self, reservation: LimitReservation) -> list[str]:
        return [key for scope, _ in reservation.scopes for key in self._keys_of(scope)]

    def _keys_of(self, scope: str) -> Iterator[str]:
        """Yield the keys of a count: its name has an address, of which they show a digest."""
        digest = hashlib.blake2b(scope.encode(), digest_size=12).hexdigest()
        yield self.server.key(TAG, digest)
        yield self.server.key(TAG, digest, "running")

    def close(self) -> None:
        """Send what is unsent, and close the connections."""
        self.worker.close()
        self.server.close()


def _refusal(answer: Any) -> LimitRefusal | None:
    match answer:
        case []:
            return None
        case [int(number), str(limit), str(wait)]:
            return LimitRefusal(number, limit, float(wait))
    raise BooksUnavailableError("unexpected answer")


_lock = fork_safe_lock()
_by_store: WeakKeyDictionary[RedisStore, SharedLimits] = WeakKeyDictionary()


def limits_of_store(store: RedisStore) -> SharedLimits:
    """Return the shared limits of a store: the same object at each call."""
    with _lock:
        limits = _by_store.get(store)
        if limits is None:
            limits = _by_store[store] = SharedLimits(RedisLimitBooks(store.server.url))
        return limits


def _forget_requests() -> None:
    for limits in list(_by_store.values()):
        limits.forget_requests()


call_after_fork(_forget_requests)
