"""Compare each call's answer, its audit rows and the emulator's exchanges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from scout_adapters.errors import (
    DeadlineExceeded,
    InvalidRequest,
    ProviderTimeout,
    StreamInterrupted,
)
from scout_adapters.llm.engine.candidate_state import DEADLINE_PASSED
from scout_adapters.testing import Exchange
from scout_adapters.testing.http_messages import dumps
from tests.system.chaos.plan import Call, Plan
from tests.system.chaos.stage import DEADLINE, HASTE, PRICES, ChaosEmulator, marked
from tests.system.chaos.stories import Story
from tests.system.chaos.tally import Tally

CALLERS = frozenset({"BadRequest", "TooLarge", "Raw"})
"""Faults that may end a call because the caller is to blame."""

TOO_LONG = frozenset({"ContextOverflow", "TooLarge"})

SPEECH = "This is the emulator speaking for "
"""Stands in every text once, at its beginning."""

REST = 60.0
"""Seconds by the model's clock for which a failure closes a provider off, and its keys' rest."""

LAG = 15.0
"""Seconds by the pulse between a request and the booking of its outcome."""

NANO = Decimal(10) ** -9


class Books:
    """Judges the calls of one epoch after another."""

    def __init__(self, plan: Plan, tally: Tally) -> None:
        self.plan = plan
        self.tally = tally

    def judge(self, story: Story, emulator: ChaosEmulator) -> None:
        """Judge a call by all that is known of it."""
        tally, result = self.tally, story.result
        tally.verbs[result.call.verb] += 1
        tally.routes[result.call.model] += 1
        tally.seconds.append(result.seconds)
        tally.counts["calls"] += 1
        tally.counts["requests seen"] += len(story.exchanges)
        tally.counts["requests that could not leave"] += story.unheard
        tally.counts["attempts begun"] += len(story.intents)
        tally.counts["attempts booked"] += len(story.outcomes)
        tally.counts["candidates passed over"] += len(story.skips)
        self._pairs(story)
        self._bill(story)
        if result.left:
            tally.counts["closed or cancelled by the caller"] += 1
        elif result.error is not None:
            tally.errors[type(result.error).__name__] += 1
            self._excused(story, emulator)
        else:
            self._answered(story)

    def _pairs(self, story: Story) -> None:
        """Every request has an intent and every intent an outcome."""
        begun = [one["number"] for one in story.intents]
        booked = [one["number"] for one in story.outcomes]
        if begun != booked or len(set(begun)) != len(begun):
            self.tally.blame("intents without their one outcome", str(story))
        if story.ends and (begun or booked or story.skips):
            self.tally.blame("ended without an attempt, and had some", str(story))
        silent = len(begun) - len(story.exchanges) - story.unheard
        may_be = 1 if story.call.end in {"cancel", "timeout", "close", "drop"} else 0
        if silent:
            self.tally.counts["attempts cancelled before they left"] += 1
        if not 0 <= silent <= may_be:
            self.tally.blame("requests without an intent, or intents without a request", str(story))

    def _answered(self, story: Story) -> None:
        """An answer belongs to its call, is whole, and is paid for once."""
        tally, answer = self.tally, story.result.answer
        tally.counts["answered"] += 1
        mine = f"#c{story.call.index}#"
        text = answer.text if answer is not None else ""
        if not ((mine in text and text.count(SPEECH) == 1) or (answer and answer.tool_calls)):
            tally.blame("answers of another call, or in pieces", f"{story} {text}")
        good = [
            (one, row)
            for one, row in zip(self._matched_exchanges(story), story.outcomes, strict=False)
            if one is not None and one.billed and self._was_good(one)
        ]
        if len(good) < 2:
            return
        late = all(row.get("billed") == "unknown" for _, row in good[:-1])
        if late:
            tally.counts["billed twice unavoidably: sent, and not answered in time"] += 1
        else:
            tally.blame("billed twice", str(story))

    @staticmethod
    def _was_good(exchange: Exchange) -> bool:
        return exchange.fault in {None, "ExtraHeaders", "KeepAlive", "Drip", "Garnished"}

    @staticmethod
    def _matched_exchanges(story: Story) -> list[Exchange | None]:
        """Put each exchange beside its outcome: those that could not leave have none."""
        waiting = iter(story.exchanges)
        missing = {"connect", "not_sent"}
        return [
            None if row["outcome"] in missing or _not_written(row) else next(waiting, None)
            for row in story.outcomes
        ]

    def _bill(self, story: Story) -> None:
        """Compare each recorded attempt with the emulator's exchange."""
        for row in story.outcomes:
            if row["outcome"] != "ok":
                self.tally.partly += Decimal(repr(row.get("cost", 0)))
        for exchange, row in zip(self._matched_exchanges(story), story.outcomes, strict=True):
            if exchange is None:
                continue
            if exchange.provider != row["provider"]:
                self.tally.blame("outcomes booked for somebody else", str(story))
            if row["outcome"] == "ok":
                self._paid(story, exchange, row.get("cost"))
            elif exchange.billed:
                self._unpaid(story, exchange, str(row.get("billed")))

    def _paid(self, story: Story, exchange: Exchange, cost: float | None) -> None:
        tally, price = self.tally, priced(exchange)
        if cost is None:
            tally.counts["answers of unknown cost"] += 1
            return
        booked = Decimal(repr(cost))
        tally.audited += booked
        tally.billed += price
        if abs(price - booked) > NANO / 1000:
            tally.blame("costs that are not the bill", f"{story} {price} {cost}")

    def _unpaid(self, story: Story, exchange: Exchange, billed: str) -> None:
        tally = self.tally
        tally.unseen += priced(exchange)
        tally.counts[f"billed though not delivered, booked as {billed}"] += 1
        if billed == "no":
            tally.blame("billed, and booked as not billed", str(story))

    def _excused(self, story: Story, emulator: ChaosEmulator) -> None:
        """Find out why a call failed, and whether it had to."""
        tally, error = self.tally, story.result.error
        last = story.exchanges[-1].fault if story.exchanges else None
        refused = isinstance(error, InvalidRequest) and last in CALLERS
        if refused or _overflows(story):
            tally.counts["ended by the caller's own fault"] += 1
        elif self._out_of_time(story):
            tally.counts["deadline passed"] += 1
        elif isinstance(error, StreamInterrupted) and last is not None:
            self._broken_off(story, error)
        elif not (healthy := self._healthy(story.call, emulator)):
            tally.counts["failed, and nobody was to answer its first request"] += 1
        elif all(self._closed_off(story, house, emulator) for house in healthy):
            tally.counts["failed while the circuit was open, or all keys rested"] += 1
        else:
            paths = (self._path(story, house, emulator) for house in healthy)
            text = "\n    ".join((str(story), *paths))
            tally.blame("failed though somebody would have answered", text)

    def _healthy(self, call: Call, emulator: ChaosEmulator) -> list[str]:
        """Name those of the route that would have answered the call's first request well."""
        up = (house for house in call.route if house not in emulator.down)
        return [house for house in up if self.plan.goes_well(call, house)]

    @staticmethod
    def _closed_off(story: Story, house: str, emulator: ChaosEmulator) -> bool:
        """Tell whether the route could not use a provider: it said so, and the provider was tried.

        An open circuit lets a probe through every 30 s: where none came, it has got stuck.
        """
        pace = 1.0 if story.call.sockets else HASTE
        asked = emulator.last_asked(story.call, house, story.result.ended)
        return story.passes(house) and story.result.ended - asked < REST / pace + LAG

    @staticmethod
    def _path(story: Story, house: str, emulator: ChaosEmulator) -> str:
        """Say what is known of a provider that would have answered."""
        ago = story.result.ended - emulator.last_asked(story.call, house, story.result.ended)
        passed = "was passed over" if story.passes(house) else "was not passed over"
        return f"  {house} {passed}; received its last request {ago:.2f} s of the pulse before"

    def _broken_off(self, story: Story, error: StreamInterrupted) -> None:
        """See that what was shown is a part of the one answer that broke off."""
        self.tally.counts["broken off after some of it was shown"] += 1
        part = error.partial
        text = part.text if part is not None else ""
        if not (text or (part and part.tool_call_chunks)):
            self.tally.blame("broken off with nothing shown", str(story))
        if not SPEECH.startswith(text[: len(SPEECH)]) or text.count(SPEECH) > 1:
            self.tally.blame("broken off, and not the beginning of an answer", f"{story} {text}")

    def balance(self, handled: Decimal) -> None:
        """Compare the handler's sum with the audit's: calls that were left are in both."""
        tally = self.tally
        tally.handled = handled
        if handled != tally.audited + tally.partly:
            tally.blame("costs in the handler that are not the audit's", f"{handled} {tally}"[:200])

    @staticmethod
    def _out_of_time(story: Story) -> bool:
        """Return whether the deadline ended the call: its error says so, or its skips do."""
        late = isinstance(
            story.result.error, DeadlineExceeded | ProviderTimeout | StreamInterrupted
        )
        late = late or any(row.get("reason") == DEADLINE_PASSED for row in story.skips)
        return late and story.call.model == "hurried" and story.result.virtual >= DEADLINE


def _overflows(story: Story) -> bool:
    """Return whether the request was refused as too long; only larger windows are tried then."""
    understood = any(row["outcome"] == "context_overflow" for row in story.outcomes)
    return understood and any(one.fault in TOO_LONG for one in story.exchanges)


def _not_written(row: Any) -> bool:
    """Return whether an attempt ended before its request was sent."""
    return row["outcome"] == "timeout_response" and "write" in str(row.get("reason", "")).lower()


def priced(exchange: Exchange) -> Decimal:
    """Return what an exchange costs, in US dollars, by the emulator's count of tokens."""
    if exchange.cost_nanousd is not None:
        return exchange.cost_nanousd * NANO
    price = PRICES[exchange.provider]
    per_input, per_output = (Decimal(repr(price[name])) for name in ("input", "output"))
    total = exchange.input_tokens * per_input + exchange.output_tokens * per_output
    return total / 1000


def by_call(log: Iterable[Exchange]) -> dict[int, list[Exchange]]:
    """Group the emulator's exchanges by the call number in the prompt; 0 without a number."""
    exchanges: dict[int, list[Exchange]] = defaultdict(list)
    for exchange in log:
        exchanges[marked(dumps(exchange.body))].append(exchange)
    return exchanges
