"""The time windows of budgets: hours, days and months in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

Per = Literal["call", "run", "thread", "hour", "day", "month", "total"]
TIMED = ("hour", "day", "month")

_FORMS = {"hour": "%Y-%m-%dT%HZ", "day": "%Y-%m-%d", "month": "%Y-%m"}


def window_at(per: Per, now: float) -> str:
    """Return the name of the hour, day or month at `now` (seconds since 1970); "" for others."""
    form = _FORMS.get(per)
    return datetime.fromtimestamp(now, UTC).strftime(form) if form else ""


def next_opening(per: Per, now: float) -> datetime | None:
    """Return the start of the next hour, day or month in UTC; None if `per` is another kind."""
    moment = datetime.fromtimestamp(now, UTC).replace(minute=0, second=0, microsecond=0)
    match per:
        case "hour":
            return moment + timedelta(hours=1)
        case "day":
            return moment.replace(hour=0) + timedelta(days=1)
        case "month":
            return (moment.replace(day=1, hour=0) + timedelta(days=32)).replace(day=1)
    return None
