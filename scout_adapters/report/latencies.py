"""Latencies of answers by model and over time: seconds, and their percentiles."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

from scout_adapters.report.attempt_row import AttemptRow

Place = tuple[str, str]
"""A bucket and a model."""

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Seconds within which 50, 90 and 99 per cent of `count` answers ended."""

    count: int
    p50: float
    p90: float
    p99: float


class Latencies:
    """The latency of every answer in seconds: eight bytes for each."""

    def __init__(self) -> None:
        self._whole: defaultdict[Place, array[float]] = defaultdict(_empty)
        self._first: defaultdict[Place, array[float]] = defaultdict(_empty)

    def add(self, attempt: AttemptRow) -> None:
        """Add the latencies of an answer and of its first token."""
        place = (attempt.bucket, attempt.model)
        if attempt.latency_s is not None:
            self._whole[place].append(attempt.latency_s)
        if attempt.first_token_s is not None:
            self._first[place].append(attempt.first_token_s)

    def by_model(self) -> dict[str, Percentiles]:
        """Return the percentiles of answers by model, the model with the most answers first."""
        return _percentiles(self._whole, lambda place: place[1])

    def first_by_model(self) -> dict[str, Percentiles]:
        """Return the percentiles of first tokens by model."""
        return _percentiles(self._first, lambda place: place[1])

    def over_time(self, shortened: Callable[[str], str]) -> dict[Place, Percentiles]:
        """Return the percentiles of answers by bucket and model."""
        return _percentiles(self._whole, lambda place: (shortened(place[0]), place[1]))


def _empty() -> array[float]:
    return array("d")


def _percentiles(
    parts: Mapping[Place, array[float]], group: Callable[[Place], K]
) -> dict[K, Percentiles]:
    groups: defaultdict[K, array[float]] = defaultdict(_empty)
    for place, seconds in parts.items():
        groups[group(place)].extend(seconds)
    by_group = {key: percentiles(seconds) for key, seconds in groups.items()}
    return dict(sorted(by_group.items(), key=lambda item: -item[1].count))


def percentiles(seconds: Iterable[float]) -> Percentiles:
    """Return percentiles of one or more latencies, by nearest rank: each is one of the values."""
    ordered = sorted(seconds)
    p50, p90, p99 = (ordered[ceil(len(ordered) * part / 100) - 1] for part in (50, 90, 99))
    return Percentiles(len(ordered), p50, p90, p99)
