"""Puts the log's times in order and into buckets: hours, days or months, all of them UTC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

Unit = Literal["hour", "day", "month"]


@dataclass(frozen=True, slots=True)
class BucketSize:
    """A size of buckets; a bucket's name is the beginning of the times in it."""

    unit: Unit
    letters: int
    most: float = float("inf")
    """Buckets between the first and the last one, beyond which the next level is for them."""


HOUR, DAY, MONTH = BucketSize("hour", 13, 72), BucketSize("day", 10, 186), BucketSize("month", 7)
TO_FIT = (HOUR, DAY, MONTH)
"""Short spans by the hour, long ones by the month."""

BY_DAY = (BucketSize("day", 10),)

FILLED = 400
"""Buckets that are named without a row in them, so that gaps show; beyond it gaps are left out."""

LENGTH, ZONE = 32, "+00:00"
"""Of a time as our log writes it: `2026-11-23T10:00:00.000000+00:00`."""


def utc(time: object) -> str:
    """Return a time as our log writes it, "" for what is no time. One without a zone is UTC."""
    if not isinstance(time, str):
        return ""
    try:
        at = datetime.fromisoformat(time)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return at.isoformat(timespec="microseconds")


class Axis:
    """The buckets that times fall into; they grow when the span outgrows them."""

    def __init__(self, levels: Sequence[BucketSize]) -> None:
        self.first = self.last = ""
        """The hours, `2026-11-23T10`, of the first and last time so far."""

        self.level, *self._coarser = levels
        self._buckets: dict[str, str] = {}

    def place(self, stated: object) -> tuple[str, str]:
        """Return a time as our log writes it, and its bucket; "" and "" for what is no time."""
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
                self._buckets = {known: known[: self.level.letters] for known in self._buckets}
        bucket = self._buckets[hour] = hour[: self.level.letters]
        return bucket

    def _span(self) -> float:
        first, last = (datetime.fromisoformat(f"{hour}:00") for hour in (self.first, self.last))
        return (last - first) / timedelta(hours=1 if self.level.unit == "hour" else 24) + 1

    def shortened(self, bucket: str) -> str:
        """Return the bucket that a finer one has become part of."""
        return bucket[: self.level.letters]

    def names(self, present: Iterable[str]) -> list[str]:
        """Name the buckets in their order, with the empty ones between them, if they are few."""
        known = sorted({bucket for bucket in present if bucket})
        if not known:
            return []
        filled, at = [known[0]], known[0]
        while at < known[-1] and len(filled) < FILLED:
            at = self._next(at)
            filled.append(at)
        return filled if at == known[-1] else known

    def _next(self, bucket: str) -> str:
        if self.level.unit == "month":
            year, month = int(bucket[:4]), int(bucket[5:7])
            return f"{year + month // 12:04}-{month % 12 + 1:02}"
        hour = self.level.unit == "hour"
        at = datetime.fromisoformat(f"{bucket}:00" if hour else bucket)
        at += timedelta(hours=1) if hour else timedelta(days=1)
        return at.isoformat()[: self.level.letters]
