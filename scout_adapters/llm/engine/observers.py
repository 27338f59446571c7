"""Every protocol of those who are informed of attempts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tenacity import RetryCallState

from scout_adapters._internal.json_values import Json
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.cost_bound import (
    CostBound,
)
from scout_adapters.llm.engine.record import (
    AttemptRecord,
    Run,
)


class Observer(Protocol):
    """Where a call's attempts are told: callbacks, the audit log."""

    events: bool
    """Whether anybody hears of attempts after which no other follows."""

    def on_proposal(self, attempt: Attempt) -> None:
        """Hear of one that may be made; raises `BudgetExceeded` where it must not be."""

    def on_start(self, attempt: Attempt) -> None:
        """Hear, before the first byte leaves, that one is about to be made."""

    def on_end(self, record: AttemptRecord) -> None:
        """Hear at once what came of it."""

    def notify(self, events: Sequence[AttemptEvent]) -> None:
        """Hear of those that are over, when there is time."""

    async def anotify(self, events: Sequence[AttemptEvent]) -> None:
        """Twin of `tell`."""


@dataclass(frozen=True, slots=True)
class AttemptEvent:
    """An attempt that is over, for callbacks; `retry` where another one follows a failure."""

    record: AttemptRecord
    retry: RetryCallState | None = None


class AttemptObserver(Protocol):
    """Hears of every attempt at once, in the thread of the call; must be quick."""

    def on_scout_attempt_end(self, run: Run, record: AttemptRecord) -> None:
        """Note what came of it; also called for what was skipped, without a start."""


class StartObserver(AttemptObserver, Protocol):
    """Hears of it before the first byte leaves as well."""

    def on_scout_attempt_start(self, run: Run, attempt: Mapping[str, Any]) -> None:
        """Note that a request is about to leave."""


class ProposedAttempt(Protocol):
    """An attempt that may be made: whom it would ask, and what it can cost at the most."""

    @property
    def number(self) -> int:
        """Which of its call's attempts it is, from 1."""

    @property
    def about(self) -> Json:
        """Its `provider`, `model` and `key_id`."""

    def cost_bound(self, answer_tokens: int | None = None) -> CostBound:
        """Return the most that it can cost.

        Where its request sets no limit to the answer, that is `answer_tokens`, or else all that
        the model can say.
        """


class AttemptGuard(AttemptObserver, Protocol):
    """An observer that is asked first whether an attempt may be made."""

    def on_scout_attempt_admit(self, run: Run, proposal: ProposedAttempt) -> None:
        """Raise `BudgetExceeded` where it must not be; what is held for it is settled later."""
