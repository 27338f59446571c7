"""One call after the other."""

from __future__ import annotations

from measuring.figures import table

from parts import Run, always, times

PART = "invoke"
FLOOR = ("fake", "httpx")
OURS = ("single", "router-bare", "router", "scout-anthropic")
PEERS = ("ChatOpenAI", "ChatGroq", "ChatAnthropic", "ChatLiteLLMRouter")
SUBJECTS = (*FLOOR, *OURS, *PEERS)


def measure(run: Run) -> None:
    """Invoke for a while, round after round."""
    command = {"do": "invoke", "seconds": run.seconds(0.3)}
    run.in_rounds(PART, SUBJECTS, always(command), run.rounds(12))


def section(run: Run) -> list[str]:
    """Write the table."""
    rows = [
        [
            name,
            run.figures.shown(PART, name, "wall"),
            run.figures.shown(PART, name, "cpu"),
            times(run, PART, name, FLOOR, "wall"),
            times(run, PART, name, FLOOR, "cpu"),
        ]
        for name in run.figures.subjects(PART)
    ]
    return [
        "Microseconds a call. The floor is `fake` + `httpx`.",
        "",
        *table(["invoke", "wall", "CPU", "x floor, wall", "x floor, CPU"], rows),
    ]
