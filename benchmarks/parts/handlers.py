"""What handlers add to a call: the same router with and without them, call by call in turn."""

from __future__ import annotations

from measuring.figures import spread, table
from measuring.workers import CannotMeasure, remotes

from parts import Run

PART = "handlers"
SUBJECT = "router-bare"
NONE = "none"
VARIANTS = ("idle", "cost", "audit", "cost+audit")
WITH_BUDGET = "cost+audit+budget"


def measure(run: Run) -> None:
    """Alternate in one process."""
    with remotes(run.python, run.served, [SUBJECT]) as opened:
        try:
            budgeted = opened[SUBJECT].ask(do="budgeted")
        except CannotMeasure as error:
            run.figures.failures[f"{PART} {WITH_BUDGET}", SUBJECT] = str(error)
            budgeted = False
        names = (*VARIANTS, WITH_BUDGET) if budgeted else VARIANTS
        variants = {NONE: {}, **{name: {"handlers": name} for name in names}}
        run.paired(PART, opened, variants, run.seconds(1.5), run.rounds(7))


def added(run: Run, name: str, field: str = "wall") -> list[float]:
    """Return round by round what a call takes longer with these handlers than with none."""
    without = run.figures.of(f"{PART} {NONE}", SUBJECT, field)
    having = run.figures.of(f"{PART} {name}", SUBJECT, field)
    return [own - bare for own, bare in zip(having, without, strict=False)]


def section(run: Run) -> list[str]:
    """Write the table."""
    rows = [
        [name, *(_shown(run, name, field) for field in ("wall", "cpu"))]
        for name in (*VARIANTS, WITH_BUDGET)
    ]
    return [
        "Microseconds that handlers add to `router.invoke`, core's share included; `idle` is one",
        "that does nothing. The audit log is a file.",
        "",
        *table(["handlers", "wall", "CPU"], rows),
    ]


def _shown(run: Run, name: str, field: str) -> str:
    found = spread(added(run, name, field))
    return found.shown() if found else run.figures.shown(f"{PART} {name}", SUBJECT)
