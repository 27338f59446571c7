"""Protocols of everything that is notified of attempts.

The engine notifies one `Observer` per call. The observer of a LangChain run passes attempts on to
handlers; a handler implements `AttemptObserver`, `StartObserver` or `AttemptGuard`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from tenacity import RetryCallState

from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ScoutError
from scout_adapters.llm.engine.attempt import Attempt
from scout_adapters.llm.engine.cost_bound import CostBound
from scout_adapters.llm.engine.record import AttemptRecord, Run


class Observer(Protocol):
    """Receives the attempts of one call: for the handlers of a run, or the audit log."""

    off_loop: bool
    """Whether the call runs on an event loop, which no handler may block; set by the engine."""

    events: bool
    """Whether `notify` also receives attempts that no retry follows."""

    def on_proposal(self, attempt: Attempt) -> None:
        """Check an attempt before it starts.

        Raises:
            BudgetExceeded: the attempt must not start.
        """

    async def aon_proposal(self, attempt: Attempt) -> None:
        """Twin of `on_proposal`."""

    def on_start(self, attempt: Attempt) -> None:
        """Handle the start of an attempt, before the first byte leaves."""

    async def aon_start(self, attempt: Attempt) -> None:
        """Twin of `on_start`."""

    def on_end(self, record: AttemptRecord) -> None:
        """Handle the outcome of an attempt, immediately; also of a skipped candidate."""

    def notify(self, events: Sequence[AttemptEvent]) -> None:
        """Run callbacks for attempts that have ended; called before the next attempt or sleep."""

    async def anotify(self, events: Sequence[AttemptEvent]) -> None:
        """Twin of `notify`; also waits for what `on_end` queued off the loop."""

    def on_failure(self, error: ScoutError) -> None:
        """Set the run id of the call on the error that ends the call."""

    async def astop(self) -> None:
        """Wait briefly for what `on_end` queued off the loop; called when a call is cancelled."""


@dataclass(frozen=True, slots=True)
class AttemptEvent:
    """An attempt that has ended, for callbacks. `retry` is set if another attempt follows."""

    record: AttemptRecord
    retry: RetryCallState | None = None


class AttemptObserver(Protocol):
    """A handler that receives the outcome of every attempt, in the call's thread; must be fast.

    A handler whose methods block has a `worker` (`OrderedWorker`); in async calls they run there.
    """

    def on_scout_attempt_end(self, run: Run, record: AttemptRecord) -> None:
        """Handle an outcome. Also called for a skipped candidate, which has no start."""


class StartObserver(AttemptObserver, Protocol):
    """A handler that also receives the start of every attempt."""

    def on_scout_attempt_start(self, run: Run, attempt: Mapping[str, Any]) -> None:
        """Handle a start, before the first byte leaves.

        `attempt` contains `number`, `provider`, `model` and `key_id`.
        """


class ProposedAttempt(Protocol):
    """An attempt before its start: provider, model, key and highest possible cost."""

    @property
    def number(self) -> int:
        """Number of the attempt within its call, from 1."""

    @property
    def about(self) -> Json:
        """`number`, `provider`, `model` and `key_id` of the attempt."""

    @property
    def patience(self) -> float:
        """Seconds that the call may still wait before the attempt."""

    @property
    def limits_answer(self) -> bool:
        """Whether the request limits its answer, as by `max_tokens`."""

    def cost_bound(self, answer_tokens: int | None = None) -> CostBound:
        """Return the most that the attempt can cost.

        `answer_tokens` limits the answer where the request sets no limit; else the model's own
        limit applies.
        """


class AttemptGuard(AttemptObserver, Protocol):
    """A handler that can forbid an attempt, such as a budget."""

    def on_scout_attempt_admit(self, run: Run, proposal: ProposedAttempt) -> None:
        """Reserve the attempt's cost; `on_scout_attempt_end` settles it.

        Raises:
            BudgetExceeded: the attempt must not start.
        """


class RaisedCallObserver(Protocol):
    """A handler that keeps something open until a call ends."""

    def on_scout_call_raised(self, run_id: UUID, error: BaseException) -> None:
        """End the call of this thread or task, if it is open; `error` is what the caller gets."""
