"""The faults of the list of 88 that cannot occur in a test of a chain, each with its reason."""

from __future__ import annotations

from scout_adapters.testing.chaos.chaos_fault import ChaosFault

_STORAGE = "concerns disks and stores of the caller: run by our own tests"
_CIRCUIT = "concerns calls at the same time on one circuit: run by our own tests"
_CANCELLED = "ends the test itself: run by our own tests, at each await"

_REASONS: tuple[tuple[int, str, str], ...] = (
    (9, "1000 calls at once", "needs a thousand calls at once"),
    (40, "100-continue and early hints", "is below the HTTP library, which the emulator replaces"),
    (60, "events inside the text", "changes the text of the answer, which the test compares"),
    (
        61,
        "tool calls out of order",
        "changes the tool calls, which the test compares",
    ),
    (62, "the consumer stops iterating", "is in the code of the test: stop in a test of your own"),
    (63, "the consumer is slow", "is in the code of the test: sleep in a test of your own"),
    (65, "a task is cancelled", _CANCELLED),
    (66, "a timeout around the call", _CANCELLED),
    (67, "KeyboardInterrupt", _CANCELLED),
    (
        68,
        "a deadline shorter than the wait",
        "needs a deadline: set one in the test, and play 26",
    ),
    (69, "50 threads on one model", "needs threads: write them into the test, and play any fault"),
    (70, "asyncio.run again and again", "is how the test calls: write it so, and play any fault"),
    (71, "nested event loops", "is how the test calls: write it so, and play any fault"),
    (72, "fork", "needs another process, which the emulator does not answer"),
    (73, "two probes race", _CIRCUIT),
    (74, "a probe is cancelled", _CIRCUIT),
    (75, "a late answer", _CIRCUIT),
    (80, "retries around the model", "concerns what is put around the model: put it into the test"),
    (81, "the wall clock jumps", "concerns the clock of the machine: run by our own tests"),
    (82, "the machine sleeps", "concerns the clock of the machine: run by our own tests"),
    (83, "Redis is down", _STORAGE),
    (84, "SQLite is locked", _STORAGE),
    (85, "the process is killed", "ends the run of the tests"),
    (86, "the disk is full", _STORAGE),
    (87, "a callback raises", "is in the code of the test: pass such a callback"),
    (88, "a price is missing", "changes what is paid, not what is answered"),
)

NOT_PLAYED: tuple[ChaosFault, ...] = tuple(
    ChaosFault(number=number, name=name, why_not=why) for number, name, why in _REASONS
)
