"""One Redis or Valkey server: runs Lua functions, and pauses after a failure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from scout_adapters._internal.clock import SYSTEM, Clock
from scout_adapters._internal.fork import fork_safe_lock, process
from scout_adapters._internal.logs import logger_of
from scout_adapters.store.redis_url import RedisUrl, check_installed, connect
from scout_adapters.store.store_advice import fault_kind, outage_text

logger = logger_of(__name__)

PAUSE_SECONDS = 1.0
"""Seconds between two tries of a server that failed; up to a quarter more or less."""


class StoreUnavailableError(Exception):
    """The store did not answer, or not as it must; the message has the reason and no password."""


class LuaFunction:
    """A Lua function that runs as one step in the server, which finds it by its digest."""

    __slots__ = ("digest", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class LuaCall(NamedTuple):
    """A Lua function with the keys that it changes, all of one slot, and its arguments."""

    function: LuaFunction
    keys: Sequence[str]
    arguments: Sequence[str | int]


class RedisServer:
    """Runs Lua functions at a server, several in one round trip.

    After a failure, one call in `PAUSE_SECONDS` tries the server again; the others fail at once.
    """

    def __init__(self, url: RedisUrl, timeout: float | None = None, clock: Clock = SYSTEM) -> None:
        """Take the settings; a connection is opened on first use. `timeout` is in seconds.

        Raises: `ConfigurationError` if the extra `redis` is not installed.
        """
        check_installed()
        self.url = url
        self.fault = ""
        """Why the last call failed; empty while the server answers."""

        self._timeout = timeout
        self._clock = clock
        self._lock = fork_safe_lock()
        self._next_try = 0.0
        self._connected: tuple[int, Any] | None = None

    @property
    def client(self) -> Any:
        """The redis-py client of this process."""
        with self._lock:
            if self._connected is None or self._connected[0] != process.pid:
                self._connected = process.pid, connect(self.url, self._timeout)
            return self._connected[1]

    def now(self) -> float:
        """Return monotonic seconds."""
        return self._clock.now()

    def random(self) -> float:
        """Return a random number in [0, 1), for pauses."""
        return self._clock.random()

    def key(self, tag: str, *parts: str) -> str:
        """Return the name of a key; all names with one `tag` are in one slot of a cluster."""
        return ":".join((f"{self.url.prefix}:{{{tag}}}", *parts))

    def run(self, calls: Sequence[LuaCall]) -> list[Any]:
        """Run functions in order, in one round trip. Return their results.

        A server that has lost its functions runs calls of one function in order, too.

        Raises: `StoreUnavailableError`; the functions may have run all the same.
        """
        self._admit()
        from redis.exceptions import RedisClusterException, RedisError  # noqa: PLC0415  # an extra

        try:
            results = self._send(calls)
        except (RedisError, RedisClusterException, OSError, ValueError) as error:
            raise self.record_failure(error) from None
        if self.fault:
            self._record_recovery()
        return results

    @property
    def is_paused(self) -> bool:
        """Whether the server failed, and it is not time to try again."""
        return bool(self.fault) and self._clock.now() < self._next_try

    def check_pause(self) -> None:
        """Raise `StoreUnavailableError` if the server failed, and it is not time to try again."""
        if self.is_paused:
            raise StoreUnavailableError(self.fault)

    def _admit(self) -> None:
        if not self.fault:
            return
        with self._lock:
            now = self._clock.now()
            if now < self._next_try:
                raise StoreUnavailableError(self.fault)
            self._plan_next_try(now)

    def _plan_next_try(self, now: float) -> None:
        self._next_try = now + PAUSE_SECONDS * (0.75 + self._clock.random() / 2)

    def _send(self, calls: Sequence[LuaCall]) -> list[Any]:
        if len(calls) == 1 or self.url.topology == "cluster":
            return [self._call(call) for call in calls]
        pipeline = self.client.pipeline(transaction=False)
        for function, keys, arguments in calls:
            pipeline.evalsha(function.digest, len(keys), *keys, *arguments)
        results = pipeline.execute(raise_on_error=False)
        for number, result in enumerate(results):
            if isinstance(result, Exception):
                results[number] = self._call_again(calls[number], result)
        return list(results)

    def _call(self, call: LuaCall) -> Any:
        function, keys, arguments = call
        from redis.exceptions import NoScriptError  # noqa: PLC0415  # an extra

        try:
            return self.client.evalsha(function.digest, len(keys), *keys, *arguments)
        except NoScriptError as error:
            return self._call_again(call, error)

    def _call_again(self, call: LuaCall, error: Exception) -> Any:
        """Send the text of a function that the server does not have, or raise the error."""
        from redis.exceptions import NoScriptError  # noqa: PLC0415  # an extra

        if not isinstance(error, NoScriptError):
            raise error
        return self.client.eval(call.function.text, len(call.keys), *call.keys, *call.arguments)

    def record_failure(self, error: Exception) -> StoreUnavailableError:
        """Begin a pause, and return the error to raise.

        One line is logged for each kind of fault in an outage.
        """
        fault = outage_text(self.url.label, error)
        with self._lock:
            self.fault = fault
            self._plan_next_try(self._clock.now())
            connected = self._connected
        if connected is not None and connected[0] == process.pid:
            self._disconnect(connected[1])  # after a failover the address may be another server
        if _is_new_fault(self, fault_kind(error)):
            logger.warning("the store cannot be used: %s", fault)
        return StoreUnavailableError(fault)

    def _record_recovery(self) -> None:
        with self._lock:
            fault, self.fault = self.fault, ""
        if fault and _ends_outage(self):
            logger.warning("the store can be used again: %s", self.url.label)

    def close(self) -> None:
        """Close the connections of this process; the next call opens new ones."""
        with _failing_lock:
            _failing.pop(self, None)
        with self._lock:
            connected, self._connected = self._connected, None
        if connected is not None and connected[0] == process.pid:
            connected[1].close()

    @staticmethod
    def _disconnect(client: Any) -> None:
        pool = getattr(client, "connection_pool", None)  # a cluster replaces its nodes by itself
        if pool is not None:
            pool.disconnect(inuse_connections=False)


_failing: WeakKeyDictionary[RedisServer, set[str]] = WeakKeyDictionary()
"""Servers that failed since their store was last used, with the kinds of their faults:
health, limits and budgets have each a server of their own."""

_failing_lock = fork_safe_lock()


def _is_new_fault(server: RedisServer, kind: str) -> bool:
    """Return whether none with the same address has failed like this yet, so that it is logged."""
    with _failing_lock:
        others = (known for other, known in _failing.items() if other.url.label == server.url.label)
        is_new = not any(kind in known for known in others)
        _failing.setdefault(server, set()).add(kind)
        return is_new


def _ends_outage(server: RedisServer) -> bool:
    """Return whether it is the first with its address that can be used again."""
    with _failing_lock:
        if server not in _failing:
            return False
        for other in [each for each in _failing if each.url.label == server.url.label]:
            del _failing[other]
        return True
