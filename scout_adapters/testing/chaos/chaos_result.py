"""What became of a test under one fault, as properties of its report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Outcome = Literal["answered", "error", "wrong", "crash", "n/a"]
"""`error`: a named error of a model. `wrong`: an assertion of the test failed. `crash`: another
exception. `n/a`: the fault could not hit the test's requests, or the test fails without it."""

PREFIX = "scout_chaos_"
SEEN_CHARACTERS = 300

SCOUT = "scout-adapters"
"""The name of our own side; the others are compared with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosResult:
    """One run of a test. `number` 0 is the run without a fault."""

    test: str
    """The id of the test without fault and side."""

    side: str
    number: int
    fault: str
    helps: str = ""
    outcome: Outcome = "answered"
    seen: str = ""
    """What the user would have seen instead of an answer."""

    requests: int = 0
    waited_s: float = 0.0
    cost_usd: float | None = None
    """What the emulator billed, at published prices; None if one is unknown."""

    @property
    def properties(self) -> list[tuple[str, Any]]:
        """The fields as user properties of a report, which JUnit files contain."""
        return [(f"{PREFIX}{name}", value) for name, value in asdict(self).items()]


def result_of(properties: Iterable[tuple[str, Any]]) -> ChaosResult | None:
    """Return the result in the user properties of a report; None if it has none."""
    found: Mapping[str, Any] = {
        name.removeprefix(PREFIX): value for name, value in properties if name.startswith(PREFIX)
    }
    names = {field.name for field in fields(ChaosResult)}
    return ChaosResult(**found) if found.keys() == names else None


def seen_of(error: BaseException) -> str:
    """Return an exception as one line, shortened."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    return text if len(text) <= SEEN_CHARACTERS else f"{text[: SEEN_CHARACTERS - 1]}…"
