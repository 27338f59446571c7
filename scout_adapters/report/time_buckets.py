"""Sort the times of a log into buckets: hours, days or months of UTC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Unit = Literal["hour", "day", "month"]


@dataclass(frozen=True, slots=True)
class BucketSize:
    """A size of buckets; a bucket's name is the common beginning of its times."""

    unit: Unit
    letters: int
    """Characters of a time that name the bucket."""

    most: float = float("inf")
    """Number of buckets beyond which the next size is used."""


HOUR, DAY, MONTH = BucketSize("hour", 13, 72), BucketSize("day", 10, 186), BucketSize("month", 7)
TO_FIT = (HOUR, DAY, MONTH)
"""Short periods by the hour, long ones by the month."""

BY_DAY = (BucketSize("day", 10),)

FILLED = 400
"""Buckets up to which empty ones are included, so that gaps show; beyond, they are left out."""

LENGTH, ZONE = 32, "+00:00"
"""Characters and time zone of a time in the log: `2026-11-23T10:00:00.000000+00:00`."""


def utc(time: object) -> str:
    """Return a time as the log writes it, "" for everything else. Without a time zone it is UTC."""
    if not isinstance(time, str):
        return ""
    try:
        at = datetime.fromisoformat(time)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return at.isoformat(timespec="microseconds")


class Axis:
    """The buckets of a log; their size grows with the period."""

    def __init__(self, levels: Sequence[BucketSize]) -> None:
        self.first = self.last = ""
        """The hours of the first and last time so far: `2026-11-23T10`."""

        self.level, *self._coarser = levels
        self._buckets: dict[str, str] = {}

    def place(self, stated: object) -> tuple[str, str]:
        """Return a time as the log writes it, and its bucket; two "" for everything else."""
        if type(stated) is str and len(stated) == LENGTH and stated.endswith(ZONE):
            bucket = self._buckets.get(stated[:13])
            if bucket is not None:
                return stated, bucket
        time = utc(stated)
        return time, self._buckets.get(time[:13]) or self._new(time[:13])

    def _new(self, hour: str) -> str:
        if hour:
            self.first = min(self.first or hour, hour)
            self.last = max(self.last, hour)
            while self._coarser and self._span() > self.level.most:
                self.level = self._coarser.pop(0)
                self._buckets = {hour: hour[: self.level.letters] for hour in self._buckets}
        bucket = self._buckets[hour] = hour[: self.level.letters]
        return bucket

    def _span(self) -> float:
        first, last = (datetime.fromisoformat(f"{hour}:00") for hour in (self.first, self.last))
        return (last - first) / timedelta(hours=1 if self.level.unit == "hour" else 24) + 1

    def shortened(self, bucket: str) -> str:
        """Return the bucket of the current size for a bucket of an earlier size."""
        return bucket[: self.level.letters]

    def names(self, present: Iterable[str]) -> list[str]:
        """Return the names of buckets in order; includes the empty ones between if they are few."""
        names = sorted({bucket for bucket in present if bucket})
        if not names:
            return []
        filled, at = [names[0]], names[0]
        while at < names[-1] and len(filled) < FILLED:
            at = self._next(at)
            filled.append(at)
        return filled if at == names[-1] else names

    def _next(self, bucket: str) -> str:
        if self.level.unit == "month":
            year, month = int(bucket[:4]), int(bucket[5:7])
            return f"{year + month // 12:04}-{month % 12 + 1:02}"
        hour = self.level.unit == "hour"
        at = datetime.fromisoformat(f"{bucket}:00" if hour else bucket)
        at += timedelta(hours=1) if hour else timedelta(days=1)
        return at.isoformat()[: self.level.letters]
