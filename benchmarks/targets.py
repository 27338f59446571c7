"""What the project promises of its speed, with what was measured and whether it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from measuring.figures import Figures, Spread, ratios, short, spread, summed, table
from parts import Run, atonce, freshly, handlers, inside, responses_api
from subjects import PARTNERS

CROWD = atonce.part_of(100)
LONG_CROWD, LONG_MANY = (atonce.part_of(many, long=True) for many in atonce.LONG)
THINKING = atonce.part_of(100, thinking=True)
RESPONSES = "-responses"
EXTRA, HANDED = atonce.WITH_EXTRA, atonce.HANDED


@dataclass(frozen=True, slots=True)
class Target:
    """One promise: what is measured must be at most, or at least, the bound."""

    part: str
    """The part of the run that measures it."""

    promise: str
    bound: float
    measured: Callable[[Run], Spread | None]
    unit: str = " x"
    at_least: bool = False
    note: Callable[[Run], str] = lambda _: ""
    unless: Callable[[Run], str] = lambda _: ""
    """Why it cannot hold, whatever was measured."""

    def holds(self, run: Run) -> bool | None:
        """Return whether it holds; None where nothing was measured."""
        result = self.measured(run)
        if result is None:
            return None
        within_bound = result.middle >= self.bound if self.at_least else result.middle <= self.bound
        return within_bound and not self.unless(run)

    def row(self, run: Run) -> list[str]:
        """Write the row of the table."""
        result, sign = self.measured(run), "≥" if self.at_least else "≤"
        verdict = {True: "holds", False: "**does not hold**", None: "not measured"}
        remarks = "; ".join(filter(None, (self.unless(run), self.note(run))))
        shown = result.shown(self.unit) if result else "-"
        bound = f"{sign} {short(self.bound)}{self.unit}"
        return [self.promise, bound, shown, verdict[self.holds(run)], remarks]


def over_floor(part: str, api: str = "") -> Callable[[Run], Spread | None]:
    """Compare the router with the fake model and bare httpx together; `api` ends their names."""

    def measured(run: Run) -> Spread | None:
        of = run.figures.of
        floor = summed(of(part, "fake"), of(part, f"httpx{api}"))
        return ratios(of(part, f"router{api}"), floor)

    return measured


def fastest(figures: Figures, part: str) -> str | None:
    """Name the fastest of the official partners."""
    walls = {name: figures.middle(part, name) for name in PARTNERS}
    there = {name: wall for name, wall in walls.items() if wall is not None}
    return min(there, key=lambda name: there[name], default=None)


def over_partner(part: str) -> Callable[[Run], Spread | None]:
    """Compare the router with the fastest partner."""

    def measured(run: Run) -> Spread | None:
        name = fastest(run.figures, part)
        of = run.figures.of
        return ratios(of(part, "router"), of(part, name)) if name else None

    return measured


def cpu_floor(part: str, api: str = "") -> Callable[[Run], str]:
    """Write the ratio to the floor in CPU time."""

    def note(run: Run) -> str:
        of = run.figures.of
        floor = summed(of(part, "fake", "cpu"), of(part, f"httpx{api}", "cpu"))
        ratio = ratios(of(part, f"router{api}", "cpu"), floor)
        return f"by CPU time {ratio.shown(' x')}" if ratio else ""

    return note


def compared(
    part: str, above: str, below: str, name: str = "rate"
) -> Callable[[Run], Spread | None]:
    """Compare two subjects."""
    return lambda run: ratios(run.figures.of(part, above, name), run.figures.of(part, below, name))


def no_collapse(subject: str) -> Callable[[Run], Spread | None]:
    """Compare the rate at 1,000 at once with that at 100, both over thousands of calls."""

    def measured(run: Run) -> Spread | None:
        of = run.figures.of
        return ratios(of(LONG_MANY, subject, "rate"), of(LONG_CROWD, subject, "rate"))

    return measured


def extra_unused(run: Run) -> str:
    """Write a remark where our models do not use the extra."""
    uses = run.figures.middle("aiohttp", EXTRA, "uses")
    return "" if uses else "our models do not use aiohttp"


def handed(measured: Callable[[Run], Spread | None]) -> Callable[[Run], str]:
    """Write the ratio where the transport is passed in."""

    def note(run: Run) -> str:
        ratio = measured(run)
        return f"with its transport handed in {ratio.shown(' x')}" if ratio else ""

    return note


def all_handlers(run: Run) -> Spread | None:
    """Take the budget handler in, where there is one."""
    return spread(handlers.added(run, handlers.WITH_BUDGET) or handlers.added(run, "cost+audit"))


def over_fake(run: Run) -> Spread | None:
    """Compare what all handlers add to a call with what a call of the fake model adds to one."""
    added = handlers.added(run, handlers.WITH_BUDGET) or handlers.added(run, "cost+audit")
    return ratios(added, handlers.added(run, handlers.FAKE_CALL))


def over_repeated_fake(run: Run) -> str:
    """Write the ratio to fake calls made over and over, whose code stays in the caches."""
    added = handlers.added(run, handlers.WITH_BUDGET) or handlers.added(run, "cost+audit")
    ratio = ratios(added, run.figures.of("invoke", "fake"))
    return f"; {ratio.middle:.2f} x one of many in a row" if ratio else ""


def shown_in(measured: Callable[[Run], Spread | None], run: Run, unit: str) -> str:
    """Write a figure in its unit, beside its ratio."""
    ratio = measured(run)
    return ratio.shown(unit) if ratio else ""


def no_budget(run: Run) -> str:
    """Write a remark where there is no budget handler."""
    there = handlers.added(run, handlers.WITH_BUDGET)
    return "" if there else "without the budget handler, which is not there yet"


def beyond(field: str) -> Callable[[Run], Spread | None]:
    """Take what we add to core and httpx in a new process."""
    return lambda run: spread(freshly.beyond(run, "router", field))


def partner_named(part: str) -> Callable[[Run], str]:
    """Name the partner that is compared with."""
    return lambda run: f"the fastest is {fastest(run.figures, part)}"


TARGETS = (
    Target(
        "invoke",
        "router invoke with cost and audit handlers : floor",
        1.5,
        over_floor("invoke"),
        note=cpu_floor("invoke"),
    ),
    Target(
        "invoke",
        "router invoke with handlers : fastest partner",
        0.65,
        over_partner("invoke"),
        note=partner_named("invoke"),
    ),
    Target(
        "at-once",
        "calls a second, 100 at once, with the aiohttp extra : ChatOpenAI",
        3,
        compared(CROWD, EXTRA, "ChatOpenAI"),
        at_least=True,
        unless=extra_unused,
        note=handed(compared(CROWD, HANDED, "ChatOpenAI")),
    ),
    Target(
        "at-once",
        "the same without it : ChatOpenAI",
        1.3,
        compared(CROWD, "router", "ChatOpenAI"),
        at_least=True,
    ),
    Target(
        "at-once",
        "calls a second with the extra, 1,000 at once : 100 at once",
        0.7,
        no_collapse(EXTRA),
        at_least=True,
        unless=extra_unused,
        note=handed(no_collapse(HANDED)),
    ),
    Target(
        "at-once",
        "CPU a call, 100 on their way, with the extra : ChatOpenAI",
        1 / 3,
        compared(THINKING, EXTRA, "ChatOpenAI", "cpu"),
        unless=extra_unused,
        note=handed(compared(THINKING, HANDED, "ChatOpenAI", "cpu")),
    ),
    Target(
        "at-once",
        "CPU a call, 100 on their way, without it : ChatOpenAI",
        1 / 1.3,
        compared(THINKING, "router", "ChatOpenAI", "cpu"),
    ),
    Target(
        "streaming",
        "router stream : floor, an event",
        1.5,
        over_floor("stream"),
        note=cpu_floor("stream"),
    ),
    Target(
        "streaming",
        "router stream : fastest partner, an event",
        0.6,
        over_partner("stream"),
        note=partner_named("stream"),
    ),
    Target(
        "responses",
        "router invoke over Responses with handlers : floor",
        1.5,
        over_floor(responses_api.INVOKE, RESPONSES),
        note=cpu_floor(responses_api.INVOKE, RESPONSES),
    ),
    Target(
        "responses",
        "router stream over Responses : floor, an event",
        1.5,
        over_floor(responses_api.STREAM, RESPONSES),
        note=cpu_floor(responses_api.STREAM, RESPONSES),
    ),
    Target(
        "responses",
        "router stream over Responses : ChatOpenAI over Responses, an event",
        0.6,
        compared(responses_api.STREAM, "router-responses", "ChatOpenAI-responses", "wall"),
    ),
    Target(
        "fresh",
        "import of scout_adapters beyond core and httpx : theirs",
        0.2,
        lambda run: ratios(
            freshly.beyond(run, "router", "import_wall"),
            run.figures.of(freshly.PART, freshly.BASE, "import_wall"),
        ),
        note=lambda run: shown_in(beyond("import_wall"), run, " ms"),
    ),
    Target(
        "fresh", "resident memory after a call beyond the same", 10, beyond("call_rss"), unit=" MiB"
    ),
    Target(
        "inside",
        "choice of a key among 10,000 : a hundred look-ups in a dict of as many",
        8,
        lambda run: ratios(
            run.figures.of("choice", inside.CHOOSES),
            run.figures.of("choice", inside.CHOOSES, "look_up"),
        ),
        note=lambda run: f"{run.figures.shown('choice', inside.CHOOSES)} µs",
    ),
    Target(
        "inside",
        "constructions of a router of three entries : of a pydantic model of as many fields",
        90,
        lambda run: ratios(
            run.figures.of("ten", "router-bare"), run.figures.of("ten", "router-bare", "plain")
        ),
        note=lambda run: f"ten take {run.figures.shown('ten', 'router-bare')} µs",
    ),
    Target(
        "handlers",
        "audit, cost and budget handlers together : a call of LangChain's fake model",
        0.8,
        over_fake,
        note=lambda run: (
            shown_in(all_handlers, run, " µs") + over_repeated_fake(run) + no_budget(run)
        ),
    ),
)


def section(run: Run, parts: Sequence[str]) -> list[str]:
    """Write the table of the promises that these parts measure."""
    rows = [target.row(run) for target in TARGETS if target.part in parts]
    return table(["target", "bound", "measured", "verdict", "note"], rows) if rows else []
