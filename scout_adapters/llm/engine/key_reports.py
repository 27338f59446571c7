"""Reports the outcome of an attempt to its key, and to all keys of the provider.

Which refusal is which kind of error: `llm/failures/`. What each kind does to a key:
`errors/policy.py`. How long the key rests: `llm/health/key_penalties.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from scout_adapters.errors import ErrorKind, ProviderError
from scout_adapters.llm.engine.candidate import Candidate, Endpoint
from scout_adapters.llm.health.key_accounts import account_name
from scout_adapters.llm.health.key_penalties import MASS_REFUSAL_SECONDS, QUARANTINE_EFFECTS
from scout_adapters.llm.health.key_state import KeyState, Lease
from scout_adapters.llm.health.quota_left import QuotaLeft
from scout_adapters.llm.health.rate_limit_headers import quota_left
from scout_adapters.llm.health.remembered_models import remember


def record_quota_left(
    candidate: Candidate, lease: Lease, headers: Mapping[str, str], now: float
) -> None:
    """Store the rate limits that an answer's headers contain."""
    spec = candidate.endpoint.spec
    if spec.limits and headers and lease.key_id:
        left = quota_left(spec.limits, headers, now)
        account = account_name(headers.get(spec.account, "")) if spec.account else ""
        if left and lease.state.shared is not None:
            _record_shared_quota(candidate, lease, left, account, now)
        else:
            candidate.endpoint.pool.record_quota(lease, candidate.model, left, account)


def _record_shared_quota(
    candidate: Candidate, lease: Lease, left: tuple[QuotaLeft, ...], account: str, now: float
) -> None:
    from scout_adapters.llm.health.shared_quotas import (  # noqa: PLC0415  # with a store
        set_aside,
        share_quota,
    )

    own = set_aside(lease.state, left)
    candidate.endpoint.pool.record_quota(lease, candidate.model, own, account)
    share_quota(lease.state, candidate.model, left, now)


def record_key_failure(
    candidate: Candidate, lease: Lease, error: ProviderError, now: float
) -> None:
    """Record a failure on the key of an attempt; the error's kind decides the effect."""
    endpoint, effect = candidate.endpoint, error.policy.key_effect
    if not lease.key_id and not (effect == "cooldown" and error.retry_after):
        endpoint.pool.release(lease)  # without keys, only a wait that the server states counts
        return
    if effect in QUARANTINE_EFFECTS:
        lease.state.out_of_credit = error.kind is ErrorKind.BILLING
    endpoint.pool.fail(
        lease,
        effect,
        now=now,
        model=candidate.model,
        retry_after=error.retry_after,
        window=error.kind is ErrorKind.QUOTA_WINDOW,
    )
    _note_refused_model(lease.state, candidate.model, error)
    if effect in QUARANTINE_EFFECTS and lease.state.source is not None:
        endpoint.pool.mark_secret_refused(lease, now)
    if effect == "refuse":
        _check_mass_refusal(endpoint, now)


def _note_refused_model(state: KeyState, model: str, error: ProviderError) -> None:
    """Store why a key is not used for a model, for the error of the next call."""
    if error.policy.key_effect == "mask":
        if state.model_refusals is None:
            state.model_refusals = {}
        remember(state.model_refusals, model, str(error.kind))
    elif state.model_refusals:
        state.model_refusals.pop(model, None)


def record_refused_source(candidate: Candidate, lease: Lease, now: float) -> None:
    """Keep a key out of rotation, because its source still returns the refused secret."""
    candidate.endpoint.pool.release(lease, used=False)
    candidate.endpoint.pool.mark_secret_refused(lease, now)


def _check_mass_refusal(endpoint: Endpoint, now: float) -> None:
    """Open the circuit where the provider refuses every key and none has just worked."""
    if not has_just_worked(endpoint, now) and endpoint.pool.lift_mass_refusal(now):
        endpoint.circuit.trip(now)


def has_just_worked(endpoint: Endpoint, now: float) -> bool:
    """Return whether a key was accepted within the time in which refusals count together."""
    circuits = {place.circuit for place in endpoint.pool.places.values()} or {endpoint.circuit}
    return any(now - circuit.last_success < MASS_REFUSAL_SECONDS for circuit in circuits)
