"""The keys of one provider at one address: which one is next, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from weakref import ref

from scout_adapters._internal.logs import logger_of
from scout_adapters.errors import KeyEffect
from scout_adapters.llm.health.key_order import KeyOrder
from scout_adapters.llm.health.key_state import (
    MAX_COOLDOWN_SECONDS,
    CooldownRules,
    KeyState,
    Lease,
    QuotaLeftByModel,
    health,
)
from scout_adapters.llm.types import QuotaLeft

logger = logger_of(__name__)

QUARANTINE_SECONDS = 3600.0
MAX_QUARANTINE_SECONDS = 24 * 3600.0
MASK_SECONDS = 3600.0
MASS_REFUSAL_SECONDS = 60.0
QUARANTINE_EFFECTS = frozenset({"refuse", "quarantine"})
MAX_MODELS = 32
"""Models for which the keys are kept in order; for the one asked first it is made anew."""

MAX_WINDOW_SECONDS = 32 * 24 * 3600.0
"""A quota window that the server names may be longer than any cooldown: up to a month."""

_accounts: dict[tuple[str, str, str], QuotaLeftByModel] = {}
"""By provider, address and account, what is left of its limits."""


class KeyPool:
    """The keys of one provider at one address."""

    def __init__(
        self,
        provider: str,
        states: Sequence[KeyState],
        rules: CooldownRules | None = None,
        address: str = "",
    ) -> None:
        self.provider = provider
        self.address = address
        self.states = list(states)
        self.rules = rules or CooldownRules()
        self._by_key = {state.key: state for state in self.states}
        self._orders: dict[str | None, KeyOrder] = {}
        listener = ref(self)
        with health:
            for state in self.states:
                state.listeners = [held for held in state.listeners if held() is not None]
                state.listeners.append(listener)

    def __len__(self) -> int:
        return len(self.states)

    def __iter__(self) -> Iterator[KeyState]:
        return iter(self.states)

    def touch(self, state: KeyState) -> None:
        """Hear that a key may have become better."""
        for order in self._orders.values():
            order.touch(state)

    def pick(
        self, model: str | None, now: float, avoid: frozenset[str] = frozenset(), tokens: int = 0
    ) -> KeyState | None:
        """Choose the healthy key with the lowest (failures, in flight, last used).

        One whose limits have not enough left for `tokens` comes after all that have.
        """
        with health:
            return self._order(model).best(now, avoid, tokens)

    def _order(self, model: str | None) -> KeyOrder:
        order = self._orders.get(model)
        if order is None:
            if len(self._orders) >= MAX_MODELS:
                del self._orders[next(iter(self._orders))]
            order = self._orders[model] = KeyOrder(model, self.states)
        return order

    def lease(
        self, model: str | None, now: float, avoid: frozenset[str] = frozenset(), tokens: int = 0
    ) -> Lease | None:
        """Take the key to use next, or None if every one rests or was tried."""
        with health:
            state = self._order(model).best(now, avoid, tokens)
            return None if state is None else _leased(state, now)

    def lease_again(self, state: KeyState, model: str | None, now: float) -> Lease | None:
        """Take this key once more, or None if it rests."""
        with health:
            return _leased(state, now) if state.is_usable(model, now) else None

    def release(self, lease: Lease) -> None:
        """Give a key back of which nothing was learnt."""
        with health:
            lease.state.in_flight -= 1
            lease.state.notify()

    def succeed(self, lease: Lease, model: str | None = None) -> None:
        """Book a success; one that began before the last failure revives nothing."""
        with health:
            state = lease.state
            state.in_flight -= 1
            state.notify()
            if lease.started < state.last_failure:
                return
            if lease.probe:
                state.permanently_failed, state.quarantines = False, 0
            self._revive(state, model)

    def record_quota(
        self, lease: Lease, model: str, left: tuple[QuotaLeft, ...], account: str = ""
    ) -> None:
        """Keep what an answer said is left of the limits of the key, or of its whole account."""
        state = lease.state
        if not left and not account:
            return
        with health:
            if account and account != state.account:
                # What was said before belongs to the account that the key was known to be of.
                own = QuotaLeftByModel() if state.account else state.allowances
                state.account = account
                state.allowances = _accounts.setdefault((self.provider, self.address, account), own)
            if left:
                state.allowances.keep(model, left)
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
        """Book a failure that is the key's own, on the key that was sent."""
        with health:
            lease.state.in_flight -= 1
            lease.state.notify()
            if effect in QUARANTINE_EFFECTS and lease.started <= lease.state.quarantined_at:
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
        if effect in QUARANTINE_EFFECTS:
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
            if state.account:  # the limit was the account's: its other keys are no better
                spent = QuotaLeft(counts="requests", left=0, until=now + wait)
                state.allowances.keep(model, (spent,))
        logger.info("%s key %s rests for %.1f s", self.provider, state.id, wait)

    def _quarantine(self, state: KeyState, now: float) -> None:
        if state.permanently_failed and now < state.quarantined_until:
            return  # calls that were in flight together are one refusal
        rest = min(QUARANTINE_SECONDS * 2.0 ** min(state.quarantines, 8), MAX_QUARANTINE_SECONDS)
        state.permanently_failed = True
        state.quarantines += 1
        state.quarantined_at = now
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

    def lift_mass_refusal(self, now: float) -> bool:
        """Lift the quarantine where it was the provider that erred, and tell whether it was.

        When the last key has been refused, and more than half of them (two or more) within a
        minute, then the provider is at fault and no key is condemned.
        """
        with health:
            recent = [s for s in self.states if now - s.refused_at < MASS_REFUSAL_SECONDS]
            if any(not s.permanently_failed for s in self.states):
                return False  # another key may still answer, and prove these ones bad
            if len(recent) < 2 or 2 * len(recent) <= len(self.states):  # noqa: PLR2004  # one is no crowd
                return False
            for state in recent:
                state.permanently_failed, state.quarantined_until = False, 0.0
                state.quarantines = max(0, state.quarantines - 1)
                state.notify()
            return True

    def state_of(self, key: str) -> KeyState | None:
        """Find a key's state by the key."""
        return self._by_key.get(key)

    def record_success(self, key: str) -> None:
        """Book a success by hand."""
        if state := self.state_of(key):
            with health:
                self._revive(state, None)
                state.notify()

    def record_failure(
        self, key: str, *, permanent: bool, retry_after: float | None, now: float
    ) -> None:
        """Book a failure by hand."""
        if state := self.state_of(key):
            with health:
                effect: KeyEffect = "refuse" if permanent else "cooldown"
                self._book(state, effect, now, None, retry_after)


def _leased(state: KeyState, now: float) -> Lease:
    state.in_flight += 1
    state.last_used = now
    return Lease(state, now, probe=state.permanently_failed)
