"""The table of failures, made from the policies of the engine."""

from __future__ import annotations

from scout_adapters.errors import ErrorKind
from scout_adapters.errors.by_kind import ERROR_CLASSES
from scout_adapters.errors.policy import POLICIES, ErrorPolicy
from tools.pages.markdown_table import code, table

HEADER = ("kind", "error", "what is done", "the key", "billed", "who must act, and how")
ACTORS = {
    "key": "whoever manages the key",
    "account": "the owner of the account",
    "provider": "the provider",
    "caller": "you",
    "nobody": "nobody",
}


def failure_table() -> str:
    """Return a row for each kind of failure."""
    return table(HEADER, map(_row, ErrorKind))


def _row(kind: ErrorKind) -> tuple[str, ...]:
    policy = POLICIES[kind]
    return (
        code(kind.value),
        code(ERROR_CLASSES[kind].__name__),
        _steps(policy),
        "" if policy.key_effect == "none" else code(policy.key_effect),
        policy.billed,
        f"{ACTORS[policy.actor]}: {policy.advice}",
    )


def _steps(policy: ErrorPolicy) -> str:
    again = {
        "the same key again": policy.same_key,
        "the next key": policy.next_key,
        "the next candidate": policy.next_candidate,
    }
    steps = [step for step, is_done in again.items() if is_done] or ["raised at once"]
    return "; ".join([*steps, "counts for the circuit"] if policy.trips_circuit else steps)
