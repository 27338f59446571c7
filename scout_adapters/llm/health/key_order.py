"""Keys in the order in which they are to be used: a choice does not look at all of them."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from itertools import count

from scout_adapters.llm.health.key_state import KeyState

MAX_SHORT = 64
"""So many keys are passed that have too little left for a long request; then it takes the first."""

Rank = tuple[bool, bool, int, int, float]
Entry = tuple[Rank, int, KeyState]


class KeyOrder:
    """The keys of a pool for one model. Held under the lock of their health.

    Each key has one entry that counts, its latest. One that a change for the worse has outdated is
    found out when it comes to the top; a key that may have become better is `moved`.
    """

    def __init__(self, model: str | None, states: Iterable[KeyState]) -> None:
        self._model = model
        self._touched = dict.fromkeys(states)
        self._numbers = count()
        self._latest: dict[KeyState, int] = {}
        self._ready: list[Entry] = []
        self._later: list[tuple[float, int, KeyState]] = []
        """When keys are ready that rest, and when limits are full again."""

    def touch(self, state: KeyState) -> None:
        """Look at a key anew before the next choice."""
        self._touched[state] = None

    def best(self, now: float, avoid: frozenset[str], tokens: int) -> KeyState | None:
        """Return the usable key of the lowest rank; one with too little left comes after others."""
        self._catch_up(now)
        passed: list[Entry] = []
        found: Entry | None = None
        short: Entry | None = None
        while self._ready and found is None and len(passed) < MAX_SHORT + len(avoid):
            entry = heappop(self._ready)
            rank, number, state = entry
            if self._latest[state] != number:
                continue
            if rank != self._rank(state, now) or not state.is_usable(self._model, now):
                self._place(state, now)
                continue
            passed.append(entry)
            if state.id in avoid:
                continue
            if not rank[1] and tokens > 1 and state.lacks(self._model, tokens, now):
                short = short or entry
            else:
                found = entry
        for entry in passed:
            heappush(self._ready, entry)
        return _first(found, short)

    def _catch_up(self, now: float) -> None:
        while self._later and self._later[0][0] <= now:
            _, number, state = heappop(self._later)
            if self._latest[state] == number:
                self._touched[state] = None
        if self._touched:
            touched, self._touched = self._touched, {}
            for state in touched:
                self._place(state, now)
            if len(self._ready) + len(self._later) > 4 * len(self._latest) + MAX_SHORT:
                self._tidy()

    def _place(self, state: KeyState, now: float) -> None:
        """Make the entry that counts from now on; a key that is being probed has none."""
        number = self._latest[state] = next(self._numbers)
        ready_at = state.ready_at(self._model)
        if ready_at > now:
            heappush(self._later, (ready_at, number, state))
        elif state.is_usable(self._model, now):
            heappush(self._ready, (self._rank(state, now), number, state))
            if (limit := state.lacks(self._model, 1, now)) is not None:
                state.allowances.wait_for_more(state)
                heappush(self._later, (limit.until, number, state))

    def _rank(self, state: KeyState, now: float) -> Rank:
        # A quarantined key that is due for its probe goes last: a healthy one answers the caller.
        spent = bool(state.allowances) and state.lacks(self._model, 1, now) is not None
        refused = state.permanently_failed
        return (refused, spent, state.failures, state.in_flight, state.last_used)

    def _tidy(self) -> None:
        """Drop the entries that count no longer."""
        latest = self._latest
        self._ready = [entry for entry in self._ready if latest[entry[2]] == entry[1]]
        self._later = [entry for entry in self._later if latest[entry[2]] == entry[1]]
        heapify(self._ready)
        heapify(self._later)


def _first(found: Entry | None, short: Entry | None) -> KeyState | None:
    """Choose between the first key with enough left, and the first one with too little."""
    if found is None or short is None:
        return (found or short or (None, None, None))[2]
    refused, _, *rest = short[0]
    return short[2] if (refused, True, *rest) < found[0] else found[2]
