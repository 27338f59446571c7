"""What a call may do next by the rules; each of its events is checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.llm.router.machine.health import LOST, NEVER, PlainKey, Try
from tests.llm.router.machine.providers import SPENT_SECONDS, Played, ReceivedRequest

FIRST_TOKEN = 120.0
LEFT = Played("left")
EPS = 1e-6


@dataclass(eq=False)
class PlainCall:
    """The state of one call by the rules; each event is checked against it."""

    number: int
    rules: Any
    """The harness: its clock, providers and limits."""

    stream: bool
    began: float
    looked: bool = False
    order: list[tuple[str, str]] = field(default_factory=list)
    live: Try | None = None
    tries: list[Try] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    faults: list[Played] = field(default_factory=list)
    """Answers that were recorded as failures, in order."""

    waited: float = 0.0
    retries: int = 0
    requested: bool = False
    """Whether a request was sent since the last wait."""

    avoid: dict[tuple[str, str], dict[str, float]] = field(default_factory=dict)
    out: set[tuple[str, str]] = field(default_factory=set)
    again: tuple[Try, float] | None = None
    """The second try that must come next, and the pause before it."""

    slept: bool = False
    stopped: bool = False
    leaving: bool = False
    answered: int = 0
    run_ids: set[Any] = field(default_factory=set)

    @property
    def left(self) -> float:
        limit = self.rules.deadline
        return NEVER if limit is None else limit - (self.rules.time.now - self.began)

    def affords(self, pause: float) -> bool:
        return self.waited + pause <= self.rules.max_wait and pause < self.left

    def request_received(self, received: ReceivedRequest, prompt: str) -> None:
        """Check that a received request belongs to the attempt that was reported."""
        assert prompt == f"call {self.number}", "one call's request went out as another's"
        assert self.live is not None, "a request left that was not announced"
        assert self.live.received is None, "one attempt sent two requests"
        sent_on = (received.provider, received.model, received.key)
        assert sent_on == (*self.live.candidate, self.live.key), "the wrong key was sent"
        self.live.received = received

    def usable_keys(self, candidate: tuple[str, str], now: float) -> list[PlainKey]:
        """Return the keys of a candidate that this call may use now."""
        provider, model = self.rules.providers[candidate[0]], candidate[1]
        if candidate in self.out or provider.circuit.ready_at(now) > now:
            return []
        avoid = self.avoid.get(candidate, {})
        return [
            key
            for key in provider.keys.values()
            if key.name not in avoid and key.due_at(model, now) <= now
        ]

    def starts(self, candidate: tuple[str, str], key: str) -> Try:
        """Check the candidate and key of an attempt that starts."""
        now, provider = self.rules.time.now, self.rules.providers[candidate[0]]
        assert self.live is None, "a call made two attempts at once"
        assert not self.stopped, "a call went on after an error that every candidate would return"
        assert self.answered == 0, "a call went on after it was answered"
        assert self.left > 0, "an attempt began after the deadline"
        second = self.again is not None and self.slept
        if second:
            assert (candidate, key) == self._again_of(), "a retry went to another candidate or key"
        else:
            assert self.again is None, "a second try was due and not made"
            self._chosen(candidate, key, now)
        attempt = Try(candidate, key, now, provider.keys[key].refused_until is not None)
        if all(other.candidate != candidate for other in self.tries):
            provider.tokens = min(provider.capacity, provider.tokens + 0.5)
        provider.circuit.begin(attempt)
        provider.keys[key].busy += 1
        provider.keys[key].used = now
        self.live, self.again, self.slept, self.requested = attempt, None, False, True
        self.tries.append(attempt)
        return attempt

    def _again_of(self) -> tuple[tuple[str, str], str]:
        assert self.again is not None
        return self.again[0].candidate, self.again[0].key

    def _chosen(self, candidate: tuple[str, str], key: str, now: float) -> None:
        model = candidate[1]
        usable_keys = self.usable_keys(candidate, now)
        assert usable_keys, f"{candidate} was tried, and is not ready"
        best = min(usable_keys, key=lambda usable: usable.rank(model, now))
        names = [usable.name for usable in usable_keys]
        assert key in names, "a key was used that rests, is refused, or was tried"
        chosen = next(usable for usable in usable_keys if usable.name == key)
        assert chosen.rank(model, now) == best.rank(model, now), "a better key was free"
        for before in self.order[: self.order.index(candidate)] if self.order else ():
            assert not self.usable_keys(before, now), f"{before} was passed over"

    def sleeps(self, seconds: float) -> None:
        """Check a wait: before a retry, or because no candidate is ready."""
        now = self.rules.time.now
        if self.again is not None and not self.slept:
            assert abs(seconds - self.again[1]) < EPS, "a second try at another time"
            self.slept = True
        else:
            self.again = None
            self._round(seconds, now)
        self.waited += seconds
        assert self.waited <= self.rules.max_wait + EPS, "a call waited longer than max_wait"
        assert seconds < self.left, "a call sleeps beyond its deadline"

    def _round(self, seconds: float, now: float) -> None:
        pause = self.pause(now)
        assert pause is not None, "a call waits, and no candidate will be ready"
        assert abs(seconds - pause) < EPS, "a call waits longer or shorter than it must"
        for candidate in self.rules.candidates:
            assert not self.usable_keys(candidate, now), f"a call waits, and {candidate} is free"
        self.retries, self.requested = self.retries + self.requested, False
        assert 0 < self.rules.max_retries >= self.retries, "a call waits more often than it may"
        at = now + seconds
        for candidate, avoid in self.avoid.items():
            self.avoid[candidate] = {key: due for key, due in avoid.items() if due > at}

    def pause(self, now: float) -> float | None:
        """Return the seconds until a candidate is ready; None if none ever is."""
        soonest = NEVER
        for candidate in self.rules.candidates:
            if candidate in self.out:
                continue
            provider, avoid = self.rules.providers[candidate[0]], self.avoid.get(candidate, {})
            keys = [
                max(key.due_at(candidate[1], now), avoid.get(key.name, 0.0))
                for key in provider.keys.values()
            ]
            soonest = min(soonest, max(provider.circuit.ready_at(now), min(keys)))
        return None if soonest == NEVER else max(soonest - now, 0.001)

    def ends(self, record: Any) -> None:
        """Check a recorded attempt against the scripted answer, and record it here."""
        attempt = self.live
        assert attempt is not None, "an attempt was booked that was not announced"
        booked_on = (record.provider, record.model, self.rules.ids[record.key_id])
        assert booked_on == (*attempt.candidate, attempt.key), "booked on a key that was not sent"
        self.live = None
        self.outcomes.append(record.outcome)
        if record.outcome == "ok":
            self._answers(attempt, record)
            self._book(attempt, None)
        elif record.outcome == "cancelled":
            assert self.leaving, "an attempt was cancelled without a cancellation"
            assert record.billed == "unknown"
            self._book(attempt, LEFT)
        elif record.outcome == "not_sent":
            assert self.leaving, "an attempt was given up without a cancellation"
            assert attempt.received is None, "a request left, and was booked as not sent"
            assert record.billed == "no"
            self._book(attempt, LEFT)
        else:
            assert attempt.received is not None, "a failure without a request"
            late = record.reason == "the call's deadline has passed"
            if isinstance(record.reason, str) and record.reason.startswith("no "):
                # Time goes by while others are answered, too.
                late = self.left <= 0 or self.rules.time.now - attempt.began > FIRST_TOKEN
            played = _really(attempt.received, late=late)
            self._fails(attempt.received, record, played)
            self._book(attempt, played)
            self._decide(attempt, played, shown=record.outcome == "stream_interrupted")

    def _answers(self, attempt: Try, record: Any) -> None:
        assert attempt.received is not None, "a success without a request"
        assert attempt.received.whole, "half an answer was booked as a good one"
        assert record.billed == "yes"
        assert record.cost_usd == self.rules.price, "the cost is not the tokens'"
        self.answered += 1

    def _fails(self, received: ReceivedRequest, record: Any, played: Played) -> None:
        shown = record.outcome == "stream_interrupted"
        content = received.stream and received.played.shows
        assert shown <= (content or self.left <= 0), "interrupted, and nothing had been shown"
        assert shown or record.outcome == played.kind, f"booked as {record}, played {received}"
        assert record.billed == ("yes" if shown else played.billed), "billed as something else"

    def _book(self, attempt: Try, played: Played | None) -> None:
        """Record the outcome of an attempt on key and circuit; None is a good answer."""
        now, provider = self.rules.time.now, self.rules.providers[attempt.candidate[0]]
        key = provider.keys[attempt.key]
        key.busy -= 1
        if played is None:
            provider.circuit.end(attempt, "good", now)
            if attempt.received is not None and attempt.received.played.headers:
                key.spent[attempt.candidate[1]] = now + SPENT_SECONDS
            key.succeed(attempt)
            return
        faulty = played.circuit and self.left > 0
        provider.circuit.end(attempt, "fault" if faulty else "neutral", now)
        key.fail(attempt, played, now)
        if played.key == "refuse":
            provider.suspect(now)

    def _decide(self, attempt: Try, played: Played, *, shown: bool) -> None:
        now, provider = self.rules.time.now, self.rules.providers[attempt.candidate[0]]
        pause = played.wait or 0.75 * min(0.5 * 2.0**self.retries, 8.0)
        # What may have been paid for is sent once more in a call, and not again.
        inside, same = played.status == 200, [f for f in self.faults if f.kind == played.kind]
        paid = played.kind == "protocol" or inside
        repeats = played.again and not (
            paid and any(not inside or fault.status == 200 for fault in same)
        )
        self.faults.append(played)
        able = self.retries < self.rules.max_retries and self.affords(pause)
        able = able and provider.circuit.ready_at(now) <= now
        if shown or played.stops:
            self.stopped = True
        elif repeats and able and provider.tokens >= 1:
            provider.tokens -= 1
            self.retries += 1
            self.again = attempt, pause
        elif played.key != "none":
            back = now + pause if played.key == "cooldown" else NEVER
            self.avoid.setdefault(attempt.candidate, {})[attempt.key] = back
        else:
            self.out.add(attempt.candidate)

    def failed(self) -> None:
        """Check that a call that failed had no candidate left."""
        now = self.rules.time.now
        assert self.live is None, "a call failed and left an attempt open"
        assert self.answered == 0, "a call failed that was answered"
        if self.stopped or self.left <= 0:
            return
        assert self.again is None, "a call gave up instead of its second try"
        for candidate in self.rules.candidates:
            assert not self.usable_keys(candidate, now), f"a call failed, and {candidate} was free"
        pause = self.pause(now)
        if pause is None:
            return
        limit = self.rules.max_retries
        could = 0 < limit >= self.retries + self.requested and self.affords(pause)
        assert not could, f"a call failed that had only to wait for {pause:.3f} s"


class CrowdedCall(PlainCall):
    """One of several concurrent calls: its candidates change between its turns.

    Only rules that hold whatever the other calls do are checked.
    """

    def starts(self, candidate: tuple[str, str], key: str) -> Try:
        now = self.rules.time.now
        assert self.live is None, "a call made two attempts at once"
        assert self.answered == 0, "a call went on after it was answered"
        assert self.left > 0, "an attempt began after the deadline"
        attempt = Try(candidate, key, now, probe_key=False)
        if not self.tries:  # later ones were chosen before others had their turn
            self._exclusive(attempt)
        self.live = attempt
        self.tries.append(attempt)
        return attempt

    def _exclusive(self, attempt: Try) -> None:
        now, endpoint = self.rules.time.now, self.rules.endpoints[attempt.candidate[0]]
        state = endpoint.pool.state_of(attempt.key)
        assert state.ready_at(attempt.candidate[1]) <= now, "a key was used that rests"
        attempt.probe_key = state.permanently_failed
        attempt.probe_circuit = endpoint.circuit.open_until is not None
        for other in self.rules.live():
            lost = other.began + LOST <= now
            same = other.candidate[0] == attempt.candidate[0]
            two = same and attempt.probe_circuit and other.probe_circuit and not lost
            assert not two, "a circuit that is half open let two through"
            assert not (
                same and attempt.probe_key and other.probe_key and attempt.key == other.key
            ), "a refused key was tried twice at once"

    def sleeps(self, seconds: float) -> None:
        assert seconds < self.left, "a call sleeps beyond its deadline"
        self.waited += seconds
        assert self.waited <= self.rules.max_wait + EPS, "a call waited longer than max_wait"

    def _book(self, attempt: Try, played: Played | None) -> None:
        """Record nothing: keys and circuits are copied from the router after all calls end."""

    def _decide(self, attempt: Try, played: Played, *, shown: bool) -> None:
        assert not shown, "a whole answer was interrupted"

    def failed(self) -> None:
        assert self.live is None, "a call failed and left an attempt open"
        assert self.answered == 0, "a call failed that was answered"


def _really(received: ReceivedRequest, *, late: bool) -> Played:
    """Return the answer that took effect: one after the time limit is a timeout."""
    played = received.played
    if late or received.timed_out:
        return Played("late", "timeout_response", circuit=True, billed="unknown")
    assert played.kind, "a good answer was booked as a failure"
    return played
