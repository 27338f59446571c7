"""Any sequence of calls: limits hold, the order of arrival holds, and nothing is lost."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from scout_adapters.llm.limits import memory_limits as module
from scout_adapters.llm.limits.limit_meter import LimitReservation, Shortage
from scout_adapters.llm.limits.limit_rule import LimitRule
from scout_adapters.llm.limits.limit_waiter import LimitWaiter
from scout_adapters.llm.limits.memory_limits import MemoryLimits
from scout_adapters.llm.limits.usage_limits import Limits
from tests.support.clock import FakeTime

RPM, TPM, PLACES, BURST = 30, 6000, 4, 3.0
LARGEST = 2000
RULES = [
    ("all", LimitRule("all", Limits(rpm=RPM, concurrency=PLACES, burst_seconds=BURST))),
    ("tokens", LimitRule("tokens", Limits(tpm=TPM, burst_seconds=BURST))),
]
tokens = st.integers(1, LARGEST)


class LimitMachine(RuleBasedStateMachine):
    """Calls that come, wait, leave and end, in virtual time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.limits = MemoryLimits()
        self.waiting: list[tuple[LimitWaiter, LimitReservation]] = []
        self.running: list[LimitReservation] = []
        self.sent: list[tuple[float, int]] = []
        """Times of the requests that were sent, and the tokens that they reserved."""

    def try_(self, reservation: LimitReservation, waiter: LimitWaiter | None) -> Shortage | None:
        """Try to send; no call takes a place that those who have waited longer need."""
        places = self.limits._meters.get("all")
        before = [
            other
            for other in (places.line if places else ())
            if waiter is None or other.ticket < waiter.ticket
        ]
        occupied = len(self.running) + len(before)
        shortage = self.limits.reserve(reservation, lambda: self.now, waiter)
        if shortage is None:
            assert occupied < PLACES
            self.running.append(reservation)
            self.sent.append((self.now, reservation.tokens))
            if waiter is not None:
                self.limits.leave(waiter)
        return shortage

    @rule(amount=tokens)
    def come(self, amount: int) -> None:
        reservation = LimitReservation(RULES, amount)
        if (shortage := self.try_(reservation, None)) is not None:
            assert shortage.wait > 0
            waiter = LimitWaiter(amount)
            self.limits.stand(reservation, self.now, waiter)
            self.waiting.append((waiter, reservation))

    @rule(seconds=st.floats(0, 30))
    def go_by(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def look_again(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.waiting) - 1))
        waiter, old = self.waiting[number]
        again = LimitReservation(RULES, old.tokens)
        if self.try_(again, waiter) is None:
            del self.waiting[number]
        else:
            self.limits.stand(again, self.now, waiter)

    @precondition(lambda self: self.waiting)
    @rule()
    def first_goes_after_its_wait(self) -> None:
        """The call that has waited longest goes as soon as it was told, if a place is free."""
        waiter, old = self.waiting[0]
        if len(self.running) >= PLACES:
            return
        for _ in range(3):  # the wait for requests may hide the one for tokens
            again = LimitReservation(RULES, old.tokens)
            if (shortage := self.try_(again, waiter)) is None:
                del self.waiting[0]
                return
            self.now += shortage.wait
        raise AssertionError("a call waited three times")

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        waiter, _ = self.waiting.pop(data.draw(st.integers(0, len(self.waiting) - 1)))
        self.limits.leave(waiter)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        reservation = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
        self.limits.settle(reservation, self.now, None)
        assert reservation.taken == 0

    @invariant()
    def no_minute_has_more_than_the_limit_and_the_burst(self) -> None:
        for start, _ in self.sent[-40:]:
            window = [used for at, used in self.sent if start <= at < start + 60]
            assert len(window) <= RPM + BURST * RPM / 60
            most = max(BURST * TPM / 60, *window)
            assert sum(window) <= TPM + most + 1e-6

    @invariant()
    def no_more_run_than_there_are_places(self) -> None:
        assert len(self.running) <= PLACES

    @invariant()
    def nothing_is_lost(self) -> None:
        for meter in self.limits._meters.values():
            assert meter.in_flight == len(self.running)
            assert {*meter.line} <= {waiter for waiter, _ in self.waiting}
            assert [each.ticket for each in meter.line] == sorted(
                each.ticket for each in meter.line
            )


TestLimitMachine = LimitMachine.TestCase
TestLimitMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_many_names_keep_memory_bounded() -> None:
    limits, one, time = MemoryLimits(), LimitRule("x", Limits(rpm=10**6)), FakeTime()
    for number in range(2 * module.MAX_METERS):
        time.go_by(0.001)
        reservation = LimitReservation([(f"key-{number}", one)], 0)
        assert limits.reserve(reservation, time.read, None) is None
        limits.settle(reservation, time.now, 0)
    assert len(limits) <= module.MAX_METERS


def test_counts_in_use_are_kept_when_others_are_forgotten() -> None:
    limits, one = MemoryLimits(), LimitRule("x", Limits(concurrency=1))
    held = LimitReservation([("held", one)], 0)
    assert limits.reserve(held, lambda: 0.0, None) is None
    for number in range(module.MAX_METERS + 10):
        reservation = LimitReservation([(f"key-{number}", one)], 0)
        assert limits.reserve(reservation, lambda: 0.0, None) is None
        limits.settle(reservation, 0.0, 0)
    assert limits.reserve(LimitReservation([("held", one)], 0), lambda: 0.0, None) is not None
