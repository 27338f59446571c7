"""One fault of the chaos run: what is played, for how long, and what can help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from scout_adapters.testing.faults.refusals import Fault

Scope = Literal["request", "key", "provider"]
"""How long a fault lasts. `request`: for so many requests as it has faults. `key`: for the key of
the first request, until the fault itself ends. `provider`: for all requests to that provider."""

Helps = Literal["another try", "another key", "another provider", "nothing"]
"""What the call can be answered by. `another try` includes reading past an odd form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaosFault:
    """One of the 88 faults."""

    number: int
    """Its number in the list of faults; 0 for a fault of the user's own."""

    name: str
    faults: tuple[Fault, ...] = ()
    """Played one per request; empty if the fault cannot occur in a test of a chain."""

    scope: Scope = "request"
    good_before: int = 0
    """How many requests that it could hit are answered well before it begins."""

    helps: Helps = "another try"
    streams_only: bool = False
    providers: frozenset[str] = frozenset()
    """The providers that have this fault; empty for all."""

    why_not: str = ""
    """Why it cannot occur in a test of a chain."""

    @property
    def id(self) -> str:
        """The name in ids of tests: `25-429-with-a-wait-of-2-s`."""
        words = "".join(letter if letter.isalnum() else " " for letter in self.name).split()
        return "-".join([f"{self.number:02}", *words])

    def obstacle(self, provider: str, *, stream: bool) -> str:
        """Return why the fault cannot hit such a request; "" if it can."""
        if self.providers and provider not in self.providers:
            return f"only {', '.join(sorted(self.providers))} can fail so, not {provider}"
        if self.streams_only and not stream:
            return "a whole answer has no events"
        return ""

    def obstacle_to(self, request: tuple[str, bool] | None) -> str:
        """Return the same for a provider and whether its answer is streamed; "" without them."""
        return self.obstacle(request[0], stream=request[1]) if request else ""
