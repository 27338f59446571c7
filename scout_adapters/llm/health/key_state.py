"""API keys and their health: cooldowns, quarantine, quota left, leases."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from itertools import count
from typing import TYPE_CHECKING, NoReturn, Protocol
from weakref import WeakSet

from scout_adapters._internal.fork import call_after_fork, fork_safe_lock
from scout_adapters.llm.health.key_affinity import ConversationKeys
from scout_adapters.llm.health.key_ramp import Ramp
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.llm.health.quota_left import QuotaLeft, QuotaLeftByModel
from scout_adapters.llm.health.remembered_models import remember

if TYPE_CHECKING:
    from scout_adapters.llm.health.key_source import KeySource
    from scout_adapters.llm.health.shared_subject import SharedSubject
    from scout_adapters.llm.health.source_values import Secret

MAX_COOLDOWN_SECONDS = 3600.0
PROBE_POLL_SECONDS = 1.0
"""Seconds between two checks whether another call's probe of a key has ended."""


class HealthListener(Protocol):
    """Receives a notice when a key's health may have improved."""

    def touch(self, state: KeyState) -> None:
        """Mark a key for re-ranking."""


class _HiddenKey:
    """Stores the key outside the dataclass fields, so that `dataclasses.asdict` omits it."""

    __slots__ = ("key", "source")
    key: str
    """The key; empty if it comes from a source."""

    source: KeySource | None

    def hide(self, origin: str | KeySource) -> None:
        """Store a key or the source of one."""
        self.key, self.source = (origin, None) if isinstance(origin, str) else ("", origin)


@dataclass(eq=False, slots=True, weakref_slot=True)
class KeyState(_HiddenKey):
    """An API key and its health. All times are monotonic seconds.

    An empty key stands for all requests to a server without keys; its id is empty as well.
    """

    key: InitVar[str | KeySource]
    id: str = ""
    """The key's fingerprint; for a key from a source, the id of the source."""

    failures: int = 0
    in_flight: int = 0
    last_used: float = 0.0
    last_failure: float = float("-inf")
    last_success: float = float("-inf")
    marks: int = 0
    """Failures since the last cooldown; a key with fewer is used first."""

    cooldown_until: float = 0.0
    model_cooldowns: dict[str, float] = field(default_factory=dict)
    """By model: end of a cooldown that applies to this model only."""

    model_refusals: dict[str, str] | None = None
    """By model: the kind of the refusal behind its cooldown, if the key may not use the model."""

    permanently_failed: bool = False
    out_of_credit: bool = False
    """Whether the last failure was that of an account without credit."""

    quarantined_until: float = 0.0
    quarantines: int = 0
    quarantined_at: float = float("-inf")
    refused_at: float = float("-inf")
    learned_at: float = float("-inf")
    """When this process last learned of a failure in another process, which is later than it."""

    account: str = ""
    """The account that the key belongs to, if an answer has named it."""

    quotas: QuotaLeftByModel = field(default_factory=QuotaLeftByModel)
    ramps: dict[str | None, Ramp | None] = field(default_factory=dict)
    """By model: limits unanswered requests after a cooldown. None: any number may be unanswered."""

    listeners: list[Callable[[], HealthListener | None]] = field(default_factory=list, init=False)
    """Weak references to the pools that contain the key."""

    shared: SharedSubject | None = field(default=None, init=False, repr=False)

    def __post_init__(self, key: str | KeySource) -> None:
        self.hide(key)
        own = key.id if not isinstance(key, str) else fingerprint(key) if key else ""
        self.id = self.id or own
        _all_states.add(self)

    @property
    def label(self) -> str:
        """The key's id, with the name of its source if it has one; for tables."""
        return f"{self.id} ({self.source.label})" if self.source else self.id

    @property
    def origin(self) -> str | KeySource:
        """The key itself, or its source."""
        return self.source or self.key

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key cannot be copied or pickled: pass the name of its variable")

    def ready_at(self, model: str | None = None) -> float:
        """Return when the key may be used for `model`; a past time if it may be used now."""
        ready = max(self.cooldown_until, self.model_cooldowns.get(model, 0.0) if model else 0.0)
        return max(ready, self.quarantined_until) if self.permanently_failed else ready

    def refused_model(self, model: str, now: float) -> str | None:
        """Return the kind of the refusal for which the key is not used for a model; or None."""
        if self.model_refusals is None or self.model_cooldowns.get(model, 0.0) <= now:
            return None
        return self.model_refusals.get(model)

    def insufficient_quota(self, model: str | None, tokens: int, now: float) -> QuotaLeft | None:
        """Return the limit with too little left for a request of `tokens`; None if none has."""
        for quota in self.quotas.get(model, ()) if model else ():
            requests = quota.counts == "requests"
            required = self.in_flight + 1 if requests else max(tokens, 1)
            if quota.left < required and now < quota.until:
                return quota
        return None

    def due_at(self, model: str | None, now: float) -> float:
        """Return when a call should try to lease the key (monotonic seconds)."""
        ready = self.ready_at(model)
        if ready > now:
            return ready
        if self.permanently_failed and self.in_flight:
            return now + PROBE_POLL_SECONDS
        full = self._full_ramp(model, now)
        return ready if full is None else full.poll_at(now)

    def wait(self, model: str | None, now: float) -> None:
        """Count a call that waits for the key, if the key is in cooldown."""
        if self.ramps.get(model) is None or self.ready_at(model) <= now:
            return
        with health_lock:
            if (ramp := self.ramps.get(model)) is not None:
                ramp.wait()

    def is_usable(self, model: str | None, now: float) -> bool:
        """Return whether the key can be leased now.

        A refused key can be leased by one call at a time, a key after a rest by a few.
        """
        probe_running = self.permanently_failed and self.in_flight
        if probe_running or self.ready_at(model) > now:
            return False
        return self._full_ramp(model, now) is None

    def _full_ramp(self, model: str | None, now: float) -> Ramp | None:
        """Return the limit that admits no further request for a model now; None if one may go."""
        if self.ramps.get(model) is None:
            return None
        with health_lock:  # calls in other threads change it
            ramp = self.ramp(model, now)
            return None if ramp is None or ramp.admits(now) else ramp

    def ramp(self, model: str | None, now: float) -> Ramp | None:
        """Return the limit of unanswered requests for a model; None if there is no limit."""
        ramp = self.ramps.get(model)
        if ramp is not None and ramp.is_over(now):
            ramp = self.ramps[model] = None
        return ramp

    @property
    def is_rejected(self) -> bool:
        """Whether the provider refused the key itself, not its account."""
        return self.permanently_failed and self.refused_at >= self.quarantined_at

    def lift_quarantine(self) -> None:
        """Return the key to the rotation; the next quarantine is as short as the first."""
        if self.source is not None:
            self.source.forget_refused(self)
        self.permanently_failed = self.out_of_credit = False
        self.quarantines, self.quarantined_until = 0, 0.0

    def reset(self) -> None:
        """Make the key healthy and unused; calls in progress stay counted."""
        self.failures = self.marks = 0
        self.lift_quarantine()
        self.last_used = self.cooldown_until = 0.0
        self.last_failure = self.learned_at = float("-inf")
        self.quarantined_at = self.refused_at = float("-inf")
        self.model_cooldowns.clear()
        self.out_of_credit = False
        self.ramps.clear()
        self.account, self.quotas = "", QuotaLeftByModel()
        self.notify()

    def start_ramp(self, model: str | None, until: float) -> None:
        """Limit requests after a cooldown that ends at `until`: first one, then more (`Ramp`)."""
        ramp = self.ramps.get(model)
        if ramp is None:
            ramp = Ramp(max(1, self.in_flight // 2))
            remember(self.ramps, model, ramp)
        ramp.refuse(until)

    def notify(self) -> None:
        """Notify the pools that the key's health may have improved."""
        for listener in self.listeners:
            if (pool := listener()) is not None:
                pool.touch(self)

    def is_healthy(self, now: float | None = None) -> bool:
        """Return whether the key is in rotation; a quarantined one is not, even if it is due."""
        now = time.monotonic() if now is None else now
        return not self.permanently_failed and self.ready_at() <= now


class LeaseOwner(Protocol):
    """A call that receives a lease before the key counts it, and always gives it back."""

    lease: Lease | str | None


_tickets = count()


@dataclass(eq=False, slots=True)
class Lease:
    """One key, leased for one attempt; return it to its pool with the outcome."""

    state: KeyState = field(repr=False)
    started: float
    secret: Secret | None = field(default=None, repr=False)
    """The secret that the key's source returned for the attempt."""

    probe: bool = False
    ramp: Ramp | None = field(default=None, repr=False)
    is_open: bool = False
    """Whether the key counts this lease as in flight."""

    used_before: float = 0.0
    """When the key was last used before this lease."""

    conversation: ConversationKeys | None = field(default=None, repr=False)
    """The conversation that will prefer this key after its answer; None without key affinity."""

    ticket: int = field(default_factory=_tickets.__next__, repr=False)
    """Number of this lease in the process; identifies it in `Ramp`."""

    def take(self, model: str | None) -> None:
        """Count the request as in flight. Call it with `health_lock` acquired."""
        state = self.state
        self.probe = state.permanently_failed
        self.used_before, state.last_used = state.last_used, self.started
        self.ramp = state.ramp(model, self.started)
        if self.ramp is not None:
            self.ramp.enter(self.ticket, self.started)
        # One line: an exception between the two would leave the count wrong for ever.
        state.in_flight, self.is_open = state.in_flight + 1, True

    @property
    def precedes_quarantine(self) -> bool:
        """Whether the call was in flight when the key's quarantine began, or became known here."""
        state = self.state
        known_at = state.learned_at if state.permanently_failed else float("-inf")
        return self.started <= max(state.quarantined_at, known_at)

    def undo_use(self) -> None:
        """Rank the key as before the lease, unless another call has leased it since then."""
        if self.state.in_flight == 1 and self.state.last_used == self.started:
            self.state.last_used = self.used_before

    def accept(self) -> None:
        """Count the request as accepted by the provider: its answer has begun."""
        if self.ramp is not None:
            self.ramp.leave(self.ticket, accepted=True)

    def give_back(self, *, accepted: bool = False) -> bool:
        """Count the request as ended, once. Return whether it was in flight until now."""
        if not self.is_open:
            return False
        state, self.ramp, ramp = self.state, None, self.ramp
        if ramp is not None:
            ramp.leave(self.ticket, accepted=accepted)
        # In a forked child the count has started again.
        state.in_flight, self.is_open = max(0, state.in_flight - 1), False
        state.notify()
        return True

    @property
    def key(self) -> str:
        """The key itself; only for the request's header."""
        return self.state.key

    @property
    def key_id(self) -> str:
        """The key's fingerprint, for logs, records and errors."""
        return self.state.id


@dataclass(frozen=True, slots=True, kw_only=True)
class CooldownRules:
    """When a cooldown starts, and how long it is."""

    default_cooldown: float = 60.0
    """Seconds of the first cooldown; each further failure doubles it."""

    max_failures_before_cooldown: int = 3

    def cooldown(self, failures: int) -> float:
        """Return the seconds of cooldown after so many failures in a row; 0 below the threshold."""
        beyond = failures - self.max_failures_before_cooldown
        if beyond < 0:
            return 0.0
        return min(self.default_cooldown * 2.0 ** min(beyond, 32), MAX_COOLDOWN_SECONDS)


health_lock = fork_safe_lock()
"""Lock for the health of all keys; acquire it to read and change a key's state in one step."""

_all_states: WeakSet[KeyState] = WeakSet()


def _forget_requests() -> None:
    """Count no requests in a forked child: those of the parent never end here."""
    for state in list(_all_states):
        state.in_flight = 0
        for ramp in filter(None, state.ramps.values()):
            ramp.forget_requests()
        state.notify()


call_after_fork(_forget_requests)
