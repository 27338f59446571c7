"""A BoundedDict drops its oldest keys beyond the limit, and no others."""

from __future__ import annotations

from scout_adapters._internal.bounded_dict import BoundedDict


def test_the_oldest_go_when_there_is_an_eighth_too_many() -> None:
    latest: BoundedDict[int, str] = BoundedDict(limit=80)
    dropped = [latest.put(number, "") for number in range(91)]
    assert dropped[:-1] == [[]] * 90
    assert dropped[-1] == list(range(11))
    assert list(latest) == list(range(11, 91))


def test_a_cut_after_another_threads_drops_nothing() -> None:
    latest: BoundedDict[int, str] = BoundedDict(limit=80)
    latest.update(dict.fromkeys(range(70), ""))
    assert latest.trim() == []
    assert len(latest) == 70
