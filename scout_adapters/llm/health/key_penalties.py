"""What a failure does to a key: a cooldown, a quarantine, or a mask for one model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from scout_adapters._internal.logs import logger_of
from scout_adapters.errors import KeyEffect
from scout_adapters.llm.health.key_state import MAX_COOLDOWN_SECONDS, CooldownRules, KeyState
from scout_adapters.llm.health.quota_left import QuotaLeft
from scout_adapters.llm.health.remembered_models import remember

logger = logger_of(__name__)

QUARANTINE_SECONDS = 3600.0
"""Seconds of a key's first quarantine; each further one is twice as long."""

MAX_QUARANTINE_SECONDS = 24 * 3600.0
MASK_SECONDS = 3600.0
"""Seconds for which a key is not used for a model that it may not use."""

QUARANTINE_EFFECTS = frozenset({"refuse", "quarantine"})

MAX_WINDOW_SECONDS = 32 * 24 * 3600.0
"""Seconds: the longest cooldown for a quota window, which the server states (up to a month)."""


MASS_REFUSAL_SECONDS = 60.0
"""Seconds within which the refusal of many keys counts as the provider's fault."""


def refused_together(
    states: Sequence[KeyState], now: float, supposed: Collection[str] = ()
) -> list[KeyState]:
    """Return the keys whose refusals are the provider's fault; an empty list if they are not.

    It is at fault if all keys are refused, and more than half of them (two or more) within a
    minute. `supposed`: fingerprints of keys that count as refused now.
    """
    refused = [s for s in states if now - s.refused_at < MASS_REFUSAL_SECONDS or s.id in supposed]
    if any(not (s.permanently_failed or s.id in supposed) for s in states):
        return []  # a remaining key may succeed: then the refused ones are bad
    few = len(refused) < 2 or 2 * len(refused) <= len(states)  # noqa: PLR2004  # one is no crowd
    return [] if few else refused


def quarantine_seconds(earlier: int) -> float:
    """Return the seconds of a quarantine after `earlier` ones without a success in between."""
    return min(QUARANTINE_SECONDS * 2.0 ** min(earlier, 8), MAX_QUARANTINE_SECONDS)


@dataclass(frozen=True, slots=True)
class KeyPenalties:
    """Applies the effects of failures to keys of a provider."""

    provider: str
    rules: CooldownRules

    def apply(
        self,
        state: KeyState,
        effect: KeyEffect,
        now: float,
        model: str | None,
        retry_after: float | None,
        *,
        window: bool = False,
    ) -> None:
        """Record a failure of a key and apply its effect. Call it with `health_lock` acquired.

        `retry_after`: seconds that the server stated; None to apply the pool's cooldown rules.
        `window`: it is the end of a quota window, so a cooldown of up to a month is allowed.
        """
        if effect == "none":
            return
        state.failures += 1
        state.last_failure = now
        state.marks = state.marks + 1 if effect == "cooldown" else 0  # see `_cool_down`
        if effect in QUARANTINE_EFFECTS:
            self._quarantine(state, now)
            if effect == "refuse":
                state.refused_at = now
            _share_quarantine(state, now)
        elif effect == "mask" and model:
            masked = state.model_cooldowns.get(model, 0.0)
            remember(state.model_cooldowns, model, max(masked, now + MASK_SECONDS))
            if state.shared is not None:
                state.shared.rest(model, MASK_SECONDS)
        else:
            limit = MAX_WINDOW_SECONDS if window else MAX_COOLDOWN_SECONDS
            # 0 counts as no value: the pool's cooldown rules apply.
            self._cool_down(state, now, model, min(retry_after, limit) if retry_after else None)

    def _cool_down(
        self, state: KeyState, now: float, model: str | None, wait: float | None
    ) -> None:
        """Start a cooldown: the server's `wait` for this model, else the rules' for all models."""
        limited = model
        if wait is None:
            wait, model = self.rules.cooldown(state.failures), None
        if wait <= 0:
            return
        state.marks = 0
        state.start_ramp(limited, now + wait)
        if model is None:
            state.cooldown_until = max(state.cooldown_until, now + wait)
        else:
            until = max(state.model_cooldowns.get(model, 0.0), now + wait)
            remember(state.model_cooldowns, model, until)
            if state.account:  # the limit applies to all keys of the account
                used_up = QuotaLeft(counts="requests", left=0, until=now + wait)
                state.quotas.store(model, (used_up,))
                _share_quota(state, model, used_up, now)
        if state.shared is not None:
            state.shared.rest(model, wait)
        logger.info("%s key %s is in cooldown for %.1f s", self.provider, state.id or "none", wait)

    def _quarantine(self, state: KeyState, now: float) -> None:
        if state.permanently_failed and now < state.quarantined_until:
            return  # refusals of concurrent calls count once
        seconds = quarantine_seconds(state.quarantines)
        state.permanently_failed = True
        state.quarantines += 1
        state.quarantined_at = now
        state.quarantined_until = max(state.quarantined_until, now + seconds)
        logger.warning(
            "%s key %s is out of rotation: the provider refuses it; next try in %.0f s",
            self.provider,
            state.id,
            seconds,
        )


def _share_quarantine(state: KeyState, now: float) -> None:
    """Publish a quarantine, if the key's health is shared."""
    if state.shared is None:
        return
    from scout_adapters.llm.health.shared_subject import MAX_RECHECK_SECONDS  # noqa: PLC0415  # rare

    seconds = state.quarantined_until - now
    state.shared.quarantine(
        min(seconds, MAX_RECHECK_SECONDS) if state.source is not None else seconds,
        state.quarantines,
        is_refused=state.is_rejected,
        is_out_of_credit=state.out_of_credit,
    )


def _share_quota(state: KeyState, model: str, used_up: QuotaLeft, now: float) -> None:
    """Publish that the account of a key has nothing left for a model, if health is shared."""
    if state.shared is not None:
        from scout_adapters.llm.health.shared_quotas import share_quota  # noqa: PLC0415  # rare

        share_quota(state, model, (used_up,), now)


def share_revival(state: KeyState, now: float) -> None:
    """Publish that a shared key is in rotation again, and which of its cooldowns continue."""
    if state.shared is None:
        return
    state.shared.revive()
    for model, until in ((None, state.cooldown_until), *state.model_cooldowns.items()):
        if until > now:
            state.shared.rest(model, until - now)
