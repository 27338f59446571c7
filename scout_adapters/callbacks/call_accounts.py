"""Find the accounts of a budget for a call, by window and scope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters.budget import Account, BudgetStore, MemoryBudgets
from scout_adapters.budget.accounts import account_name
from scout_adapters.budget.plan import By, Plan
from scout_adapters.budget.windows import TIMED, window_at
from scout_adapters.callbacks.run_handler import RunHandler
from scout_adapters.errors import BudgetError, ConfigurationError
from scout_adapters.llm.engine.observers import ProposedAttempt
from scout_adapters.llm.engine.record import Run

KEPT_WINDOWS = 4
"""Number of hours, days or months whose accounts are kept."""

KEPT_CALLS = 100_000
"""Number of calls or runs whose accounts are kept if their end is never reported."""

KEPT_THREADS = 10_000
"""Number of conversation threads whose accounts are kept in memory; the newest ones."""


class CallAccounts:
    """Finds the accounts of calls, and deletes those of windows that are over.

    accounts = CallAccounts(plan, store, time.time)
    held_in = accounts.of_call(run, proposal, handler)
    """

    def __init__(self, plan: Plan, store: BudgetStore, wall: Callable[[], float]) -> None:
        """`wall` returns the time in seconds since 1970."""
        self.plan, self.store, self._wall = plan, store, wall
        self._latest = 0.0
        kept = KEPT_WINDOWS if plan.per in TIMED else KEPT_CALLS
        self._windows = BoundedDict[str, None](KEPT_THREADS if plan.per == "thread" else kept)
        self._keeps_windows = plan.per == "thread" and not isinstance(store, MemoryBudgets)
        """Whether windows are not deleted here: a thread may continue in another process."""

    def of_call(self, run: Run, proposal: ProposedAttempt, runs: RunHandler) -> list[Account]:
        """Return the accounts of a call, [] if the budget does not apply.

        `runs` is the handler that tracks the outermost run around the call.
        """
        window, by = self.window(run, runs), self.plan.by
        return self.plan.accounts(window, self._values(by, run, proposal) if by else ())

    def _values(self, by: By, run: Run, proposal: ProposedAttempt) -> Sequence[str]:
        """Return the call's values for the scope `by`, such as its tags or its user."""
        match by:
            case "tag":
                return run.tags or ("",)
            case "user":
                return (self.user(run),)
        about = proposal.about
        match by:
            case "provider":
                return (about["provider"],)
            case "model":
                return (f"{about['provider']}/{about['model']}",)
        return (about["key_id"] or "",)

    def user(self, run: Run) -> str:
        """Return the user of a call; "" if it has none."""
        return run.user or ""

    def window(self, run: Run, runs: RunHandler) -> str:
        """Return the name of the window of a call; "" for a total. Opens the window if it is new.

        Raises: `ConfigurationError` if a budget per thread has no thread.
        """
        match self.plan.per:
            case "call":
                return self.opened(str(run.id))
            case "run":
                return self.opened(str(runs.outermost(run)))
            case "thread":
                return self.opened(thread_window(run.thread))
            case _:
                return self.present_window()

    def present_window(self) -> str:
        """Return the current hour, day or month; "" if the budget has another kind of window."""
        window = window_at(self.plan.per, self.now()) if self.plan.per in TIMED else ""
        return self.opened(window) if window else ""

    def now(self) -> float:
        """Return seconds since 1970, never less than before, so that no window reopens."""
        self._latest = max(self._latest, self._wall())
        return self._latest

    def opened(self, window: str) -> str:
        """Return `window`; if it is new, delete the accounts of the oldest windows."""
        if window not in self._windows and not self._keeps_windows:
            for old in self._windows.put(window, None):
                self._delete(old)
        return window

    def close(self, window: str) -> None:
        """Delete the accounts of the window of a call or run that has ended."""
        if window in self._windows:
            self._delete(window)

    def _delete(self, window: str) -> None:
        self._windows.pop(window, None)
        with suppress(BudgetError):  # the next hold raises it
            self.store.forget(self.plan.name, window)


def thread_window(thread: str | None) -> str:
    """Return the name of the window of a conversation thread.

    Raises: `ConfigurationError` if `thread` is None or empty.
    """
    if not thread:
        raise ConfigurationError(
            'a budget with per="thread" needs the thread of each run:'
            ' config={"configurable": {"thread_id": "..."}} of a graph, or metadata of a model'
        )
    return account_name(thread)
