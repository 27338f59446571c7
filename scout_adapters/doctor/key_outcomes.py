"""State of keys from the audit log, and the variables that keys come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from scout_adapters.audit import read_rows
from scout_adapters.audit.process_log import audit_path
from scout_adapters.errors import POLICIES, ConfigurationError, ErrorKind, ErrorPolicy
from scout_adapters.llm.health.key_penalties import QUARANTINE_EFFECTS, quarantine_seconds
from scout_adapters.llm.health.key_texts import fingerprint, key_numbers, variable_keys


@dataclass(frozen=True, slots=True)
class LastOutcome:
    """The last attempt with a key in an audit log; times have a time zone."""

    outcome: str
    at: datetime
    model: str | None = None
    rests_until: datetime | None = None
    """The end of the wait that the provider stated, or of the quarantine of a refused key."""

    quarantines: int = 0
    """Quarantines of the key in a row, without an answer between."""

    @property
    def policy(self) -> ErrorPolicy | None:
        """Who must act and what to do; None after an answer and for other outcomes."""
        return _policy(self.outcome)


def last_outcomes(path: Path | None = None) -> dict[tuple[str, str], LastOutcome]:
    """Return the last outcome in an audit log by provider and fingerprint of the key.

    A log that does not exist has none; torn and foreign lines are skipped. A quarantine is that of
    one process: others may have used the key again, or not yet.
    """
    outcomes: dict[tuple[str, str], LastOutcome] = {}
    for row in read_rows(audit_path(path)):
        match row:
            case {
                "event": "llm_attempt",
                "provider": str(provider),
                "key_id": str(key),
                "outcome": str(outcome),
                "time": str(time),
            }:
                before = outcomes.get((provider, key))
                if last := _last(outcome, time, row, before):
                    outcomes[provider, key] = last
    return outcomes


def _last(
    outcome: str, time: str, row: Mapping[str, Any], before: LastOutcome | None
) -> LastOutcome | None:
    wait, model = row.get("retry_after"), row.get("model")
    named = model if isinstance(model, str) else None
    policy = _policy(outcome)
    try:
        at = datetime.fromisoformat(time)
        if policy and policy.key_effect in QUARANTINE_EFFECTS:
            return _quarantined(outcome, at, named, before)
        waits = isinstance(wait, int | float) and outcome != "ok"
        until = at + timedelta(seconds=float(wait or 0)) if waits else None
    except (TypeError, ValueError, OverflowError):
        return None  # not a row of ours
    earlier = before.quarantines if before and outcome != "ok" else 0
    return LastOutcome(outcome, at, named, until, earlier)


def _quarantined(
    outcome: str, at: datetime, model: str | None, before: LastOutcome | None
) -> LastOutcome:
    """Return a refusal; those of concurrent calls are one quarantine."""
    if before and before.quarantines and before.rests_until and at < before.rests_until:
        return LastOutcome(outcome, at, model, before.rests_until, before.quarantines)
    earlier = before.quarantines if before else 0
    until = at + timedelta(seconds=quarantine_seconds(earlier))
    return LastOutcome(outcome, at, model, until, earlier + 1)


def _policy(outcome: str) -> ErrorPolicy | None:
    return POLICIES[ErrorKind(outcome)] if outcome in POLICIES else None


def variables_of_keys(names: Sequence[str]) -> dict[str, str]:
    """Return the variable of each key by its fingerprint; `GROQ_API_KEYS[0]` in a list.

    `names` are the variables of a provider. What cannot be read as keys is left out.
    """
    variables: dict[str, str] = {}
    for variable in (each for name in names for each in (name, *key_numbers(name))):
        try:
            keys = variable_keys(variable)
        except ConfigurationError:
            continue
        is_list = len(keys) > 1 or variable.endswith("S")
        for index, key in enumerate(keys):
            variables.setdefault(fingerprint(key), f"{variable}[{index}]" if is_list else variable)
    return variables
