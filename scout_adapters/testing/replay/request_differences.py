"""Messages about requests that a cassette does not have, and answers that were not requested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from scout_adapters._internal.wording import counted
from scout_adapters.testing.replay.request_matching import Comparison, Difference, compare

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
    lines = [f"{plan.shown_path} {there} this request:", f"  {request_line(current)}{place}"]
    nearest = _nearest(current, exchanges, played)
    if nearest is not None:
        lines += _shown_nearest(nearest, len(exchanges), is_played=played[nearest[0]])
    # With `new`, an answer that is not yet played would stay and fail the test.
    is_changed = nearest is not None and not played[nearest[0]]
    return "\n".join([*lines, *commands(plan, "all" if is_changed else "new")])


def unplayed_text(plan: CassettePlan, left: Sequence[Exchange]) -> str:
    """Return the message for answers that were not requested."""
    answers = counted(len(left), "answer")
    lines = [f"{plan.shown_path} has {answers} that the test did not request:"]
    lines += [f"  {request_line(request)}  {_excerpt(request)}" for request, _ in left]
    return "\n".join([*lines, *commands(plan, "all")])


def commands(plan: CassettePlan, mode: str = "new") -> Iterator[str]:
    """Yield how the cassette is recorded again."""
    yield f'Record it with your keys:  pytest "{plan.test}" --scout-record={mode}'
    yield f"or with the emulator:      {emulator_command(plan.test)}"


def emulator_command(test: str) -> str:
    """Return the command that records a test from the emulator."""
    return f'pytest "{test}" --scout-record=emulator'


def request_line(request: Recorded) -> str:
    """Return method and address of a request."""
    return f"{request.method} {request.uri}"


def _excerpt(request: Recorded) -> str:
    body = request.body if isinstance(request.body, bytes) else b""
    return _shown(body.decode("utf-8", "replace"))


def _nearest(
    current: Recorded, exchanges: Sequence[Exchange], played: Sequence[bool]
) -> tuple[int, Comparison] | None:
    """Return the nearest recorded request, as its index and how it differs."""
    compared = [(at, compare(recorded, current)) for at, (recorded, _) in enumerate(exchanges)]
    return min(compared, key=lambda each: (each[1].rank, played[each[0]]), default=None)


def _shown_nearest(
    nearest: tuple[int, Comparison], count: int, *, is_played: bool
) -> Iterator[str]:
    """Yield what differs from the nearest recorded request."""
    at, comparison = nearest
    state = "which was already played" if is_played else "which is not yet played"
    yield f"The nearest recorded request is number {at + 1} of {count}, {state}:"
    differences = comparison.differences
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
