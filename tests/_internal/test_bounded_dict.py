"""What is remembered of runs is cut back, and no further."""

from __future__ import annotations

from scout_adapters._internal.bounded_dict import BoundedDict


def test_the_oldest_go_when_there_is_an_eighth_too_many() -> None:
    held: BoundedDict[int, str] = BoundedDict(most=80)
    gone = [held.note(number, "") for number in range(91)]
    assert gone[:-1] == [[]] * 90
    assert gone[-1] == list(range(11))
    assert list(held) == list(range(11, 91))


def test_a_cut_after_another_threads_drops_nothing() -> None:
    held: BoundedDict[int, str] = BoundedDict(most=80)
    held.update(dict.fromkeys(range(70), ""))
    assert held.cut() == []
    assert len(held) == 70
