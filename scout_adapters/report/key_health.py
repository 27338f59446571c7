"""State of each key over time: ok, limited, refused, out of credit, passed over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from scout_adapters.errors.policy import ErrorKind
from scout_adapters.report.attempt_row import AttemptRow


class State(StrEnum):
    """The state of a key that an attempt shows."""

    OK = "ok"
    LIMITED = "limited"
    QUOTA = "quota spent"
    CREDIT = "out of credit"
    REFUSED = "refused"
    SOURCE = "source failed"
    MODEL = "not for this model"
    RESTING = "passed over"
    OTHER = "failed otherwise"
    """A fault of the provider or the caller: shows nothing about the key."""


K = ErrorKind
STATE_BY_OUTCOME: Mapping[str, State] = {
    "ok": State.OK,
    K.RATE_LIMIT: State.LIMITED,
    K.QUOTA_WINDOW: State.QUOTA,
    K.BILLING: State.CREDIT,
    K.AUTH_INVALID: State.REFUSED,
    K.AUTH_SUSPENDED: State.REFUSED,
    K.KEY_SOURCE: State.SOURCE,
    K.PERMISSION: State.MODEL,
    K.MODEL_NOT_FOUND: State.MODEL,
    K.MODEL_RETIRED: State.MODEL,
    "skipped": State.RESTING,
}
STATES = tuple(State)
WITHOUT_STATE = frozenset({State.OTHER, State.RESTING})
COLUMNS = {outcome: STATES.index(state) for outcome, state in STATE_BY_OUTCOME.items()}
OTHER = STATES.index(State.OTHER)


def _zeros() -> list[int]:
    return [0] * len(STATES)


@dataclass(slots=True)
class KeyHealth:
    """A key's attempts by state, in total and by bucket; counts are in the order of `STATES`."""

    provider: str
    key: str
    counts: list[int] = field(default_factory=_zeros)
    by_bucket: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(_zeros))
    last_seen: str = ""
    state: State | None = None
    """The state that its last attempt with a state has shown."""

    since: str = ""
    """When this state began."""

    def add(self, attempt: AttemptRow) -> None:
        """Add an attempt with this key."""
        column = COLUMNS.get(attempt.outcome, OTHER)
        self.counts[column] += 1
        self.by_bucket[attempt.bucket][column] += 1
        if attempt.time >= self.last_seen:
            self._set_state(STATES[column], attempt.time)

    def _set_state(self, state: State, time: str) -> None:
        self.last_seen = time
        if state is not self.state and state not in WITHOUT_STATE:
            self.state, self.since = state, time

    @property
    def uses(self) -> int:
        """Attempts, without those that passed the key over."""
        return sum(self.counts) - self.counts[STATES.index(State.RESTING)]

    def over_time(self, shortened: Callable[[str], str]) -> dict[str, list[int]]:
        """Return the counts by bucket of the final size, to which `shortened` maps the buckets."""
        by_bucket: defaultdict[str, list[int]] = defaultdict(_zeros)
        for bucket, counts in self.by_bucket.items():
            sums = by_bucket[shortened(bucket)]
            sums[:] = map(sum, zip(sums, counts, strict=True))
        return by_bucket


class KeyTable:
    """The health of all keys in a log."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], KeyHealth] = {}

    def add(self, attempt: AttemptRow) -> None:
        """Add an attempt, if its row names a key."""
        if not attempt.key:
            return
        name = (attempt.provider, attempt.key)
        health = self._keys.get(name)
        if health is None:
            health = self._keys[name] = KeyHealth(*name)
        health.add(attempt)

    def ranked(self) -> list[KeyHealth]:
        """Return the keys: first those that are not ok, then the most used."""
        return sorted(
            self._keys.values(),
            key=lambda key: (key.state is State.OK, -key.uses, key.provider, key.key),
        )
