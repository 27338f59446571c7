"""Keys and their health: which one to use next, and for how long one must rest."""

from __future__ import annotations

import hashlib
import hmac
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import InitVar, dataclass, field
from functools import lru_cache
from typing import NoReturn, Protocol

from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters.errors import InvalidKey
from scout_adapters.llm.types import QuotaLeft

MAX_COOLDOWN_SECONDS = 3600.0
PROBE_POLL_SECONDS = 1.0
"""How long to wait before asking again whether another call's probe of a key has come back."""


@lru_cache(maxsize=4096)
def fingerprint(key: str) -> str:
    """Name a key without showing any part of it: eight hex digits, the same everywhere."""
    return hmac.new(b"scout_adapters", key.encode(), hashlib.sha256).hexdigest()[:8]


def clean_key(raw: str, *, source: str) -> str:
    """Strip a key, and refuse what no HTTP header can carry; the error never shows it."""
    key = raw.strip()
    if not key or not all("!" <= char <= "~" for char in key):
        what = "is empty" if not key else "holds a blank, a line break or a non-ASCII character"
        raise InvalidKey(f"a key from {source} {what}; copy it again")
    return key


def clean_keys(raw: Iterable[str], *, source: str) -> tuple[str, ...]:
    """Clean each key and drop repeated and empty ones, keeping the order."""
    return tuple(dict.fromkeys(clean_key(key, source=source) for key in raw if key.strip()))


def env_keys(prefixes: Iterable[str]) -> tuple[str, ...]:
    """Read {PREFIX}_API_KEYS (comma-separated, wins), or else {PREFIX}_API_KEY."""
    names = tuple(prefixes)
    variables = (*(f"{name}_API_KEYS" for name in names), *(f"{name}_API_KEY" for name in names))
    for variable in variables:
        listed = os.environ.get(variable, "").split(",")
        if keys := clean_keys(listed, source=variable):
            return keys
    return ()


class HealthListener(Protocol):
    """Wants to know when a key may have become better."""

    def touch(self, state: KeyState) -> None:
        """Hear of it."""


class QuotaLeftByModel(dict[str, tuple[QuotaLeft, ...]]):
    """By model, what the last answer said is left; one for all keys of an account."""

    def __init__(self, *said: Iterable[tuple[str, tuple[QuotaLeft, ...]]]) -> None:
        super().__init__(*said)
        self._lacking: dict[KeyState, None] = {}

    def wait_for_more(self, state: KeyState) -> None:
        """Tell this key when there may be more again."""
        self._lacking[state] = None

    def keep(self, model: str, left: tuple[QuotaLeft, ...]) -> None:
        """Keep what was said; where a limit has eased, those that lacked it hear of it."""
        eased = self._lacking and _eased(self.get(model, ()), left)
        self[model] = left
        if eased:
            lacking, self._lacking = self._lacking, {}
            for state in lacking:
                state.notify()


def _eased(before: tuple[QuotaLeft, ...], left: tuple[QuotaLeft, ...]) -> bool:
    """Tell whether a limit has become wider or shorter, or is no longer spoken of."""
    return not all(any(_is_no_easier(new, old) for new in left) for old in before)


def _is_no_easier(new: QuotaLeft, old: QuotaLeft) -> bool:
    return new.counts == old.counts and new.left <= old.left and new.until >= old.until


class _KeyHolder:
    """Holds the key where `dataclasses.asdict`, and whoever lists fields, does not find it."""

    __slots__ = ("key",)
    key: str


@dataclass(eq=False, slots=True)
class KeyState(_KeyHolder):
    """An API key and what is known of its health; times are monotonic seconds."""

    key: InitVar[str]
    id: str = ""
    failures: int = 0
    in_flight: int = 0
    last_used: float = 0.0
    last_failure: float = float("-inf")
    cooldown_until: float = 0.0
    resting: dict[str, float] = field(default_factory=dict)
    """Models for which alone the key rests, and until when."""

    permanently_failed: bool = False
    quarantined_until: float = 0.0
    quarantines: int = 0
    quarantined_at: float = float("-inf")
    refused_at: float = float("-inf")
    account: str = ""
    """Whose key it is, as far as an answer has said."""

    allowances: QuotaLeftByModel = field(default_factory=QuotaLeftByModel)
    listeners: list[Callable[[], HealthListener | None]] = field(default_factory=list, init=False)
    """Weak references to the pools that order it by its health."""

    def __post_init__(self, key: str) -> None:
        self.key = key
        self.id = self.id or fingerprint(key)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key does not leave its process; hand over the variable's name instead")

    def ready_at(self, model: str | None = None) -> float:
        """Return when the key may be used (for `model`); in the past if it may now."""
        ready = max(self.cooldown_until, self.resting.get(model, 0.0) if model else 0.0)
        return max(ready, self.quarantined_until) if self.permanently_failed else ready

    def lacks(self, model: str | None, tokens: int, now: float) -> QuotaLeft | None:
        """Return the limit that has not enough left for one more request of so many tokens."""
        for allowance in self.allowances.get(model, ()) if model else ():
            requests = allowance.counts == "requests"
            wanted = self.in_flight + 1 if requests else max(tokens, 1)
            if allowance.left < wanted and now < allowance.until:
                return allowance
        return None

    def due_at(self, model: str | None, now: float) -> float:
        """Return when to ask for the key: one that is being probed may be known any moment."""
        ready = self.ready_at(model)
        probed = ready <= now and self.permanently_failed and self.in_flight
        return now + PROBE_POLL_SECONDS if probed else ready

    def is_usable(self, model: str | None, now: float) -> bool:
        """Tell whether it can be asked now; while it is refused, by one call at a time."""
        probed = self.permanently_failed and self.in_flight
        return not probed and self.ready_at(model) <= now

    def notify(self) -> None:
        """Tell those who order it that it may have become better."""
        for listener in self.listeners:
            if (pool := listener()) is not None:
                pool.touch(self)

    def is_healthy(self, now: float | None = None) -> bool:
        """Tell whether the key is in rotation; a quarantined one is not, even when due."""
        now = time.monotonic() if now is None else now
        return not self.permanently_failed and self.ready_at() <= now


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to use one key for one attempt; give it back with what came of it."""

    state: KeyState = field(repr=False)
    started: float
    probe: bool

    @property
    def key(self) -> str:
        """The key itself, for the header and nothing else."""
        return self.state.key

    @property
    def key_id(self) -> str:
        """The key's fingerprint, for everything else."""
        return self.state.id


@dataclass(frozen=True, slots=True, kw_only=True)
class CooldownRules:
    """When and how long keys rest."""

    default_cooldown: float = 60.0
    max_failures_before_cooldown: int = 3

    def cooldown(self, failures: int) -> float:
        """Return the rest after so many failures in a row: 0 below the threshold, then doubling."""
        beyond = failures - self.max_failures_before_cooldown
        if beyond < 0:
            return 0.0
        return min(self.default_cooldown * 2.0 ** min(beyond, 32), MAX_COOLDOWN_SECONDS)


health = fork_safe_lock()
"""Held while the health of any key is read and changed together."""

_states: dict[tuple[str, str, str], KeyState] = {}


def shared_state(provider: str, base_url: str, key: str) -> KeyState:
    """Return the one state of a key at a provider's address: all who use it share its health."""
    with health:
        return _states.setdefault((provider, base_url, key), KeyState(key))
