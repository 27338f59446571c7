"""The Responses API: whole answers, and streams of 1,000 events."""

from __future__ import annotations

from measuring.figures import table
from measuring.workers import remotes

from parts import Run, always, times

FLOOR = ("fake", "httpx-responses")
SUBJECTS = (*FLOOR, "single-responses", "router-responses", "ChatOpenAI-responses")
INVOKE, STREAM, ASTREAM = "responses: invoke", "responses: stream", "responses: astream"
UNITS = {INVOKE: "a call", STREAM: "an event", ASTREAM: "an event"}


def measure(run: Run) -> None:
    """Invoke, and read whole streams."""
    commands = {
        INVOKE: {"do": "invoke", "seconds": run.seconds(0.3)},
        STREAM: {"do": "stream", "seconds": run.seconds(0.8)},
        ASTREAM: {"do": "astream", "seconds": run.seconds(0.8)},
    }
    with remotes(run.python, run.served, run.there(SUBJECTS)) as opened:
        for part, command in commands.items():
            rounds = run.rounds(12 if part == INVOKE else 6)
            run.measure_rounds(part, opened, always(command), rounds)


def section(run: Run) -> list[str]:
    """Write the tables."""
    lines = [
        "Microseconds a call, or an event of 1,000. The floor is `fake` + `httpx-responses`, which",
        "reads the events, takes them apart and decodes them.",
    ]
    for part, unit in UNITS.items():
        rows = [
            [
                name,
                run.figures.shown(part, name, "wall"),
                run.figures.shown(part, name, "cpu"),
                times(run, part, name, FLOOR, "wall"),
                times(run, part, name, FLOOR, "cpu"),
            ]
            for name in run.figures.subjects(part)
        ]
        heads = [f"{part}, {unit}", "wall", "CPU", "x floor, wall", "x floor, CPU"]
        lines += ["", *table(heads, rows)]
    return lines
