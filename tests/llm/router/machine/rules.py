"""What a call may do next, as the rules have it; each of its events is held against them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.llm.router.machine.health import LOST, NEVER, PlainKey, Try
from tests.llm.router.machine.providers import SPENT_SECONDS, Heard, Played

FIRST_TOKEN = 120.0
LEFT = Played("left")
EPS = 1e-6


@dataclass(eq=False)
class PlainCall:
    """What one call may do next, by the rules; each event is held against them."""

    number: int
    rules: Any
    """The machine: its clock, providers and patience."""

    stream: bool
    began: float
    looked: bool = False
    order: list[tuple[str, str]] = field(default_factory=list)
    live: Try | None = None
    tries: list[Try] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)
    faults: list[Played] = field(default_factory=list)
    """What was booked as a failure, in order."""

    waited: float = 0.0
    retries: int = 0
    asked: bool = False
    """Whether anybody was asked since the last wait."""

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

    def heard(self, heard: Heard, prompt: str) -> None:
        """A request came in: it is the one that was announced."""
        assert prompt == f"call {self.number}", "one call's request went out as another's"
        assert self.live is not None, "a request left that was not announced"
        assert self.live.heard is None, "one attempt sent two requests"
        asked = (heard.provider, heard.model, heard.key)
        assert asked == (*self.live.candidate, self.live.key), "the wrong key was sent"
        self.live.heard = heard

    def askable(self, candidate: tuple[str, str], now: float) -> list[PlainKey]:
        """Return the keys of a candidate that this call may ask now."""
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
        """An attempt is announced: hold whom it asks against whom it should ask."""
        now, provider = self.rules.time.now, self.rules.providers[candidate[0]]
        assert self.live is None, "a call made two attempts at once"
        assert not self.stopped, "a call went on after what nobody else would answer"
        assert self.answered == 0, "a call went on after it was answered"
        assert self.left > 0, "an attempt began after the deadline"
        second = self.again is not None and self.slept
        if second:
            assert (candidate, key) == self._again_of(), "a second try went to somebody else"
        else:
            assert self.again is None, "a second try was due and not made"
            self._chosen(candidate, key, now)
        one = Try(candidate, key, now, provider.keys[key].refused_until is not None)
        if all(other.candidate != candidate for other in self.tries):
            provider.tokens = min(provider.capacity, provider.tokens + 0.5)
        provider.circuit.begin(one)
        provider.keys[key].busy += 1
        provider.keys[key].used = now
        self.live, self.again, self.slept, self.asked = one, None, False, True
        self.tries.append(one)
        return one

    def _again_of(self) -> tuple[tuple[str, str], str]:
        assert self.again is not None
        return self.again[0].candidate, self.again[0].key

    def _chosen(self, candidate: tuple[str, str], key: str, now: float) -> None:
        model = candidate[1]
        askable = self.askable(candidate, now)
        assert askable, f"{candidate} was asked, which cannot be now"
        best = min(askable, key=lambda one: one.rank(model, now))
        names = [one.name for one in askable]
        assert key in names, "a key was asked that rests, is refused, or was tried"
        chosen = next(one for one in askable if one.name == key)
        assert chosen.rank(model, now) == best.rank(model, now), "a better key was free"
        for before in self.order[: self.order.index(candidate)] if self.order else ():
            assert not self.askable(before, now), f"{before} was passed over"

    def sleeps(self, seconds: float) -> None:
        """The call waits: for its second try, or because nobody can be asked now."""
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
        assert pause is not None, "a call waits for nobody"
        assert abs(seconds - pause) < EPS, "a call waits longer or shorter than it must"
        for candidate in self.rules.candidates:
            assert not self.askable(candidate, now), f"a call waits, and {candidate} is free"
        self.retries, self.asked = self.retries + self.asked, False
        assert 0 < self.rules.max_retries >= self.retries, "a call waits more often than it may"
        at = now + seconds
        for candidate, avoid in self.avoid.items():
            self.avoid[candidate] = {key: due for key, due in avoid.items() if due > at}

    def pause(self, now: float) -> float | None:
        """Return in how many seconds somebody can be asked; None if nobody ever can."""
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
        """An attempt was booked: hold that against what the house played, and book it here."""
        one = self.live
        assert one is not None, "an attempt was booked that was not announced"
        asked = (record.provider, record.model, self.rules.ids[record.key_id])
        assert asked == (*one.candidate, one.key), "booked on a key that was not sent"
        self.live = None
        self.outcomes.append(record.outcome)
        if record.outcome == "ok":
            self._answers(one, record)
            self._book(one, None)
        elif record.outcome == "cancelled":
            assert self.leaving, "an attempt was cancelled by nobody"
            assert record.billed == "unknown"
            self._book(one, LEFT)
        elif record.outcome == "not_sent":
            assert self.leaving, "an attempt was given up by nobody"
            assert one.heard is None, "a request left, and was booked as not sent"
            assert record.billed == "no"
            self._book(one, LEFT)
        else:
            assert one.heard is not None, "a failure without a request"
            late = record.reason == "the call's deadline has passed"
            if isinstance(record.reason, str) and record.reason.startswith("no "):
                # Time goes by while others are answered, too.
                late = self.left <= 0 or self.rules.time.now - one.began > FIRST_TOKEN
            played = _really(one.heard, late=late)
            self._fails(one.heard, record, played)
            self._book(one, played)
            self._decide(one, played, shown=record.outcome == "stream_interrupted")

    def _answers(self, one: Try, record: Any) -> None:
        assert one.heard is not None, "a success without a request"
        assert one.heard.whole, "half an answer was booked as a good one"
        assert record.billed == "yes"
        assert record.cost_usd == self.rules.price, "the cost is not the tokens'"
        self.answered += 1

    def _fails(self, heard: Heard, record: Any, played: Played) -> None:
        shown = record.outcome == "stream_interrupted"
        content = heard.stream and heard.played.shows
        assert shown <= (content or self.left <= 0), "interrupted, and nothing had been shown"
        assert shown or record.outcome == played.kind, f"booked as {record}, played {heard}"
        assert record.billed == ("yes" if shown else played.billed), "billed as something else"

    def _book(self, one: Try, played: Played | None) -> None:
        """Book what came of an attempt on key and circuit; None is a good answer."""
        now, provider = self.rules.time.now, self.rules.providers[one.candidate[0]]
        key = provider.keys[one.key]
        key.busy -= 1
        if played is None:
            provider.circuit.end(one, "good", now)
            if one.heard is not None and one.heard.played.headers:
                key.spent[one.candidate[1]] = now + SPENT_SECONDS
            key.succeed(one)
            return
        faulty = played.circuit and self.left > 0
        provider.circuit.end(one, "fault" if faulty else "neutral", now)
        key.fail(one, played, now)
        if played.key == "refuse":
            provider.suspect(now)

    def _decide(self, one: Try, played: Played, *, shown: bool) -> None:
        now, provider = self.rules.time.now, self.rules.providers[one.candidate[0]]
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
            self.again = one, pause
        elif played.key != "none":
            back = now + pause if played.key == "cooldown" else NEVER
            self.avoid.setdefault(one.candidate, {})[one.key] = back
        else:
            self.out.add(one.candidate)

    def failed(self) -> None:
        """The call ends with an error: by the rules nobody could have answered it."""
        now = self.rules.time.now
        assert self.live is None, "a call failed and left an attempt open"
        assert self.answered == 0, "a call failed that was answered"
        if self.stopped or self.left <= 0:
            return
        assert self.again is None, "a call gave up instead of its second try"
        for candidate in self.rules.candidates:
            assert not self.askable(candidate, now), f"a call failed, and {candidate} was free"
        pause = self.pause(now)
        if pause is None:
            return
        limit = self.rules.max_retries
        could = 0 < limit >= self.retries + self.asked and self.affords(pause)
        assert not could, f"a call failed that had only to wait for {pause:.3f} s"


class CrowdedCall(PlainCall):
    """One of several at once: whom each may ask changes between its turns.

    So it is held against what is true whatever the others do.
    """

    def starts(self, candidate: tuple[str, str], key: str) -> Try:
        now = self.rules.time.now
        assert self.live is None, "a call made two attempts at once"
        assert self.answered == 0, "a call went on after it was answered"
        assert self.left > 0, "an attempt began after the deadline"
        one = Try(candidate, key, now, probe_key=False)
        if not self.tries:  # later ones were chosen before others had their turn
            self._exclusive(one)
        self.live = one
        self.tries.append(one)
        return one

    def _exclusive(self, one: Try) -> None:
        now, endpoint = self.rules.time.now, self.rules.endpoints[one.candidate[0]]
        state = endpoint.pool.state_of(one.key)
        assert state.ready_at(one.candidate[1]) <= now, "a key was asked that rests"
        one.probe_key = state.permanently_failed
        one.probe_circuit = endpoint.circuit.open_until is not None
        for other in self.rules.live():
            lost = other.began + LOST <= now
            same = other.candidate[0] == one.candidate[0]
            two = same and one.probe_circuit and other.probe_circuit and not lost
            assert not two, "a circuit that is half open let two through"
            assert not (same and one.probe_key and other.probe_key and one.key == other.key), (
                "a refused key was tried twice at once"
            )

    def sleeps(self, seconds: float) -> None:
        assert seconds < self.left, "a call sleeps beyond its deadline"
        self.waited += seconds
        assert self.waited <= self.rules.max_wait + EPS, "a call waited longer than max_wait"

    def _book(self, one: Try, played: Played | None) -> None:
        """Nothing: what is known of keys and circuits is taken over when all have ended."""

    def _decide(self, one: Try, played: Played, *, shown: bool) -> None:
        assert not shown, "a whole answer was interrupted"

    def failed(self) -> None:
        assert self.live is None, "a call failed and left an attempt open"
        assert self.answered == 0, "a call failed that was answered"


def _really(heard: Heard, *, late: bool) -> Played:
    """Return what was played in the end: an answer that came too late is no answer."""
    played = heard.played
    if late or heard.timed_out:
        return Played("late", "timeout_response", circuit=True, billed="unknown")
    assert played.kind, "a good answer was booked as a failure"
    return played
