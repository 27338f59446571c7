"""How long answers took, by model and over time: seconds, and their percentiles."""

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
    """Half, nine tenths and ninety-nine hundredths of `count` answers took no longer. Seconds."""

    count: int
    p50: float
    p90: float
    p99: float


class Latencies:
    """The seconds of every answer: eight bytes for each."""

    def __init__(self) -> None:
        self._whole: defaultdict[Place, array[float]] = defaultdict(_none)
        self._first: defaultdict[Place, array[float]] = defaultdict(_none)

    def add(self, attempt: AttemptRow) -> None:
        """Add an answer's latency, and its first token's."""
        place = (attempt.bucket, attempt.model)
        if attempt.latency_s is not None:
            self._whole[place].append(attempt.latency_s)
        if attempt.first_token_s is not None:
            self._first[place].append(attempt.first_token_s)

    def by_model(self) -> dict[str, Percentiles]:
        """Return the answers' percentiles by model, those of the most answers first."""
        return _percentiles(self._whole, lambda place: place[1])

    def first_by_model(self) -> dict[str, Percentiles]:
        """Return the first tokens' percentiles by model."""
        return _percentiles(self._first, lambda place: place[1])

    def over_time(self, shortened: Callable[[str], str]) -> dict[Place, Percentiles]:
        """Return the answers' percentiles by bucket and model."""
        return _percentiles(self._whole, lambda place: (shortened(place[0]), place[1]))


def _none() -> array[float]:
    return array("d")


def _percentiles(
    parts: Mapping[Place, array[float]], group: Callable[[Place], K]
) -> dict[K, Percentiles]:
    groups: defaultdict[K, array[float]] = defaultdict(_none)
    for place, seconds in parts.items():
        groups[group(place)].extend(seconds)
    found = {key: percentiles(seconds) for key, seconds in groups.items()}
    return dict(sorted(found.items(), key=lambda item: -item[1].count))


def percentiles(seconds: Iterable[float]) -> Percentiles:
    """Return the percentiles of one answer or more, by nearest rank: each is of a real answer."""
    known = sorted(seconds)
    p50, p90, p99 = (known[ceil(len(known) * part / 100) - 1] for part in (50, 90, 99))
    return Percentiles(len(known), p50, p90, p99)
