"""What processes publish about keys and circuits, and how two facts are merged.

A fact names its subject by provider, a digest of the address and the key's fingerprint. It contains
no key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol

from scout_adapters._internal.bounded_dict import BoundedDict

FactKind = Literal["rest", "quarantine", "revival", "open", "closed", "probing", "probed", "quota"]

STATE = "state"
"""The place of quarantines, revivals and circuits: the newest fact replaces the others."""

PROBE = "probe"
"""The place of a circuit's running probe, and of its end."""

MAX_SUBJECTS = 10_000
"""Keys and circuits whose facts are remembered; those that were added first are dropped."""

SAME_MOMENT = 0.002
"""Seconds: facts whose times differ by no more count in the order of arrival, because a store
rounds times to milliseconds."""

SAME_END = 0.05
"""Seconds: facts of one kind whose ends differ by no more are the same."""

NO_DETAILS: Mapping[str, int] = MappingProxyType({})


class Fact(NamedTuple):
    """Something that happened to a key or a circuit, which concerns all processes.

    rest = Fact("key groq 5f2a9c01 8d8aaa63", "rest llama-3.3-70b", "rest", seconds=20.0)
    """

    subject: str
    """`key PROVIDER ADDRESS FINGERPRINT` or `circuit PROVIDER ADDRESS`; the address as a digest."""

    place: str
    """`STATE`, `PROBE`, or what it is about: `rest`, `rest MODEL`, `quota MODEL`."""

    kind: FactKind
    seconds: float
    """Seconds for which it still applies."""

    age: float = 0.0
    """Seconds since it happened."""

    details: Mapping[str, int] = NO_DETAILS


class FactListener(Protocol):
    """Receives the facts of other processes, in a thread of the store."""

    def receive(
        self,
        facts: list[Fact],
        *,
        in_order: bool = False,
        unless: Callable[[Fact], bool] | None = None,
    ) -> None:
        """Apply facts; each may be received repeatedly.

        `in_order`: the store has merged them, and passes them on in this order. `unless`: whether
        to leave a fact out, called while nothing can be published about its subject.
        """

    def receive_own(self, fact: Fact) -> None:
        """Apply a fact that this process published, in the order of the store."""

    def live_facts(self) -> list[Fact]:
        """Return the facts that still apply here, for a store that has lost its own."""


class StateStore(Protocol):
    """Shares what happens to keys and circuits between processes.

    Reading and deciding stay local: no method waits for a server. A store may have `shares_quotas`
    (False: not what is left of rate limits) and `others` (the number of other processes).
    """

    label: str
    """The store's address without user and password, for logs."""

    def publish(self, fact: Fact) -> None:
        """Send a fact to all other processes, and store it for those that start later."""

    def subscribe(self, listener: FactListener) -> None:
        """Let a listener receive all facts that apply, and those of other processes from now on."""

    def close(self) -> None:
        """End the store's threads and connections."""


@dataclass(frozen=True, slots=True)
class StoredFact:
    """A fact with times of one clock, in seconds."""

    kind: FactKind
    at: float
    until: float
    details: Mapping[str, int]
    is_own: bool
    """Whether this process has published it."""


class FactTable:
    """The facts that apply now, by subject and place. All times are seconds of one clock.

    Rests never become shorter. Of other facts the newest counts, within `SAME_MOMENT` the last. A
    revival ends the older rests of its key.
    """

    def __init__(self, limit: int = MAX_SUBJECTS) -> None:
        self._subjects: BoundedDict[str, dict[str, StoredFact]] = BoundedDict(limit)

    def merge(
        self, fact: Fact, now: float, *, is_own: bool = False, in_order: bool = False
    ) -> Fact | None:
        """Add a fact. Return it as merged; None if a newer one counts, or it is an own one again.

        `is_own`: this process publishes it. `in_order`: a store has found it to be the newest, so
        that it counts whatever its age seems to be: messages take time.
        """
        places = self._subjects.get(fact.subject)
        if places is None:
            places = {}
            self._subjects.put(fact.subject, places)
        at, until = now - fact.age, now + fact.seconds
        if in_order:
            at = max([at, *(stored.at for stored in _older(places, fact))])
        old = places.get(fact.place)
        if not is_own and old is not None and _is_repeated(old, fact, until):
            return None
        if fact.kind == "rest":
            if (state := places.get(STATE)) and state.kind == "revival" and _is_later(state, at):
                return None
            if old is not None:
                at, until = max(at, old.at), max(until, old.until)
        elif old is not None and _is_later(old, at):
            return None
        if fact.kind == "revival":
            _drop_rests(places, at)
        places[fact.place] = StoredFact(fact.kind, at, until, fact.details, is_own)
        return fact._replace(seconds=until - now, age=now - at)

    def has_own(self, fact: Fact) -> bool:
        """Return whether what is known already includes a fact that this process published.

        What it published last about the subject and place does, and a revival of its own that ended
        a rest: the store has both in this order.
        """
        places = self._subjects.get(fact.subject, {})
        known, state = places.get(fact.place), places.get(STATE)
        if fact.kind == "rest" and state is not None and state.kind == "revival" and state.is_own:
            return True
        return known is not None and known.is_own

    def drop_rests_of_others(self, revival: Fact, now: float) -> list[Fact]:
        """Drop the rests of other processes that a revival ends; return them.

        They were received after this process had published the revival, but the store had them
        before it.
        """
        places, at = self._subjects.get(revival.subject, {}), now - revival.age
        ended = [
            fact
            for fact in _facts(revival.subject, places, now)
            if fact.kind == "rest" and not places[fact.place].is_own
            if not _is_later(places[fact.place], at)
        ]
        for fact in ended:
            del places[fact.place]
        return ended

    def of(self, subject: str, now: float) -> list[Fact]:
        """Return the facts of a subject that still apply."""
        return list(_facts(subject, self._subjects.get(subject, {}), now))

    def live(self, now: float) -> list[Fact]:
        """Return all facts that still apply, and forget the others."""
        facts: list[Fact] = []
        for subject, places in [*self._subjects.items()]:
            live = [*_facts(subject, places, now)]
            if not live:
                self._subjects.pop(subject, None)
            facts += live
        return facts


def _older(places: Mapping[str, StoredFact], fact: Fact) -> list[StoredFact]:
    """Return what a fact replaces or ends, and the revival before a rest."""
    if fact.kind == "revival":
        return [each for place, each in places.items() if each.kind == "rest" or place == STATE]
    return [each for place in {fact.place, STATE} if (each := places.get(place)) is not None]


def _is_repeated(own: StoredFact, fact: Fact, until: float) -> bool:
    """Return whether a store repeats what this process has published."""
    is_same = own.is_own and (own.kind, own.details) == (fact.kind, fact.details)
    return is_same and abs(until - own.until) <= SAME_END


def _is_later(stored: StoredFact, at: float) -> bool:
    return stored.at > at + SAME_MOMENT


def _drop_rests(places: dict[str, StoredFact], at: float) -> None:
    for place in [*places]:
        if places[place].kind == "rest" and not _is_later(places[place], at):
            del places[place]


def _facts(subject: str, places: Mapping[str, StoredFact], now: float) -> Iterator[Fact]:
    for place, stored in [*places.items()]:
        if stored.until > now:
            age = max(0.0, now - stored.at)
            yield Fact(subject, place, stored.kind, stored.until - now, age, stored.details)
