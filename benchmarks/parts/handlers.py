"""What handlers add to a call: the same router with them and without, call by call in turn."""

from __future__ import annotations

from measuring.figures import spread, table
from measuring.workers import CannotMeasure, remotes

from parts import Opened, Run

PART = "handlers"
SUBJECT = "router-bare"
VARIANTS = ("idle", "cost", "audit", "cost+audit")
WITH_BUDGET = "cost+audit+budget"
FAKE_CALL = "a fake call after it"


def measure(run: Run) -> None:
    """Alternate in one process between each set of handlers and none.

    All sets in turn would leave the code of each out of the processor's caches, where it is in an
    application whose calls all have the same handlers. What a call of LangChain's fake model adds
    is measured in the same way: after a wait for a server the caches have little of either.
    """
    with remotes(run.python, run.served, [SUBJECT]) as opened:
        names = [*VARIANTS]
        try:
            names += [WITH_BUDGET] if opened[SUBJECT].send(do="budgeted") else []
        except CannotMeasure as error:
            run.figures.failures[f"{PART} {WITH_BUDGET}", SUBJECT] = str(error)
        for name in names:
            _measure_in_turn(run, opened, name, {"handlers": name})
        _measure_in_turn(run, opened, FAKE_CALL, {"then": "fake"})


def _measure_in_turn(run: Run, opened: Opened, name: str, changes: dict[str, str]) -> None:
    pair = {without(name): {}, name: changes}
    run.paired(PART, opened, pair, run.seconds(0.5), run.rounds(7))


def without(name: str) -> str:
    """Return the name of the calls without handlers, to which calls with handlers are compared."""
    return f"without {name}"


def added(run: Run, name: str, field: str = "wall") -> list[float]:
    """Return round by round what a call takes longer with these handlers than with none."""
    bare = run.figures.of(f"{PART} {without(name)}", SUBJECT, field)
    having = run.figures.of(f"{PART} {name}", SUBJECT, field)
    return [own - other for own, other in zip(having, bare, strict=False)]


def section(run: Run) -> list[str]:
    """Write the table."""
    rows = [
        [name, *(_shown(run, name, field) for field in ("wall", "cpu"))]
        for name in (*VARIANTS, WITH_BUDGET, FAKE_CALL)
    ]
    return [
        "Microseconds that handlers add to `router.invoke`, core's share included, each in turn",
        "with calls that have none; `idle` is one that does nothing. The audit log is a file.",
        "The last row is what a call of LangChain's fake model adds, made after each call.",
        "",
        *table(["what is added", "wall", "CPU"], rows),
    ]


def _shown(run: Run, name: str, field: str) -> str:
    figure = spread(added(run, name, field))
    return figure.shown() if figure else run.figures.shown(f"{PART} {name}", SUBJECT)
