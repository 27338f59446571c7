"""The time of a row is the clock's, to the microsecond."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from scout_adapters.audit.log import RowClock

MOMENTS = st.datetimes(datetime(2001, 9, 10), datetime(2199, 1, 1))  # noqa: DTZ001  # in UTC
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@given(st.lists(MOMENTS, min_size=1), st.integers(0, 999))
def test_a_row_has_the_time_of_the_clock_whichever_second_was_before(
    moments: list[datetime], nanoseconds: int
) -> None:
    times = [moment.replace(tzinfo=UTC) for moment in moments]
    times += [times[-1] + timedelta(microseconds=1)]
    readings = iter([(t - EPOCH) // timedelta(microseconds=1) * 1000 + nanoseconds for t in times])
    clock = RowClock(readings.__next__)
    assert [clock.now() for _ in times] == [t.isoformat(timespec="microseconds") for t in times]
