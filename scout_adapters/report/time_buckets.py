"""Sort the times of a log into buckets: minutes, hours, days or months of UTC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Unit = Literal["minute", "ten minutes", "hour", "day", "month"]


@dataclass(frozen=True, slots=True)
class BucketSize:
    """A size of buckets; a bucket's name is the common beginning of its times."""

    unit: Unit
    letters: int
    """Characters of a time that name the bucket."""

    most: float = float("inf")
    """Number of buckets beyond which the next size is used."""


MINUTE, TEN_MINUTES = BucketSize("minute", 16, 60), BucketSize("ten minutes", 15, 18)
HOUR, DAY, MONTH = BucketSize("hour", 13, 72), BucketSize("day", 10, 186), BucketSize("month", 7)
TO_FIT = (MINUTE, TEN_MINUTES, HOUR, DAY, MONTH)
"""Short periods by the minute, long ones by the month."""

STEPS = {
    "minute": timedelta(minutes=1),
    "ten minutes": timedelta(minutes=10),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "month": timedelta(days=1),
}
"""How far one bucket is from the next, or how exactly a span is measured."""

BY_DAY = (BucketSize("day", 10),)

FILLED = 400
"""Buckets up to which empty ones are included, so that gaps show; beyond, they are left out."""

BY_HOUR = 13
"""Characters of a time up to its hour: buckets are not looked up by fewer."""

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
        """Beginnings of the first and last time so far, with `_letters`: `2026-11-23T10`."""

        self.level, *self._coarser = levels
        self._letters = max(BY_HOUR, self.level.letters)
        self._buckets: dict[str, str] = {}

    def place(self, stated: object) -> tuple[str, str]:
        """Return a time as the log writes it, and its bucket; two "" for everything else."""
        if type(stated) is str and len(stated) == LENGTH and stated.endswith(ZONE):
            bucket = self._buckets.get(stated[: self._letters])
            if bucket is not None:
                return stated, bucket
        time = utc(stated)
        begin = time[: self._letters]
        return time, self._buckets.get(begin) or self._new(begin)

    def _new(self, begin: str) -> str:
        if begin:
            self.first = min(self.first or begin, begin)
            self.last = max(self.last, begin)
            while self._coarser and self._span() > self.level.most:
                self.level = self._coarser.pop(0)
                self._letters = letters = max(BY_HOUR, self.level.letters)
                begins = {each[:letters] for each in self._buckets}
                self._buckets = {each: each[: self.level.letters] for each in begins}
        begin = begin[: self._letters]
        bucket = self._buckets[begin] = begin[: self.level.letters]
        return bucket

    def _span(self) -> float:
        first, last = map(_start, (self.first, self.last))
        return (last - first) / STEPS[self.level.unit] + 1

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
        at = _start(bucket) + STEPS[self.level.unit]
        return at.isoformat()[: self.level.letters]


def _start(bucket: str) -> datetime:
    """Return the first moment of a bucket: `2026-11-23`, `2026-11-23T10` or `2026-11-23T10:3`."""
    return datetime.fromisoformat(bucket + "0000-01-01T00:00"[len(bucket) :])
