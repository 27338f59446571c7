"""The keys of one provider at one address: lease, outcome, cooldown, quarantine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Literal
from weakref import ref

from scout_adapters._internal.logs import logger_of
from scout_adapters.errors import KeyEffect
from scout_adapters.llm.health.key_accounts import join_account
from scout_adapters.llm.health.key_affinity import MAX_IN_FLIGHT, ConversationKeys
from scout_adapters.llm.health.key_order import KeyOrder, least_busy
from scout_adapters.llm.health.key_penalties import (
    QUARANTINE_EFFECTS,
    KeyPenalties,
    refused_together,
    share_revival,
)
from scout_adapters.llm.health.key_places import Places
from scout_adapters.llm.health.key_ramp import Ramp
from scout_adapters.llm.health.key_state import (
    CooldownRules,
    KeyState,
    Lease,
    LeaseOwner,
    health_lock,
)
from scout_adapters.llm.health.quota_left import QuotaLeft
from scout_adapters.llm.health.remembered_models import remember

logger = logger_of(__name__)

RECHECK_SECONDS = 60.0
"""Seconds after a refusal until a key's source is read again, which may have a new secret."""

Crowd = Literal["never", "after_rest", "always"]
"""When a call waits for others that try the same key; see `KeyPool.lease`."""

MAX_MODELS = 32
"""Models for which a pool keeps an order of its keys; the oldest order is dropped first."""


class KeyPool:
    """The keys of one provider at one address."""

    def __init__(
        self,
        provider: str,
        states: Sequence[KeyState],
        rules: CooldownRules | None = None,
        address: str = "",
        places: Places = MappingProxyType({}),
        items: Sequence[object] = (),
    ) -> None:
        """`places`: addresses of keys that have one. `items`: keys as the user passed them."""
        self.provider = provider
        self.address = address
        self.states = list(states)
        self.rules = rules or CooldownRules()
        self._penalties = KeyPenalties(provider, self.rules)
        self.places = places
        self._items = tuple(items) or tuple(state.origin for state in self.states)
        self._by_key = {state.origin: state for state in self.states}
        self._by_id = {state.id: state for state in self.states}
        self._orders: dict[str | None, KeyOrder] = {}
        self._listen()

    def _listen(self) -> None:
        """Register this pool for `touch` when the health of a key may have improved."""
        listener = ref(self)
        with health_lock:
            for state in self.states:
                state.listeners = [
                    reference for reference in state.listeners if reference() is not None
                ]
                state.listeners.append(listener)

    def __len__(self) -> int:
        return len(self.states)

    def __iter__(self) -> Iterator[KeyState]:
        return iter(self.states)

    def consists_of(self, keys: Sequence[object], address: str) -> bool:
        """Return whether the pool has these keys as the user passed them, and this address."""
        return self.address == address and self._items == tuple(keys)

    @property
    def has_working_key(self) -> bool:
        """Whether a key is in rotation or rests for a while; false if all are quarantined."""
        for state in self.states:  # noqa: SIM110  # every call looks: `any` takes twice as long
            if not state.permanently_failed:
                return True
        return False

    def touch(self, state: KeyState) -> None:
        """Mark a key for re-ranking in the order of every model."""
        for order in self._orders.values():
            order.touch(state)

    def pick(
        self, model: str | None, now: float, avoid: frozenset[str] = frozenset(), tokens: int = 0
    ) -> KeyState | None:
        """Return the usable key with the lowest (in flight, marks, last used); None if none is.

        Keys with too little quota left for `tokens` come after all others. `avoid`: ids of keys.
        """
        with health_lock:
            return self._order(model).best(now, avoid, tokens)

    def _order(self, model: str | None) -> KeyOrder:
        order = self._orders.get(model)
        if order is None:
            if len(self._orders) >= MAX_MODELS:
                del self._orders[next(iter(self._orders))]
            order = self._orders[model] = KeyOrder(model, self.states)
        return order

    def lease(
        self,
        model: str | None,
        now: float,
        avoid: frozenset[str] = frozenset(),
        tokens: int = 0,
        crowd: Crowd = "after_rest",
        owner: LeaseOwner | None = None,
    ) -> Lease | None:
        """Return a lease of the next key; None if each is in cooldown, refused or in `avoid`.

        After a cooldown, only a few calls at first may use a key, and the others wait.
        `crowd="always"`: also before the key's first answer for this model. `"never"`: this call
        does not wait. `owner.lease` is set before the key counts the lease as in flight.
        """
        lease = None
        try:
            with health_lock:
                state = self._order(model).best(now, avoid, tokens)
                if state is None and crowd == "never":
                    state = least_busy(self.states, model, now, avoid)
                if state is None:
                    return None
                if crowd == "always" and model not in state.ramps:
                    remember(state.ramps, model, Ramp())
                lease = Lease(state, now)
                if owner is not None:
                    owner.lease = lease
                lease.take(model)
                return lease
        except BaseException:  # raised again; Ctrl-C: the lease may be lost
            if lease is not None:
                lease.give_back()
            raise

    def keys_of(
        self,
        conversation: ConversationKeys,
        model: str,
        now: float,
        avoid: frozenset[str],
        tokens: int,
    ) -> list[KeyState]:
        """Return the keys that answered a conversation, the latest first, unless they are busy.

        Left out are keys that are refused, in `avoid`, with too little quota for `tokens`, or with
        `MAX_IN_FLIGHT` requests in flight.
        """
        with health_lock:
            names = conversation.keys(now)
            if not names and self.states[0].shared is not None:  # in turn without a store
                names = (self.states[conversation.first_key(len(self.states))].id,)
            states = map(self._by_id.get, names)
            return [
                state
                for state in states
                if state is not None and not state.permanently_failed
                if state.id not in avoid and state.in_flight < MAX_IN_FLIGHT
                if not state.insufficient_quota(model, tokens, now)
            ]

    def refresh(self) -> None:
        """Rank all keys again at the next choice; called after an exception between two steps."""
        with health_lock:
            self._orders.clear()

    def lease_again(
        self,
        state: KeyState,
        model: str | None,
        now: float,
        crowd: Crowd = "after_rest",
        owner: LeaseOwner | None = None,
    ) -> Lease | None:
        """Return a lease of this key; None if it is not usable. Parameters as in `lease`."""
        lease = Lease(state, now)
        if owner is not None:
            owner.lease = lease
        try:
            with health_lock:
                ready = state.ready_at(model) <= now
                if not (ready if crowd == "never" else state.is_usable(model, now)):
                    return None
                if crowd == "always" and model not in state.ramps:
                    remember(state.ramps, model, Ramp())
                lease.take(model)
                return lease
        except BaseException:  # raised again; Ctrl-C: the lease may be lost
            lease.give_back()
            raise

    def release(self, lease: Lease, *, used: bool = True) -> None:
        """End a lease without an outcome; `used` is False if no request was started with it."""
        with health_lock:
            if not used:
                lease.undo_use()
            lease.give_back()

    def rest(self, lease: Lease, until: float) -> None:
        """End a lease whose key source failed; its key is in cooldown until `until`."""
        with health_lock:
            lease.undo_use()
            lease.give_back()
            state = lease.state
            state.cooldown_until = max(state.cooldown_until, until)

    def mark_secret_refused(self, lease: Lease, now: float) -> None:
        """Block a refused secret, and shorten the quarantine: the source may have a new secret."""
        state, secret = lease.state, lease.secret
        if state.source is not None and secret is not None:
            with health_lock:
                state.source.mark_refused(state, secret, state.quarantined_until)
                state.quarantined_until = min(state.quarantined_until, now + RECHECK_SECONDS)
                state.notify()

    def succeed(self, lease: Lease, model: str | None = None, now: float | None = None) -> None:
        """End a lease with a success; a cooldown that began after its start continues."""
        with health_lock:
            state = lease.state
            lease.give_back(accepted=True)
            state.last_success = answered = lease.started if now is None else now
            if lease.conversation is not None:
                lease.conversation.remember(state.id, answered)
            if model not in state.ramps:
                remember(state.ramps, model, None)
            if lease.started < state.last_failure or lease.started < state.learned_at:
                return
            if lease.probe:
                state.lift_quarantine()
            self._reset(state, model)
            if lease.probe:
                share_revival(state, answered)

    def record_quota(
        self, lease: Lease, model: str, left: tuple[QuotaLeft, ...], account: str = ""
    ) -> None:
        """Store the quota left for a key, or for all keys of `account`; "" if it is unknown."""
        state = lease.state
        if not left and not account:
            return
        with health_lock:
            if account and account != state.account:
                place = self.places.get(state)
                address = place.address if place else self.address
                join_account(state, self.provider, address, account)
            if left:
                state.quotas.store(model, left)
            state.notify()

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
        """End a lease with a failure, and apply its effect to the key.

        `retry_after`: seconds that the server stated, or None. `window`: they end a quota window.
        """
        with health_lock:
            lease.give_back()
            if effect in QUARANTINE_EFFECTS and lease.precedes_quarantine:
                return
            self._penalties.apply(lease.state, effect, now, model, retry_after, window=window)

    @staticmethod
    def _reset(state: KeyState, model: str | None) -> None:
        state.failures = state.marks = 0
        state.cooldown_until = 0.0
        if model:
            state.model_cooldowns.pop(model, None)

    def lift_mass_refusal(self, now: float) -> bool:
        """End the quarantine of keys that were refused together; return whether there were any."""
        with health_lock:
            refused_keys = refused_together(self.states, now)
            for state in refused_keys:
                earlier = max(0, state.quarantines - 1)
                state.lift_quarantine()
                state.quarantines = earlier
                state.notify()
                share_revival(state, now)
            return bool(refused_keys)

    def state_of(self, key: str) -> KeyState | None:
        """Return the state of a key; None if the pool does not contain it."""
        return self._by_key.get(key) or next(
            (state for state in self.states if state.source and state.source.returned(key)), None
        )

    def record_success(self, key: str) -> None:
        """Record a success of a call outside the engine; it lifts a quarantine too."""
        if state := self.state_of(key):
            with health_lock:
                was_quarantined = state.permanently_failed
                state.lift_quarantine()
                self._reset(state, None)
                state.notify()
                if was_quarantined:
                    share_revival(state, time.monotonic())

    def reset(self, key: str | None = None) -> list[KeyState]:
        """Reset the health of one key or of all; return the states that were reset.

        `key` is the key itself or its fingerprint; None for all.
        """
        chosen = [state for state in self.states if key is None or key in {state.key, state.id}]
        with health_lock:
            for state in chosen:
                state.reset()
                share_revival(state, 0.0)
        return chosen

    def record_failure(
        self, key: str, *, permanent: bool, retry_after: float | None, now: float
    ) -> None:
        """Record a failure of a call outside the engine; ignored for a key of another pool.

        `permanent`: quarantine the key; else a cooldown of `retry_after` seconds, or of the rules.
        """
        if state := self.state_of(key):
            with health_lock:
                effect: KeyEffect = "refuse" if permanent else "cooldown"
                self._penalties.apply(state, effect, now, None, retry_after)
