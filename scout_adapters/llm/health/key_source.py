"""Key sources: read when a key is needed, cached until it expires, shared by waiting calls.

Each reading runs in its own thread, because it may block, and because the other calls still wait
for it if one is cancelled.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.fork import call_after_fork, fork_safe_lock
from scout_adapters._internal.redaction import key_redactor, mask_secrets
from scout_adapters.errors import one_line
from scout_adapters.llm.health.key_texts import ENV, FILE, fingerprint
from scout_adapters.llm.health.source_fault import KeySourceFault
from scout_adapters.llm.health.source_readers import (
    UNCHANGED,
    FileReader,
    FunctionReader,
    Reader,
    VariableReader,
    function_name,
)
from scout_adapters.llm.health.source_reading import LoopEnded, Reading
from scout_adapters.llm.health.source_values import BadSourceValue, Secret, secret_of

MAX_READ_SECONDS = 30.0
"""Seconds that a call waits for a key source; after them another reading may start."""

MAX_PAUSE = 60.0
"""Seconds: the longest pause after failed readings of a source. The first is 1 s, each further one
twice as long; during a pause, all calls get the last error."""

MAX_RECENT = 8
"""Number of secrets of a source, the newest ones, that are removed from texts."""


MAX_NUMBERED = 1000
"""Number of function names whose last suffix number is remembered."""


class KeySource:
    """A key that comes from a file, a variable or a function. All times are monotonic seconds.

    source = key_source("file:/run/secrets/groq")
    secret = source.read(time.monotonic, timeout=10)
    """

    def __init__(self, reader: Reader, label: str) -> None:
        """`label` names the source in tables and errors."""
        self.label = label
        self.id = f"src_{fingerprint(label)}"
        """Id of the key in logs; it stays the same when the source returns a new secret."""

        self.failures = 0
        self.failed_until = 0.0
        self._reader = reader
        self._fault = ""
        self._secret: Secret | None = None
        self._checked_until = 0.0
        self._read_again = False
        self._refused: WeakKeyDictionary[object, tuple[Secret, float]] = WeakKeyDictionary()
        """By `KeyState`: the secret that its provider refuses, and until when."""

        self._recent: deque[str] = deque(maxlen=MAX_RECENT)
        self._reading: Reading | None = None
        self._lock = fork_safe_lock()
        _all_sources.add(self)

    def __repr__(self) -> str:
        return f"KeySource({self.label!r})"

    @property
    def fault(self) -> str:
        """Name of the source and error of the last reading; empty if that succeeded."""
        return f"the key source {self.label} {self._fault}" if self._fault else ""

    @property
    def is_local(self) -> bool:
        """Whether it is a file or a variable, which can be read without a side effect."""
        return not isinstance(self._reader, FunctionReader)

    def fresh(self, now: float) -> Secret | None:
        """Return the secret if it is still current; None if the source must be read."""
        secret = self._secret
        if secret is None or now >= secret.fresh_until or self._read_again:
            return None
        return secret if now < self._checked_until or self._reader.is_unchanged() else None

    def _usable(self, now: float) -> Secret | None:
        """Return the cached secret for use after a failed reading; None if it may have expired."""
        secret = self._secret
        valid = secret is not None and now < secret.valid_until < float("inf")
        return secret if valid and not self._read_again else None

    def read(self, clock: Callable[[], float], timeout: float = MAX_READ_SECONDS) -> Secret:
        """Return the current secret; calls that come at the same time share one reading.

        `timeout` is in seconds, at most `MAX_READ_SECONDS`.

        Raises: `KeySourceFault`.
        """
        while True:
            reading = self._begin(clock, None)
            if isinstance(reading, Secret):
                return reading
            if reading.wait(min(timeout, MAX_READ_SECONDS)):
                if not reading.lost:
                    return self._outcome(reading, clock)
            else:
                raise self._too_slow(reading, clock, timeout)

    async def aread(self, clock: Callable[[], float], timeout: float = MAX_READ_SECONDS) -> Secret:  # noqa: ASYNC109  # the twin's
        """Twin of `read`; an awaitable of the source is awaited on this event loop."""
        while True:
            reading = self._begin(clock, asyncio.get_running_loop())
            if isinstance(reading, Secret):
                return reading
            if await reading.await_end(min(timeout, MAX_READ_SECONDS)):
                if not reading.lost:
                    return self._outcome(reading, clock)
            else:
                raise self._too_slow(reading, clock, timeout)

    def _begin(
        self, clock: Callable[[], float], loop: asyncio.AbstractEventLoop | None
    ) -> Secret | Reading:
        """Return the secret, or the reading to wait for; start a reading if none runs."""
        with self._lock:
            now = clock()
            if (secret := self.fresh(now)) is not None:
                return secret
            reading = self._reading
            if reading is not None and reading.is_open and not reading.blocks(loop):
                return reading
            if now < self.failed_until:
                return self._after_fault(now)
            reading = self._reading = Reading(loop, time.monotonic() + MAX_READ_SECONDS)
            run = reading.start if self._reader.blocks else reading.run
            run(self._read_value, reading, clock)
            return reading

    def _read_value(self, reading: Reading, clock: Callable[[], float]) -> None:
        """Read the source and store the secret or the fault; runs in the reading's thread."""
        again = self._read_again or self.failures > 0
        try:
            value = reading.resolve(self._reader.read(again=again))
            now = clock()
            secret = self._secret
            if value is not UNCHANGED or secret is None:
                secret = secret_of(value, now, time.time())
        except LoopEnded:
            raise  # another reading follows
        except BaseException as error:  # noqa: BLE001  # a user's function may raise anything
            self._fail(reading, self._message(error), clock())
            return
        with self._lock:
            if reading is not self._reading:
                return  # a later one has replaced it
            self._keep(secret, now)

    def _keep(self, secret: Secret, now: float) -> None:
        self._secret, self._read_again = secret, False
        self.failures, self.failed_until, self._fault = 0, 0.0, ""
        check = self._reader.check_seconds
        self._checked_until = float("inf") if check is None else now + check
        self._recent.extend(part for part in secret.parts if part not in self._recent)

    def _fail(self, reading: Reading, message: str, now: float) -> None:
        with self._lock:
            if reading is not self._reading:
                return
            self.failures += 1
            self.failed_until = now + min(2.0 ** min(self.failures - 1, 16), MAX_PAUSE)
            self._fault = message
            reading.failed = True

    def _outcome(self, reading: Reading, clock: Callable[[], float]) -> Secret:
        """Return the secret after a reading; if the reading failed, the previous one if valid."""
        with self._lock:
            if reading.failed or self._secret is None:
                return self._after_fault(clock())
            return self._secret

    def _after_fault(self, now: float) -> Secret:
        if (secret := self._usable(now)) is not None:
            return secret
        raise KeySourceFault(self._fault, self.failed_until)

    def _too_slow(
        self, reading: Reading, clock: Callable[[], float], timeout: float
    ) -> KeySourceFault:
        if timeout < MAX_READ_SECONDS:  # the call has less time than a source may take
            return KeySourceFault("did not answer before the call's deadline", clock())
        message = f"did not answer within {MAX_READ_SECONDS:g} s"
        self._fail(reading, message, clock())
        return KeySourceFault(message, self.failed_until)

    def _message(self, error: BaseException) -> str:
        """Return the error message of a failed reading, without any secret."""
        if isinstance(error, BadSourceValue):
            return str(error)
        text = mask_secrets(self.redact(f"{type(error).__name__}: {error}"))
        return f"raised {one_line(text, 200)}"

    def redact(self, text: str) -> str:
        """Return the text with the last secrets of the source replaced by the key's id."""
        *older, last, current = "", "", *self._recent
        for secret in filter(None, older):
            text = text.replace(secret, f"<key {self.id}>")
        for secret in filter(None, (last, current)):  # also parts of it, which takes long
            text = key_redactor(secret, f"<key {self.id}>")(text)
        return text

    def returned(self, key: str) -> bool:
        """Return whether `key` is one of the last secrets that the source returned."""
        return key in self._recent

    def renew(self, refused: Secret, since: float) -> bool:
        """Return whether to read the source again and retry, after a provider refused a secret.

        False if the source has returned the refused secret since `since` (monotonic seconds), the
        start of the attempt.
        """
        with self._lock:
            current = self._secret
            if current is not None and current.equals(refused):
                if current.read_at > since:
                    return False
                self._read_again = True
            return True

    def mark_refused(self, state: object, refused: Secret, until: float) -> None:
        """Record that the provider of the key `state` refuses a secret until `until`."""
        self._refused[state] = refused, until
        self._read_again = True

    def forget_refused(self, state: object) -> None:
        """Drop the refused secret of the key `state`."""
        self._refused.pop(state, None)

    def is_refused(self, state: object, secret: Secret, now: float) -> bool:
        """Return whether the provider of the key `state` has refused this secret recently."""
        refused, until = self._refused.get(state, (None, 0.0))
        return refused is not None and now < until and refused.equals(secret)

    def forget_reading(self) -> None:
        """Drop the reading in progress, because its thread does not exist in a forked child."""
        self._reading = None


_all_sources: WeakSet[KeySource] = WeakSet()
_sources: WeakValueDictionary[Any, KeySource] = WeakValueDictionary()
_labeled: WeakValueDictionary[str, KeySource] = WeakValueDictionary()
_numbers: BoundedDict[str, int] = BoundedDict(MAX_NUMBERED)
"""By function name: the last suffix number; without it, each new source would try all numbers."""

_sources_lock = fork_safe_lock()


def _forget_readings() -> None:
    for source in list(_all_sources):
        source.forget_reading()


call_after_fork(_forget_readings)


def key_source(origin: str | Callable[[], Any]) -> KeySource:
    """Return the `KeySource` of a reference (`file:...`, `env:...`) or function: one per origin."""
    with _sources_lock:
        key = _identity(origin)
        if (source := _sources.get(key)) is None:
            reader = _reader(origin)
            source = _sources[key] = _labeled[reader.label] = KeySource(reader, reader.label)
        return source


def forget_sources() -> None:
    """Forget all sources; the next use of a reference or function creates a new one."""
    with _sources_lock:
        _sources.clear()
        _labeled.clear()
        _numbers.clear()


def _identity(origin: str | Callable[[], Any]) -> Any:
    """Return a dict key for an origin: the origin itself, or its `id()` if it has no hash."""
    try:
        hash(origin)
    except TypeError:
        return id(origin)  # the source keeps the object alive
    return origin


def _reader(origin: str | Callable[[], Any]) -> Reader:
    if not isinstance(origin, str):
        return FunctionReader(origin, _free_label(function_name(origin)))
    if origin.startswith(FILE):
        return FileReader(origin.removeprefix(FILE).removeprefix("//"))
    return VariableReader(origin.removeprefix(ENV))


def _free_label(name: str) -> str:
    """Return a function's name, with a number if another function has it already."""
    label = name
    while label in _labeled:
        number = _numbers.get(name, 1) + 1
        _numbers.put(name, number)
        label = f"{name} #{number}"
    return label
