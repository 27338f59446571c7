"""Why a candidate is skipped because of its keys, and the error of a call without any attempt."""

from __future__ import annotations

from collections.abc import Sequence

from scout_adapters.errors import (
    POLICIES,
    CircuitOpenError,
    ErrorKind,
    NoKeyError,
    NoWorkingKey,
    ScoutError,
    provider_error,
)
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.llm.health.key_state import KeyState

CIRCUIT_OPEN = "circuit open"
NONE_READY = "every key rests or is refused"
ALL_REFUSED = "every key was refused"
OUT_OF_CREDIT = "every key is out of credit"
SOME_OUT_OF_CREDIT = "every key was refused or is out of credit"
MODEL_REFUSED = {
    ErrorKind.MODEL_NOT_FOUND: "the model was not found with any key",
    ErrorKind.PERMISSION: "no key may use the model",
    ErrorKind.MODEL_RETIRED: "the provider has retired the model",
}
"""Reason by error kind, where each key was refused for the model within the last hour."""

REFUSED_FOR_GOOD = {
    **{reason: kind for kind, reason in MODEL_REFUSED.items()},
    ALL_REFUSED: ErrorKind.AUTH_INVALID,
    OUT_OF_CREDIT: ErrorKind.BILLING,
    SOME_OUT_OF_CREDIT: ErrorKind.BILLING,
}
"""Error kind by reason, where no key can be leased until the owner of the keys acts."""

NAMED_KEYS = 8
"""Number of fingerprints that a reason lists of each group of keys; further ones are counted."""


def no_lease_reason(keys: Sequence[KeyState], model: str, now: float) -> str:
    """Return why no key can be leased: how many are refused, out of credit or resting, and which.

    Seconds are left out: a candidate's second skip for the same reason adds no record.
    """
    failed = [key for key in keys if key.permanently_failed]
    broke = [key for key in failed if key.out_of_credit]
    refused = [key for key in failed if not key.out_of_credit]
    if len(failed) < len(keys):
        why = _refused_model(keys, model, now) or NONE_READY
    else:
        why = SOME_OUT_OF_CREDIT if broke and refused else OUT_OF_CREDIT if broke else ALL_REFUSED
    rest = [key for key in keys if not key.permanently_failed]
    groups = [_group(refused, "refused"), _group(broke, "out of credit")]
    groups += [_group(rest, "rests" if len(rest) == 1 else "rest")]
    return f"{why}: {', '.join(filter(None, groups))}{_faults(keys) if rest else ''}"


def _refused_model(keys: Sequence[KeyState], model: str, now: float) -> str:
    """Return the reason if no key is left that was not refused for the model; "" otherwise."""
    kinds = [key.refused_model(model, now) for key in keys if not key.permanently_failed]
    if not all(kinds):
        return ""
    return MODEL_REFUSED.get(ErrorKind(kinds[0] or ErrorKind.UNKNOWN), "")


def _group(keys: Sequence[KeyState], state: str) -> str:
    if not keys:
        return ""
    ids = ", ".join(key.id for key in keys[:NAMED_KEYS])
    return f"{len(keys)} {state} ({ids}{', …' if len(keys) > NAMED_KEYS else ''})"


def _faults(keys: Sequence[KeyState]) -> str:
    """Return what is wrong with the files, variables or functions of keys; "" if nothing is."""
    faults = dict.fromkeys(key.source.fault for key in keys if key.source)
    why = "; ".join(filter(None, faults))
    return f": {why} ({POLICIES[ErrorKind.KEY_SOURCE].advice})" if why else ""


def refusal_kind(reason: str | None) -> ErrorKind | None:
    """Return the error kind of a skip where the owner of the keys must act; else None."""
    return REFUSED_FOR_GOOD.get((reason or "").partition(":")[0])


def no_attempt_error(records: Sequence[AttemptRecord], pause: float | None) -> ScoutError:
    """Return the error of a call without any attempt.

    `pause` is the seconds until an attempt is possible; None if waiting is no use.
    """
    skipped = [record for record in records if record.outcome == "skipped"]
    why = "; ".join(f"{r.provider}/{r.model}: {r.reason}" for r in skipped)
    if not skipped:
        return NoWorkingKey("the route has no candidate")
    if pause is None:
        return NoKeyError(why)
    kinds = [refusal_kind(r.reason) for r in skipped]
    if all(kinds):
        # More credit is the smaller repair, so it is named where it is one.
        at = kinds.index(ErrorKind.BILLING) if ErrorKind.BILLING in kinds else 0
        fields = {"provider": skipped[at].provider, "model": skipped[at].model}
        return provider_error(kinds[at] or ErrorKind.UNKNOWN, why, phase="pre_send", **fields)
    kind = CircuitOpenError if any(r.reason == CIRCUIT_OPEN for r in skipped) else NoWorkingKey
    return kind(f"{why}; ready in {pause:.1f} s")
