"""What became of each key over time: in order, limited, refused, out of credit, passed over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from scout_adapters.errors.policy import ErrorKind
from scout_adapters.report.attempt_row import AttemptRow


class State(StrEnum):
    """What an attempt shows of its key."""

    OK = "ok"
    LIMITED = "limited"
    QUOTA = "quota spent"
    CREDIT = "out of credit"
    REFUSED = "refused"
    MODEL = "not for this model"
    RESTING = "passed over"
    OTHER = "failed otherwise"
    """The provider's fault, or the caller's: nothing is known of the key."""


K = ErrorKind
SHOWN_BY: Mapping[str, State] = {
    "ok": State.OK,
    K.RATE_LIMIT: State.LIMITED,
    K.QUOTA_WINDOW: State.QUOTA,
    K.BILLING: State.CREDIT,
    K.AUTH_INVALID: State.REFUSED,
    K.AUTH_SUSPENDED: State.REFUSED,
    K.PERMISSION: State.MODEL,
    K.MODEL_NOT_FOUND: State.MODEL,
    "skipped": State.RESTING,
}
STATES = tuple(State)
SAYS_NOTHING = frozenset({State.OTHER, State.RESTING})
PLACES = {outcome: STATES.index(state) for outcome, state in SHOWN_BY.items()}
OTHER = STATES.index(State.OTHER)


def _none() -> list[int]:
    return [0] * len(STATES)


@dataclass(slots=True)
class KeyHealth:
    """A key's attempts by state, in all and by bucket; the counts are in the order of `STATES`."""

    provider: str
    key: str
    counts: list[int] = field(default_factory=_none)
    by_bucket: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(_none))
    last_seen: str = ""
    state: State | None = None
    """What its last attempt that says something of it has shown."""

    since: str = ""
    """When that began."""

    def add(self, attempt: AttemptRow) -> None:
        """Add an attempt with this key."""
        place = PLACES.get(attempt.outcome, OTHER)
        self.counts[place] += 1
        self.by_bucket[attempt.bucket][place] += 1
        if attempt.time >= self.last_seen:
            self._note(STATES[place], attempt.time)

    def _note(self, state: State, time: str) -> None:
        self.last_seen = time
        if state is not self.state and state not in SAYS_NOTHING:
            self.state, self.since = state, time

    @property
    def uses(self) -> int:
        """Attempts, without those where the key was passed over."""
        return sum(self.counts) - self.counts[STATES.index(State.RESTING)]

    def over_time(self, shortened: Callable[[str], str]) -> dict[str, list[int]]:
        """Return the counts by bucket, when the buckets have their final size."""
        found: defaultdict[str, list[int]] = defaultdict(_none)
        for bucket, counts in self.by_bucket.items():
            known = found[shortened(bucket)]
            known[:] = map(sum, zip(known, counts, strict=True))
        return found


class KeyTable:
    """The health of all keys in a log."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], KeyHealth] = {}

    def add(self, attempt: AttemptRow) -> None:
        """Add an attempt, if it names its key."""
        if not attempt.key:
            return
        place = (attempt.provider, attempt.key)
        known = self._known.get(place)
        if known is None:
            known = self._known[place] = KeyHealth(*place)
        known.add(attempt)

    def ranked(self) -> list[KeyHealth]:
        """Return the keys, those first that are not in order, then those that are used most."""
        return sorted(
            self._known.values(),
            key=lambda key: (key.state is State.OK, -key.uses, key.provider, key.key),
        )
