"""Claims about a run, and the table of their results."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import linear_regression, mean

from rich.console import Console
from rich.table import Table

from tests.system.chaos.books import NANO
from tests.system.chaos.faults import KEY_FAULTS, LOTS, OUTAGES
from tests.system.chaos.tally import Tally

WARM = 0.25
"""The part of a run after which memory should have stopped to grow."""

SLACK_BYTES = 16 * 2**20
SLACK_SHARE = 0.1
SLACK_DESCRIPTORS = 8
"""How much more a process may hold at the end than when it was warm, by the slope between."""

STORM = 1.5
QUICK = 10.0
"""Real seconds that 99 of 100 calls sleep at most when all providers are down.

The time that the machine takes to compute is not counted.
"""

EXCUSES = (
    "answered",
    "closed or cancelled by the caller",
    "ended by the caller's own fault",
    "broken off after some of it was shown",
    "deadline passed",
    "failed while the circuit was open, or all keys rested",
    "failed, and nobody was to answer its first request",
)
MUST_NOT = {
    "failed though somebody would have answered": "a healthy path was there, and the call failed",
    "requests without an intent, or intents without a request": "requests and intents differ",
    "intents without their one outcome": "intents without their one outcome",
    "ended without an attempt, and had some": "calls that ended without an attempt, and had some",
    "outcomes booked for somebody else": "outcomes booked on another provider",
    "billed twice": "answers delivered once and billed twice",
    "billed, and booked as not billed": "billed by the provider, booked as not billed",
    "costs that are not the bill": "calls whose cost is not the bill's",
    "costs in the handler that are not the audit's": "epochs in which handler and audit differ",
    "answers of another call, or in pieces": "answers of another call, or in pieces",
    "broken off with nothing shown": "streams broken off with nothing shown",
    "broken off, and not the beginning of an answer": "partial answers that are not a beginning",
    "calls that are not one run": "calls that are not one LangChain run",
    "calls that came to no end": "calls that came to no end",
    "requests of no call": "requests of no call",
    "held by nobody": "keys, paces, probes and answers still held",
    "closed when a month has gone by": "circuits and keys closed even when a month has gone by",
    "answers that are still being given": "answers still being given",
    "tasks left": "tasks left",
    "threads left": "threads left",
    "connections left": "connections left",
    "blackout: not the right error": "blackout: not the right error",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence, its figure, and whether it holds; None is for information."""

    what: str
    figure: str
    holds: bool | None = None


def claims(tally: Tally) -> list[Claim]:
    """Return the claims about a run and whether they hold."""
    return [
        *_ends(tally),
        *_requests(tally),
        *(
            Claim(text, str(tally.counts[what]), not tally.counts[what])
            for what, text in MUST_NOT.items()
        ),
        *_money(tally),
        *_blackout(tally),
        *_vitals(tally),
        *_latencies(tally),
    ]


def _ends(tally: Tally) -> Iterable[Claim]:
    """Every call has come to one of these ends."""
    counts = tally.counts
    ends = [*EXCUSES, "failed though somebody would have answered"]
    yield Claim(
        "calls", f"{counts['calls']:,}", counts["calls"] == sum(counts[counted] for counted in ends)
    )
    for name, figures in (("verb", tally.verbs), ("strategy or route", tally.routes)):
        listed = ", ".join(f"{times:,} {counted}" for counted, times in sorted(figures.items()))
        yield Claim(f"by {name}", listed)
    for end in EXCUSES:
        yield Claim(f"  {end}", f"{counts[end]:,}")


def _requests(tally: Tally) -> Iterable[Claim]:
    counts = tally.counts
    parts = [
        counts[name]
        for name in (
            "requests seen",
            "requests that could not leave",
            "attempts cancelled before they left",
        )
    ]
    begun, booked = counts["attempts begun"], counts["attempts booked"]
    figure = f"{parts[0]:,} + {parts[1]:,} + {parts[2]:,} = {begun:,} = {booked:,}"
    holds = sum(parts) == begun == booked
    yield Claim("requests seen + unreachable + cancelled before = begun = booked", figure, holds)
    yield Claim("candidates passed over", f"{counts['candidates passed over']:,}")
    twice = "billed twice unavoidably: sent, and not answered in time"
    yield Claim(twice, f"{counts[twice]:,}")
    for billed in ("unknown", "yes"):
        name = f"billed though not delivered, booked as {billed}"
        yield Claim(name, f"{counts[name]:,}")


def _money(tally: Tally) -> Iterable[Claim]:
    exact = abs(tally.audited - tally.billed) < NANO
    yield Claim("audit = bill of what was delivered, $", f"{tally.audited} = {tally.billed}", exact)
    figure = f"{tally.handled} = {tally.audited} + {tally.partly} of answers that broke off"
    yield Claim("handler = audit, $", figure, tally.handled == tally.audited + tally.partly)
    yield Claim("billed besides, of what was not delivered, $", f"{tally.unseen}")
    yield Claim("answers of unknown cost", str(tally.counts["answers of unknown cost"]))


def _blackout(tally: Tally) -> Iterable[Claim]:
    calls, requests = (tally.counts[f"blackout: {name}"] for name in ("calls", "requests"))
    if not calls:
        return
    figure = f"{requests:,} for {calls:,} calls: {requests / calls:.3f} each"
    yield Claim(f"blackout: at most {STORM} requests a call", figure, requests <= STORM * calls)
    p50, p99, most = spread(tally.failing)
    figure = f"p50 {p50:.3f} s, p99 {p99:.3f} s, most {most:.3f} s"
    yield Claim(
        f"blackout: 99 of 100 wait {QUICK:g} s at most before they give up", figure, p99 <= QUICK
    )


def _vitals(tally: Tally) -> Iterable[Claim]:
    for at, samples in enumerate(tally.samples, 1):
        warm = samples[int(len(samples) * WARM) :]
        memory = [sample.resident for sample in warm]
        first, last, most = (
            value / 2**20
            for value in (samples[0][0], samples[-1][0], max(sample.resident for sample in samples))
        )
        figure = f"{first:.0f}, {last:.0f}, {most:.0f}; {growth(memory) / 2**20:+.1f} when warm"
        bound = max(SLACK_BYTES, SLACK_SHARE * mean(memory))
        yield Claim(f"MiB of process {at}: first, last, most", figure, growth(memory) <= bound)
        files = [sample.descriptors for sample in warm]
        figure = f"{samples[0][1]}, {files[-1]}, {max(sample.descriptors for sample in samples)}"
        flat = growth(files) <= SLACK_DESCRIPTORS
        yield Claim(f"descriptors of process {at}: first, last, most", figure, flat)


def growth(values: list[int]) -> float:
    """Return by how much a straight line through the values rises from the first to the last."""
    if len(values) < 3:  # a slope of two points is noise
        return 0.0
    return linear_regression(range(len(values)), values).slope * (len(values) - 1)


def _latencies(tally: Tally) -> Iterable[Claim]:
    p50, p99, most = spread(tally.seconds)
    yield Claim(
        "latency of a call, all verbs", f"p50 {p50:.3f} s, p99 {p99:.3f} s, most {most:.3f} s"
    )


def spread(seconds: list[float]) -> tuple[float, float, float]:
    """Return the median, the 99th of a hundred, and the longest."""
    ordered = sorted(seconds) or [0.0]
    return ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)], ordered[-1]


def show(console: Console, tally: Tally) -> bool:
    """Print everything; returns whether all that must hold does."""
    console.print(drawn(tally))
    console.print(failures(tally))
    table = Table(title="What came of it")
    for name in ("", "figure", "holds"):
        table.add_column(name, overflow="fold")
    texts = {True: "yes", False: "[bold red]NO[/]", None: ""}
    all_claims = claims(tally)
    for claim in all_claims:
        table.add_row(claim.what, claim.figure, texts[claim.holds])
    console.print(table)
    for what, examples in tally.wrong.items():
        console.print(f"[bold]{what}[/]")
        for example in examples:
            console.print(f"  {example}", markup=False, highlight=False, soft_wrap=True)
    return all(claim.holds is not False for claim in all_claims)


def drawn(tally: Tally) -> Table:
    """Make the table of the faults that were played."""
    order = [one.label for one in LOTS] + sorted(KEY_FAULTS) + sorted(OUTAGES)
    total = sum(tally.played.values())
    faults = total - tally.played["answered well"]
    table = Table(title=f"{faults:,} faults in {total:,} requests, {faults / max(total, 1):.1%}")
    for name in ("fault of the 88", "times", "fault of the 88", "times"):
        table.add_column(name)
    names = sorted({*order, *tally.played} - {"answered well"}, key=lambda one: (_number(one), one))
    cells = [(name, f"{tally.played[name]:,}") for name in names]
    half = (len(cells) + 1) // 2
    for left, right in zip(cells[:half], [*cells[half:], ("", "")], strict=False):
        table.add_row(*left, *right)
    return table


def _number(label: str) -> int:
    head = label.partition(" ")[0]
    return int(head) if head.isdigit() else 99


def failures(tally: Tally) -> Table:
    """Make the table of the errors that callers saw."""
    table = Table("error", "times", title="Errors")
    for name, times in sorted(tally.errors.items()):
        table.add_row(name, f"{times:,}")
    return table
