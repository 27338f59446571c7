"""The calls of a log and their attempts as JSON values for the page, in columns."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

from scout_adapters._internal.json_values import Json
from scout_adapters.report.attempt_row import AttemptRow
from scout_adapters.report.call_row import NO_CANDIDATE, CallRow

H = TypeVar("H", bound=Hashable)

TO_MILLISECONDS = len("2026-11-23T10:00:00.000")
"""Characters of a time."""

LONGEST_REASONS = 1000
"""Characters of the reasons of all candidates that a call skipped."""


def calls_data(calls: Sequence[CallRow], total: int) -> Json:
    """Return the calls by column; texts that recur are stored once and referred to by number."""
    rows = [call.last for call in calls]
    return {
        "all": total,
        "time": [row.time[:TO_MILLISECONDS] for row in rows],
        "run": [row.run_id for row in rows],
        "tags": _coded(row.tags for row in rows),
        "user": _coded(row.user for row in rows),
        "model": _coded(map(_models, calls)),
        "key": _coded(row.key for row in rows),
        "outcome": _coded(call.outcome for call in calls),
        "reason": _coded(map(_reason, calls)),
        "before": _coded(call.before for call in calls),
        "requests": [call.requests for call in calls],
        "lasted": [call.lasted_s for call in calls],
        "waited": [round(call.waited_s, 3) or None for call in calls],
        "first": [row.first_token_s for row in rows],
        "input": [call.input_t for call in calls],
        "output": [call.output_t for call in calls],
        "cost": [call.cost for call in calls],
        "unpriced": [int(call.unpriced) for call in calls],
    }


def _skipped(call: CallRow) -> dict[str, str]:
    """Return the reasons by model, if the call skipped all its candidates."""
    if call.outcome != NO_CANDIDATE:
        return {}
    return {attempt.model: attempt.reason for attempt in call.attempts}


def _models(call: CallRow) -> str | tuple[str, ...]:
    """Return the model of the last request; those of all candidates if all were skipped."""
    skipped = _skipped(call)
    return tuple(skipped) if len(skipped) > 1 else call.last.model


def _reason(call: CallRow) -> str:
    """Return the reason of the last request; those of all candidates if all were skipped."""
    skipped = _skipped(call)
    if len(skipped) < 2:  # noqa: PLR2004  # of one, the model stands beside it
        return call.last.reason
    return "; ".join(f"{model}: {why}" for model, why in skipped.items())[:LONGEST_REASONS]


def attempts_data(calls: Sequence[CallRow]) -> Json:
    """Return the attempts of each call that has several, or no answer, by column."""
    listed = [[] if call.last.ok and len(call.attempts) == 1 else call.attempts for call in calls]
    rows = [attempt for attempts in listed for attempt in attempts]
    return {
        "count": [len(attempts) for attempts in listed],
        "time": [row.time[:TO_MILLISECONDS] for row in rows],
        "number": [row.number for row in rows],
        "model": _coded(row.model for row in rows),
        "key": _coded(row.key for row in rows),
        "outcome": _coded(row.outcome for row in rows),
        "reason": _coded(map(_code_and_reason, rows)),
        "status": [row.status for row in rows],
        "ready": [row.ready_in_s if row.retry_after is None else row.retry_after for row in rows],
        "waited": [row.waited_s or None for row in rows],
        "took": [row.latency_s for row in rows],
        "cost": [row.cost for row in rows],
    }


def _code_and_reason(row: AttemptRow) -> str:
    return ": ".join(part for part in (row.code, row.reason) if part)


def _coded(values: Iterable[H]) -> Json:
    numbers: dict[H, int] = {}
    codes = [numbers.setdefault(value, len(numbers)) for value in values]
    return {"names": list(numbers), "codes": codes}
