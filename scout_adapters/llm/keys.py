"""Keys and their health: which one to use next, and for how long one must rest."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NoReturn

from scout_adapters.errors import InvalidKey, KeyEffect
from scout_adapters.locks import ForkSafeLock

logger = logging.getLogger(__name__)

MAX_COOLDOWN_SECONDS = 3600.0
QUARANTINE_SECONDS = 3600.0
MAX_QUARANTINE_SECONDS = 24 * 3600.0
MASK_SECONDS = 3600.0
MASS_REFUSAL_SECONDS = 60.0
CONDEMNING = frozenset({"refuse", "quarantine"})
MAX_WINDOW_SECONDS = 32 * 24 * 3600.0
"""A quota window that the server names may be longer than any cooldown: up to a month."""


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


@dataclass(eq=False, slots=True)
class KeyState:
    """An API key and what is known of its health; times are monotonic seconds."""

    key: str = field(repr=False)
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
    condemned_at: float = float("-inf")
    refused_at: float = float("-inf")

    def __post_init__(self) -> None:
        self.id = self.id or fingerprint(self.key)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key does not leave its process; hand over the variable's name instead")

    def ready_at(self, model: str | None = None) -> float:
        """Return when the key may be used (for `model`); in the past if it may now."""
        ready = max(self.cooldown_until, self.resting.get(model, 0.0) if model else 0.0)
        return max(ready, self.quarantined_until) if self.permanently_failed else ready

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
class Rules:
    """When and how long keys rest."""

    default_cooldown: float = 60.0
    max_failures_before_cooldown: int = 3

    def cooldown(self, failures: int) -> float:
        """Return the rest after so many failures in a row: 0 below the threshold, then doubling."""
        beyond = failures - self.max_failures_before_cooldown
        if beyond < 0:
            return 0.0
        return min(self.default_cooldown * 2.0 ** min(beyond, 32), MAX_COOLDOWN_SECONDS)


_lock = ForkSafeLock()
_states: dict[tuple[str, str, str], KeyState] = {}


def shared_state(provider: str, base_url: str, key: str) -> KeyState:
    """Return the one state of a key at a provider's address: all who use it share its health."""
    with _lock:
        return _states.setdefault((provider, base_url, key), KeyState(key))


class KeyPool:
    """The keys of one provider at one address."""

    def __init__(
        self, provider: str, states: Sequence[KeyState], rules: Rules | None = None
    ) -> None:
        self.provider = provider
        self.states = list(states)
        self.rules = rules or Rules()
        self._by_key = {state.key: state for state in self.states}

    def __len__(self) -> int:
        return len(self.states)

    def __iter__(self) -> Iterator[KeyState]:
        return iter(self.states)

    def pick(
        self, model: str | None, now: float, avoid: frozenset[str] = frozenset()
    ) -> KeyState | None:
        """Choose the healthy key with the lowest (failures, in flight, last used)."""
        best: KeyState | None = None
        for state in self.states:
            if state.id in avoid or state.ready_at(model) > now:
                continue
            if state.permanently_failed and state.in_flight:
                continue  # one probe at a time
            if best is None or _rank(state) < _rank(best):
                best = state
        return best

    def lease(
        self, model: str | None, now: float, avoid: frozenset[str] = frozenset()
    ) -> Lease | None:
        """Take the key to use next, or None if every one rests or was tried."""
        with _lock:
            state = self.pick(model, now, avoid)
            if state is None:
                return None
            state.in_flight += 1
            state.last_used = now
            return Lease(state, now, probe=state.permanently_failed)

    def ready_at(self, model: str | None, avoid: frozenset[str] = frozenset()) -> float | None:
        """Return when the first key (outside `avoid`) is ready; None if there is none."""
        return min((s.ready_at(model) for s in self.states if s.id not in avoid), default=None)

    def release(self, lease: Lease) -> None:
        """Give a key back of which nothing was learnt."""
        with _lock:
            lease.state.in_flight -= 1

    def succeed(self, lease: Lease, model: str | None = None) -> None:
        """Book a success; one that began before the last failure revives nothing."""
        with _lock:
            state = lease.state
            state.in_flight -= 1
            if lease.started < state.last_failure:
                return
            if lease.probe:
                state.permanently_failed, state.quarantines = False, 0
            self._revive(state, model)

    def fail(
        self,
        lease: Lease,
        effect: KeyEffect,
        *,
        now: float,
        model: str | None = None,
        retry_after: float | None = None,
        window: bool = False,
    ) -> None:
        """Book a failure that is the key's own, on the key that was sent."""
        with _lock:
            lease.state.in_flight -= 1
            if effect in CONDEMNING and lease.started <= lease.state.condemned_at:
                return  # one of many calls that were in flight when the key was first refused
            self._book(lease.state, effect, now, model, retry_after, window=window)

    def _book(
        self,
        state: KeyState,
        effect: KeyEffect,
        now: float,
        model: str | None,
        retry_after: float | None,
        *,
        window: bool = False,
    ) -> None:
        if effect == "none":
            return
        state.failures += 1
        state.last_failure = now
        if effect in CONDEMNING:
            self._quarantine(state, now)
            if effect == "refuse":
                state.refused_at = now
        elif effect == "mask" and model:
            state.resting[model] = max(state.resting.get(model, 0.0), now + MASK_SECONDS)
        else:
            limit = MAX_WINDOW_SECONDS if window else MAX_COOLDOWN_SECONDS
            # A wait of zero is no wait: the key rests by its own rules.
            self._rest(state, now, model, min(retry_after, limit) if retry_after else None)

    def _rest(self, state: KeyState, now: float, model: str | None, wait: float | None) -> None:
        """Let the key rest; what the server says applies to the model that was asked."""
        if wait is None:
            wait, model = self.rules.cooldown(state.failures), None
        if wait <= 0:
            return
        if model is None:
            state.cooldown_until = max(state.cooldown_until, now + wait)
        else:
            state.resting[model] = max(state.resting.get(model, 0.0), now + wait)
        logger.info("%s key %s rests for %.1f s", self.provider, state.id, wait)

    def _quarantine(self, state: KeyState, now: float) -> None:
        if state.permanently_failed and now < state.quarantined_until:
            return  # calls that were in flight together are one refusal
        rest = min(QUARANTINE_SECONDS * 2.0 ** min(state.quarantines, 8), MAX_QUARANTINE_SECONDS)
        state.permanently_failed = True
        state.quarantines += 1
        state.condemned_at = now
        state.quarantined_until = max(state.quarantined_until, now + rest)
        logger.warning(
            "%s key %s is out of rotation: the provider refuses it; tried again in %.0f s",
            self.provider,
            state.id,
            rest,
        )

    @staticmethod
    def _revive(state: KeyState, model: str | None) -> None:
        state.failures = 0
        state.cooldown_until = 0.0
        if model:
            state.resting.pop(model, None)

    def acquit(self, now: float) -> bool:
        """Lift the quarantine where it was the provider that erred, and tell whether it was.

        When the last key has been refused, and more than half of them (two or more) within a
        minute, then the provider is at fault and no key is condemned.
        """
        with _lock:
            recent = [s for s in self.states if now - s.refused_at < MASS_REFUSAL_SECONDS]
            if any(not s.permanently_failed for s in self.states):
                return False  # another key may still answer, and prove these ones bad
            if len(recent) < 2 or 2 * len(recent) <= len(self.states):  # noqa: PLR2004  # one is no crowd
                return False
            for state in recent:
                state.permanently_failed, state.quarantined_until = False, 0.0
                state.quarantines = max(0, state.quarantines - 1)
            return True

    def state_of(self, key: str) -> KeyState | None:
        """Find a key's state by the key."""
        return self._by_key.get(key)

    def record_success(self, key: str) -> None:
        """Book a success by hand."""
        if state := self.state_of(key):
            with _lock:
                self._revive(state, None)

    def record_failure(
        self, key: str, *, permanent: bool, retry_after: float | None, now: float
    ) -> None:
        """Book a failure by hand."""
        if state := self.state_of(key):
            with _lock:
                effect: KeyEffect = "refuse" if permanent else "cooldown"
                self._book(state, effect, now, None, retry_after)


def _rank(state: KeyState) -> tuple[bool, int, int, float]:
    # A quarantined key that is due for its probe goes last: a healthy one answers the caller.
    return (state.permanently_failed, state.failures, state.in_flight, state.last_used)
