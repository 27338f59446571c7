"""The order in which a pool's keys are used, kept in heaps: a choice does not visit all keys."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from itertools import count

from scout_adapters.llm.health.key_state import KeyState

MAX_SKIPPED = 64
"""Number of keys that are skipped for a long request because their quota is too small; after that,
the first of them is used."""

Rank = tuple[bool, bool, int, int, float]
"""Rejected, quota used up, in flight, failures, last used: lower is better."""

Entry = tuple[Rank, int, KeyState]
"""Rank, number of the entry, key."""


class KeyOrder:
    """The keys of a pool in their order for one model. Use it with `health_lock` acquired.

    Only the latest entry of a key is valid. An entry whose key has got worse is detected when it
    reaches the top of the heap; `touch` a key that may have got better.
    """

    def __init__(self, model: str | None, states: Iterable[KeyState]) -> None:
        self._model = model
        self._states = tuple(states)
        self._touched = dict.fromkeys(self._states)
        self._numbers = count()
        self._latest: dict[KeyState, int] = {}
        self._ready: list[Entry] = []
        self._waiting: list[tuple[float, int, KeyState]] = []
        """Keys in cooldown and keys with a used-up quota, by the time at which that ends."""

    def touch(self, state: KeyState) -> None:
        """Mark a key for re-ranking; called when its health may have improved."""
        self._touched[state] = None

    def best(self, now: float, avoid: frozenset[str], tokens: int) -> KeyState | None:
        """Return the usable key with the lowest rank, preferably with quota for `tokens`.

        None if no key is usable. `avoid` contains the ids of keys that are left out.
        """
        try:
            return self._best(now, avoid, tokens)
        except BaseException:  # raised again; Ctrl-C: keys may be in neither heap
            self._touched = dict.fromkeys(self._states)
            raise

    def _best(self, now: float, avoid: frozenset[str], tokens: int) -> KeyState | None:
        self._apply_changes(now)
        skipped: list[Entry] = []
        best: Entry | None = None
        short: Entry | None = None
        while self._ready and best is None and len(skipped) < MAX_SKIPPED + len(avoid):
            entry = heappop(self._ready)
            rank, number, state = entry
            if self._latest.get(state) != number:
                continue
            if rank != self._rank(state, now) or not state.is_usable(self._model, now):
                self._enqueue(state, now)
                continue
            skipped.append(entry)
            if state.id in avoid:
                continue
            if not rank[1] and tokens > 1 and state.insufficient_quota(self._model, tokens, now):
                short = short or entry
            else:
                best = entry
        for entry in skipped:
            heappush(self._ready, entry)
        return _choose(best, short)

    def _apply_changes(self, now: float) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            _, number, state = heappop(self._waiting)
            if self._latest.get(state) == number:
                self._touched[state] = None
        if self._touched:
            touched, self._touched = self._touched, {}
            for state in touched:
                self._enqueue(state, now)
            if len(self._ready) + len(self._waiting) > 4 * len(self._latest) + MAX_SKIPPED:
                self._drop_stale()

    def _enqueue(self, state: KeyState, now: float) -> None:
        """Add a new entry, which replaces older ones; a key under probe gets none."""
        number = self._latest[state] = next(self._numbers)
        ready_at = state.ready_at(self._model)
        if ready_at > now:
            heappush(self._waiting, (ready_at, number, state))
        elif state.is_usable(self._model, now):
            rank = self._rank(state, now)
            heappush(self._ready, (rank, number, state))
            if rank[1] and (limit := state.insufficient_quota(self._model, 1, now)) is not None:
                state.quotas.wait_for_more(state)
                heappush(self._waiting, (limit.until, number, state))
        elif (ramp := state.ramps.get(self._model)) is not None:
            heappush(self._waiting, (ramp.check_at(now), number, state))

    def _rank(self, state: KeyState, now: float) -> Rank:
        # A rejected key that is due for its probe ranks last: healthy keys serve the caller. A key
        # without credit ranks like any other: its account may have been paid.
        used_up = bool(state.quotas) and state.insufficient_quota(self._model, 1, now) is not None
        return (state.is_rejected, used_up, state.in_flight, state.marks, state.last_used)

    def _drop_stale(self) -> None:
        """Remove entries that are no longer valid."""
        latest = self._latest
        self._ready = [entry for entry in self._ready if latest[entry[2]] == entry[1]]
        self._waiting = [entry for entry in self._waiting if latest[entry[2]] == entry[1]]
        heapify(self._ready)
        heapify(self._waiting)


def least_busy(
    states: Iterable[KeyState], model: str | None, now: float, avoid: frozenset[str]
) -> KeyState | None:
    """Return the key with the fewest requests in flight, also one that others try; or None.

    Keys in `avoid`, in cooldown or in quarantine are left out.
    """
    ready = (
        state
        for state in states
        if state.id not in avoid and not state.permanently_failed
        if state.ready_at(model) <= now
    )
    return min(ready, key=lambda state: state.in_flight, default=None)


def _choose(best: Entry | None, short: Entry | None) -> KeyState | None:
    """Return the better of the first key with enough quota and the first with too little."""
    if best is None or short is None:
        return (best or short or (None, None, None))[2]
    rejected, _, *rest = short[0]
    return short[2] if (rejected, True, *rest) < best[0] else best[2]
