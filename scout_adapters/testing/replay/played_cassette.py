"""A cassette of vcrpy that answers by meaning, once for each recording, to threads and tasks."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

# vcrpy comes without types.
from vcr.cassette import Cassette
from vcr.filters import decode_response
from vcr.patch import CassettePatcherBuilder
from vcr.record_mode import RecordMode

from scout_adapters.testing.isolation.live_calls import GUARD, late_text, user_place
from scout_adapters.testing.isolation.open_answers import OpenAnswers
from scout_adapters.testing.replay.cassette_errors import LateRequest, RequestNotRecorded
from scout_adapters.testing.replay.masked_prompts import MaskedPlace, masked_places
from scout_adapters.testing.replay.request_differences import missing_text, unplayed_text
from scout_adapters.testing.replay.request_matching import Comparison, Renaming, compare, renamed

if TYPE_CHECKING:
    from vcr.request import Request as Recorded

    from scout_adapters.testing.replay.cassette_paths import CassettePlan
    from scout_adapters.testing.scrubbing.scrubber import Scrubber
    from scout_adapters.testing.scrubbing.secret_scrubber import Exchange

_VCR_MODES = {
    "none": RecordMode.NONE,
    "new": RecordMode.NEW_EPISODES,
    "all": RecordMode.ALL,
    "emulator": RecordMode.ALL,
}


class _Claim(NamedTuple):
    """An answer set aside for a request. The request is kept: its identity is the key."""

    request: Any
    at: int
    renaming: Renaming


class PlayedCassette(Cassette):  # type: ignore[misc]  # vcrpy is untyped
    """Answers each request with the nearest recording of the same meaning that is left."""

    def __init__(
        self, plan: CassettePlan, exchanges: Sequence[Exchange], scrubber: Scrubber
    ) -> None:
        super().__init__(
            str(plan.path),
            record_mode=_VCR_MODES[plan.mode],
            before_record_request=self._scrub,
            before_record_response=lambda response: scrubber.response(decode_response(response)),
        )
        self.plan = plan
        self.missing: list[RequestNotRecorded] = []
        """Requests without an answer, whatever became of the error that each raised."""

        self.masked: list[tuple[Any, list[MaskedPlace]]] = []
        """Recorded requests, and the places of their prompts at which a secret was masked."""

        self.answers = OpenAnswers()
        self.data = list(exchanges)
        self.rewound = True
        self._scrubber = scrubber
        self._lock = threading.RLock()
        self._claims: dict[int, _Claim] = {}
        self._closed = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets of the environment, and the keys of the requests so far."""
        return (*self._scrubber.secrets, *self._scrubber.seen)

    @contextmanager
    def playing(self) -> Iterator[PlayedCassette]:
        """Answer the requests of every HTTP client that vcrpy supports, in all threads."""
        with ExitStack() as stack:
            for patcher in CassettePatcherBuilder(self).build():
                stack.enter_context(patcher)
            stack.enter_context(self.answers.followed())
            try:
                yield self
            finally:
                self._closed = True

    def can_play_response_for(self, request: Recorded) -> bool:
        """Set an answer aside for the request; vcrpy looks for the same one several times.

        Raises:
            RequestNotRecorded: if there is none, and none may be recorded.
            LateRequest: if the test has ended.
        """
        with self._lock:
            self._check_open(request)
            if id(request) in self._claims:
                return True
            current = self._scrub(request)
            if current is None or self.record_mode is RecordMode.ALL:
                return False
            claim = self._nearest(request, current)
            if claim is not None:
                self._claims[id(request)] = claim
            elif self.record_mode is RecordMode.NONE:
                raise self._not_recorded(current)
            return claim is not None

    def play_response(self, request: Recorded) -> dict[str, Any]:
        """Return the answer to a request, with the ids of this run.

        Raises:
            RequestNotRecorded: if there is none.
        """
        with self._lock:
            if not self.can_play_response_for(request):
                raise self._not_recorded(request)
            claim = self._claims.pop(id(request))
            self.play_counts[claim.at] += 1
            response: dict[str, Any] = copy.deepcopy(self.data[claim.at][1])
        body = response["body"]
        body["string"] = renamed(body["string"], claim.renaming.changes)
        return response

    def append(self, request: Recorded, response: dict[str, Any]) -> None:
        """Record an answer."""
        with self._lock:
            self._check_open(request)
            before = len(self.data)
            super().append(request, response)
            if len(self.data) > before:
                self.play_counts[before] += 1
                scrubbed = self.data[before][0]
                self.masked.append((scrubbed, masked_places(request, scrubbed)))

    def unplayed(self) -> str:
        """Return the answers that were not requested, as a message; "" if all were."""
        with self._lock:
            left = [pair for at, pair in enumerate(self.data) if not self.play_counts[at]]
            return unplayed_text(self.plan, left) if left else ""

    def _nearest(self, request: Recorded, current: Recorded) -> _Claim | None:
        """Return the nearest recording of the same meaning, of those that are left."""
        taken = {claim.at for claim in self._claims.values()}
        best: tuple[tuple[int, int, int], _Claim] | None = None
        for at, (recorded, _) in enumerate(self.data):
            if self.play_counts[at] or at in taken:
                continue
            comparison = compare(recorded, current)
            if self._matches(recorded, current, comparison) and (
                best is None or comparison.rank < best[0]
            ):
                best = comparison.rank, _Claim(request, at, comparison.renaming)
        return best[1] if best else None

    def _matches(self, recorded: Recorded, current: Recorded, comparison: Comparison) -> bool:
        if callable(self.plan.match):
            return bool(self.plan.match(recorded, current))
        return comparison.same and (self.plan.match == "meaning" or not comparison.renaming.changes)

    def _scrub(self, request: Recorded) -> Recorded | None:
        if not self.plan.is_recorded(request.uri):
            return None
        return self._scrubber.request(copy.deepcopy(request))

    def _not_recorded(self, current: Recorded) -> RequestNotRecorded:
        played = [bool(self.play_counts[at]) for at in range(len(self.data))]
        error = RequestNotRecorded(
            missing_text(self.plan, current, self.data, played, user_place())
        )
        self.missing.append(error)
        return error

    def _check_open(self, request: Recorded) -> None:
        test = self.plan.test if self._closed else GUARD.test_of_thread()
        if test is not None and self.plan.is_recorded(request.uri):
            late = LateRequest(late_text(test, f"{request.method} {request.uri.partition('?')[0]}"))
            GUARD.late.append(late)
            raise late
