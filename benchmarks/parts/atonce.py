"""Many calls at once: answered at once, and all on their way while the server thinks."""

from __future__ import annotations

from typing import Any

from measuring.figures import table
from measuring.workers import remotes

from parts import Run, always

FLOOR = ("fake", "httpx", "httpx-aiohttp")
OURS = ("single", "router-bare", "router", "router-aiohttp", "router-handed-aiohttp")
PEERS = ("ChatOpenAI", "ChatOpenAI-aiohttp", "ChatGroq", "ChatAnthropic", "ChatLiteLLMRouter")
SUBJECTS = (*FLOOR, *OURS, *PEERS)
FEWER = ("httpx", "httpx-aiohttp", *OURS[2:], "ChatOpenAI", "ChatOpenAI-aiohttp", "ChatAnthropic")
"""Subjects that are measured with a thousand calls, which takes some of them a minute."""

TOTALS = {1: 300, 10: 400, 100: 600, 1000: 1000}
SLOW = {"ChatLiteLLMRouter": 4}
THINKING = {100: 250, 1000: 1000}
"""Milliseconds that the server takes for an answer when so many are to be on their way."""

LONG = {100: 3000, 1000: 6000}
"""Calls that include full garbage collections: one runs in some hundreds of calls, and a batch
without one does not measure the lasting rate."""

WITH_EXTRA = "router-aiohttp"
HANDED = "router-handed-aiohttp"
LASTING = ("httpx-aiohttp", WITH_EXTRA, HANDED)
PATIENCE = 40.0
THOUSAND = 1000


def part_of(at_once: int, *, thinking: bool = False, long: bool = False) -> str:
    """Name the figures."""
    return f"{at_once} {'on their way' if thinking else 'at length' if long else 'at once'}"


def measure(run: Run) -> None:
    """Measure first what is answered at once, then what is on its way."""
    with remotes(run.python, run.served, run.there(SUBJECTS)) as opened:
        for at_once in TOTALS:
            few = at_once == THOUSAND
            chosen = {n: opened[n] for n in opened if n in FEWER or not few}
            rounds = run.rounds(2 if few else 5)
            run.measure_rounds(part_of(at_once), chosen, _answered_at_once(at_once), rounds)
        chosen = {name: opened[name] for name in opened if name in LASTING}
        for _ in range(run.rounds(5)):  # in turn: their ratio is what counts
            for at_once in LONG:
                run.measure_rounds(part_of(at_once, long=True), chosen, _at_length(at_once), 1)
        uses = opened[WITH_EXTRA].send(do="aiohttp")
        run.figures.add("aiohttp", WITH_EXTRA, uses=float(uses))
    for at_once in THINKING:
        few = at_once == THOUSAND
        if few and run.quick:
            continue
        names, rounds = (FEWER, 1) if few else (SUBJECTS[1:], 3)
        run.in_rounds(
            part_of(at_once, thinking=True), names, _thinking(at_once), run.rounds(rounds)
        )


def _answered_at_once(at_once: int) -> Any:
    def command(name: str) -> dict[str, Any]:
        total = max(at_once, TOTALS[at_once] // SLOW.get(name, 1))
        return {"do": "ainvoke", "at_once": at_once, "total": total, "within": PATIENCE}

    return command


def _at_length(at_once: int) -> Any:
    options = {"at_once": at_once, "total": LONG[at_once], "within": PATIENCE}
    return always({"do": "ainvoke", **options})


def _thinking(at_once: int) -> Any:
    delay = f"/delay-{THINKING[at_once]}"
    options = {"at_once": at_once, "total": 2 * at_once, "warm": False, "manner": delay}
    return always({"do": "ainvoke", **options, "within": PATIENCE})


def section(run: Run) -> list[str]:
    """Write both tables."""
    answered, thinking = list(TOTALS), list(THINKING)
    rates = [
        [name, *(_rate(run, part_of(many), name) for many in answered)]
        for name in run.figures.subjects(part_of(100))
    ]
    lasting = [
        [name, *(_rate(run, part_of(many, long=True), name) for many in LONG)]
        for name in run.figures.subjects(part_of(100, long=True))
    ]
    costs = [
        [name, *(run.figures.shown(part_of(m, thinking=True), name, "cpu") for m in thinking)]
        for name in run.figures.subjects(part_of(100, thinking=True))
    ]
    return [
        "Calls a second; the server answers at once, so that few requests are ever on their way:",
        "the next one leaves when the caller gets to it. A subject that once took more than",
        f"{PATIENCE:g} s is stopped.",
        "",
        *table(["ainvoke, at once", *(f"{many:,}" for many in answered)], rates),
        "",
        "The same over "
        + " and ".join(f"{total:,} calls, {many:,} at once" for many, total in LONG.items())
        + ":",
        "",
        *table(["ainvoke, at length", *(f"{many:,}" for many in LONG)], lasting),
        "",
        "CPU microseconds a call where all requests are on their way together, as with a model",
        "that thinks: the answers to 100 calls come after 250 ms, those to 1,000 after a second.",
        f"Each subject makes twice as many, in {PATIENCE:g} s at most.",
        "",
        *table(["ainvoke, on their way", *(f"{many:,}" for many in thinking)], costs),
    ]


def _rate(run: Run, part: str, name: str) -> str:
    rates = run.figures.spread(part, name, "rate")
    return rates.shown() if rates else run.figures.shown(part, name)
