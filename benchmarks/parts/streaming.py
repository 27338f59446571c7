"""Streams of 1,000 events, and the time until the first token."""

from __future__ import annotations

from measuring.figures import table
from measuring.workers import remotes

from parts import Run, always, times

FLOOR = ("fake", "httpx")
OURS = ("single", "router-bare", "router", "scout-anthropic")
PEERS = ("ChatOpenAI", "ChatGroq", "ChatAnthropic", "ChatLiteLLMRouter")
SUBJECTS = (*FLOOR, *OURS, *PEERS)
FIRST = ("httpx", "single", "router-bare", "router", "ChatOpenAI", "ChatGroq", "ChatLiteLLMRouter")
KINDS = {
    "stream": {"do": "stream"},
    "stream, events together": {"do": "stream", "manner": "/grain-0"},
    "astream": {"do": "astream"},
}
PACED = {"do": "first", "manner": "/delay-20/pace-1000", "events": 10}


def measure(run: Run) -> None:
    """Read whole streams in three manners."""
    with remotes(run.python, run.served, run.there(SUBJECTS)) as opened:
        for part, kind in KINDS.items():
            command = {**kind, "seconds": run.seconds(0.8)}
            run.measure_rounds(part, opened, always(command), run.rounds(6))


def section(run: Run) -> list[str]:
    """Write the tables."""
    lines = [
        "Microseconds an event of 1,000. The floor is `fake`, as many chunks, + `httpx`, which",
        "reads the events, takes them apart and decodes them. Each event is an HTTP chunk of its",
        "own; *together* means chunks of 16 KiB.",
    ]
    for part in KINDS:
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
        lines += ["", *table([part, "wall", "CPU", "x floor, wall", "x floor, CPU"], rows)]
    return lines


def measure_first(run: Run) -> None:
    """Time the first token of paced streams."""
    command = {**PACED, "times": 10 if run.quick else 20}
    run.in_rounds("first", FIRST, always(command), run.rounds(5))


def section_first(run: Run) -> list[str]:
    """Write the table."""
    direct = run.figures.of("first", "httpx", "wall")
    rows = []
    for name in run.figures.subjects("first"):
        behind = [a - b for a, b in zip(run.figures.of("first", name), direct, strict=False)]
        run.figures.values["first", name, "behind"] = behind
        shown = run.figures.shown("first", name, "behind") if name != "httpx" else "0"
        rows.append([name, shown, run.figures.shown("first", name, "cpu")])
    return [
        "The server waits 20 ms, then sends an event a millisecond. Microseconds by which the",
        "first token comes later than to bare httpx, and CPU time up to it.",
        "",
        *table(["first token", "behind httpx", "CPU"], rows),
    ]
