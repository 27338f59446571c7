"""The canned server's own rate: it must not be what is measured."""

from __future__ import annotations

from canned.rawsocket import rate_at_once, seconds_each
from measuring.figures import table

from parts import Run

PART = "server"
CHAT = "/v1/chat/completions"
EVENTS = 1000
AT_ONCE = 100


def measure(run: Run) -> None:
    """Measure it through bare sockets, in this process."""
    port = run.served.port
    for _ in range(run.rounds(5)):
        figures = {
            "whole": seconds_each(port, CHAT, 1000, stream=False) * 1e6,
            "stream": seconds_each(port, CHAT, 50, stream=True) / EVENTS * 1e6,
            "rate": rate_at_once(port, CHAT, AT_ONCE, 10_000),
        }
        run.figures.add(PART, "raw socket", **figures)


def section(run: Run) -> list[str]:
    """Write the table."""
    shown = run.figures.shown
    rows = [
        [
            "one request and its answer, over a kept connection",
            shown(PART, "raw socket", "whole", " µs"),
        ],
        ["an event of a stream of 1,000", shown(PART, "raw socket", "stream", " µs")],
        [f"answers a second over {AT_ONCE} connections", shown(PART, "raw socket", "rate")],
    ]
    return [
        "A socket, no HTTP library; what the others add to these times is their own.",
        "",
        *table(["the server, asked by", "raw socket"], rows),
    ]
