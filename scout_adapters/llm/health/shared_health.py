"""Share the health of keys and circuits between processes, as facts in a store.

Each process decides from its own local states, into which the facts of other processes are merged.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from hashlib import blake2b
from weakref import WeakKeyDictionary, WeakValueDictionary

from scout_adapters._internal.fork import fork_safe_lock
from scout_adapters.llm.health.circuit_breaker import CircuitBreaker
from scout_adapters.llm.health.key_state import KeyState, health_lock
from scout_adapters.llm.health.remembered_models import remember
from scout_adapters.llm.health.shared_quotas import adopt_quota
from scout_adapters.llm.health.shared_subject import SharedSubject
from scout_adapters.store.facts import SAME_END, SAME_MOMENT, Fact, FactTable, StateStore


class SharedHealth:
    """Keys and circuits of this process whose health is shared through one store."""

    def __init__(self, store: StateStore, now: Callable[[], float] = time.monotonic) -> None:
        self.store = store
        self._now = now
        self._shares_quotas = getattr(store, "shares_quotas", True)
        self._lock = fork_safe_lock()
        self._table = FactTable()
        self._publisher = threading.local()
        self._keys: WeakValueDictionary[str, KeyState] = WeakValueDictionary()
        self._circuits: WeakValueDictionary[str, CircuitBreaker] = WeakValueDictionary()
        store.subscribe(self)

    def add_key(self, provider: str, address: str, state: KeyState) -> None:
        """Share the health of a key from now on, and apply the facts about it in the store."""
        subject = f"key {provider} {_digest(address)} {state.id}"
        if self._keys.get(subject) is state and state.shared is not None:
            return
        self._keys[subject] = state
        state.shared = SharedSubject(
            subject,
            self.publish,
            provider,
            address,
            shares_quotas=self._shares_quotas,
            others=self._others,
        )
        self._apply_all(subject)

    def _others(self) -> int:
        others: int = getattr(self.store, "others", 0)
        return others

    def add_circuit(self, provider: str, address: str, circuit: CircuitBreaker) -> None:
        """Share the state of a circuit from now on, and apply the facts about it in the store."""
        subject = f"circuit {provider} {_digest(address)}"
        if self._circuits.get(subject) is circuit and circuit.shared is not None:
            return
        self._circuits[subject] = circuit
        circuit.shared = SharedSubject(subject, self.publish)
        self._apply_all(subject)

    def publish(self, fact: Fact) -> None:
        """Send a fact of this process to all others."""
        with self._lock:
            merged = self._table.merge(fact, self._now(), is_own=True)
        if merged is not None:
            self._publisher.is_active = True  # a store in memory delivers at once, to this one too
            try:
                self.store.publish(fact)
            finally:
                self._publisher.is_active = False

    def receive(
        self,
        facts: list[Fact],
        *,
        in_order: bool = False,
        unless: Callable[[Fact], bool] | None = None,
    ) -> None:
        """Merge facts of other processes into the local states."""
        if getattr(self._publisher, "is_active", False):
            return
        for fact in facts:
            with self._changing(fact.subject):
                if unless is not None and unless(fact):
                    continue
                now = self._now()
                with self._lock:
                    merged = self._table.merge(fact, now, in_order=in_order)
                if merged is not None:
                    self._apply(merged, now)

    def receive_own(self, fact: Fact) -> None:
        """Apply a fact of this process again, if one of another process took its place here.

        The other one was received later, but the store had it earlier: all processes keep what the
        store keeps.
        """
        with self._changing(fact.subject):
            now = self._now()
            with self._lock:
                is_known = self._table.has_own(fact)
                merged = None if is_known else self._table.merge(fact, now, in_order=True)
                drops = is_known and fact.kind == "revival"
                ended = self._table.drop_rests_of_others(fact, now) if drops else []
            if merged is not None:
                self._apply(merged, now)
            if ended and (state := self._keys.get(fact.subject)) is not None:
                _end_rests(state, ended, now)

    def live_facts(self) -> list[Fact]:
        """Return the facts, of this and other processes, that have not expired."""
        with self._lock:
            return self._table.live(self._now())

    def _changing(self, subject: str) -> AbstractContextManager[object]:
        """Return the lock of a key or circuit: what a call finds is published under it, too.

        Else a call could publish between a fact's way into the table and into the state.
        """
        if subject in self._keys:
            return health_lock
        circuit = self._circuits.get(subject)
        return nullcontext() if circuit is None else circuit.lock

    def _apply_all(self, subject: str) -> None:
        now = self._now()
        with self._lock:
            facts = self._table.of(subject, now)
        for fact in facts:
            self._apply(fact, now)

    def _apply(self, fact: Fact, now: float) -> None:
        if (state := self._keys.get(fact.subject)) is not None:
            with health_lock:
                _apply_to_key(state, fact, now)
        elif (circuit := self._circuits.get(fact.subject)) is not None:
            _apply_to_circuit(circuit, fact, now)


def _apply_to_circuit(circuit: CircuitBreaker, fact: Fact, now: float) -> None:
    if fact.kind == "open":
        circuit.adopt_open(now + fact.seconds)
    elif fact.kind == "closed":
        circuit.adopt_closed()
    elif fact.kind == "probing":
        circuit.adopt_probe(now + fact.seconds)
    elif fact.kind == "probed":
        circuit.adopt_probe_end(fact.details.get("good", 0))


def _apply_to_key(state: KeyState, fact: Fact, now: float) -> None:
    at = now - fact.age
    if fact.kind == "rest":
        _rest(state, fact.place.partition(" ")[2] or None, at, now, now + fact.seconds)
    elif fact.kind == "quarantine":
        _quarantine(state, fact, at, now)
    elif fact.kind == "revival":
        _revive(state, at)
    elif fact.kind == "quota":
        adopt_quota(state, fact, now)


def _rest(state: KeyState, model: str | None, at: float, now: float, until: float) -> None:
    if state.ready_at(model) >= until - SAME_END:
        return
    # A success of a call that began before the rest was known here must not end it.
    state.learned_at = now
    state.last_failure = max(state.last_failure, at)
    state.start_ramp(model, until)
    if model is None:
        state.cooldown_until = max(state.cooldown_until, until)
    else:
        remember(state.model_cooldowns, model, max(state.model_cooldowns.get(model, 0.0), until))


def _quarantine(state: KeyState, fact: Fact, at: float, now: float) -> None:
    details = fact.details
    state.learned_at = now
    state.permanently_failed = True
    state.out_of_credit = bool(details.get("credit"))
    state.last_failure = max(state.last_failure, at)
    state.quarantined_at = max(state.quarantined_at, at)
    if details.get("refused"):
        state.refused_at = max(state.refused_at, at)
    state.quarantines = max(state.quarantines, details.get("count", 1))
    state.quarantined_until = max(state.quarantined_until, now + fact.seconds)


def _revive(state: KeyState, at: float) -> None:
    if state.permanently_failed and state.quarantined_at <= at + SAME_MOMENT:
        state.lift_quarantine()
    if state.last_failure <= at + SAME_MOMENT:
        state.failures = state.marks = 0
        state.cooldown_until = 0.0
        state.model_cooldowns.clear()
    state.notify()


def _end_rests(state: KeyState, rests: list[Fact], now: float) -> None:
    """End cooldowns, except those that last longer than the rests of other processes did."""
    for rest in rests:
        model, until = rest.place.partition(" ")[2], now + rest.seconds + SAME_END
        if not model and state.cooldown_until <= until:
            state.cooldown_until = 0.0
        elif model and state.model_cooldowns.get(model, 0.0) <= until:
            state.model_cooldowns.pop(model, None)
    state.notify()


def _digest(address: str) -> str:
    """Return a digest that stands for an address in the store; an address may be private."""
    return blake2b(address.encode(), digest_size=4).hexdigest()


_by_store: WeakKeyDictionary[StateStore, SharedHealth] = WeakKeyDictionary()
_by_store_lock = fork_safe_lock()


def shared_health(store: StateStore) -> SharedHealth:
    """Return the process's `SharedHealth` of a store; one per store."""
    with _by_store_lock:
        health = _by_store.get(store)
        if health is None:
            health = _by_store[store] = SharedHealth(store)
        return health
