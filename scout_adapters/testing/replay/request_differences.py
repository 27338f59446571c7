"""Messages about requests that a cassette does not have, and answers that were not requested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scout_adapters.testing.replay.request_matching import Difference, compare

if TYPE_CHECKING:
    from vcr.request import Request as Recorded

    from scout_adapters.testing.replay.cassette_paths import CassettePlan
    from scout_adapters.testing.scrubbing.secret_scrubber import Exchange

MOST_DIFFERENCES = 12
"""Lines of a message."""

LONGEST_VALUE = 300
"""Characters of a value in a message."""


def missing_text(
    plan: CassettePlan,
    current: Recorded,
    exchanges: Sequence[Exchange],
    played: Sequence[bool],
    place: str = "",
) -> str:
    """Return the message for a request that has no answer left; `place` is that of the call."""
    there = "has no answer left to" if plan.path.is_file() else "does not exist; nothing answers"
    lines = [f"{plan.path} {there} this request:", f"  {request_line(current)}{place}"]
    lines += _nearest(current, exchanges, played)
    return "\n".join([*lines, *commands(plan)])


def unplayed_text(plan: CassettePlan, left: Sequence[Exchange]) -> str:
    """Return the message for answers that were not requested."""
    lines = [f"{plan.path} has {len(left)} answers that the test did not request:"]
    lines += [f"  {request_line(request)}  {_excerpt(request)}" for request, _ in left]
    return "\n".join([*lines, *commands(plan, "all")])


def commands(plan: CassettePlan, mode: str = "new") -> Iterator[str]:
    """Yield how the cassette is recorded again."""
    yield f'Record it with your keys:  pytest "{plan.test}" --scout-record={mode}'
    yield f'or with the emulator:      pytest "{plan.test}" --scout-record=emulator'


def request_line(request: Recorded) -> str:
    """Return method and address of a request."""
    return f"{request.method} {request.uri}"


def _excerpt(request: Recorded) -> str:
    body = request.body if isinstance(request.body, bytes) else b""
    return _shown(body.decode("utf-8", "replace"))


def _nearest(
    current: Recorded, exchanges: Sequence[Exchange], played: Sequence[bool]
) -> Iterator[str]:
    """Yield what differs from the nearest recorded request."""
    if not exchanges:
        return
    comparisons = [compare(recorded, current) for recorded, _ in exchanges]
    at = min(range(len(exchanges)), key=lambda at: (comparisons[at].rank, played[at]))
    state = "which was already played" if played[at] else "which is not yet played"
    yield f"The nearest recorded request is number {at + 1} of {len(exchanges)}, {state}:"
    differences = comparisons[at].differences
    if not differences:
        yield "  it is the same: the test sends the request more often than it was recorded"
    for difference in differences[:MOST_DIFFERENCES]:
        yield from _difference(difference)
    if len(differences) > MOST_DIFFERENCES:
        yield f"  and {len(differences) - MOST_DIFFERENCES} more differences"


def _difference(difference: Difference) -> Iterator[str]:
    where, recorded, current = difference
    yield f"  {where}"
    yield f"    recorded: {_shown(recorded)}"
    yield f"    now:      {_shown(current)}"


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) and value == "(nothing)" else repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."
