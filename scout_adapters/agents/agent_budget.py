"""A budget as it applies inside one agent: to its model calls, its tools and its sub-agents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from langchain_core.tracers.context import register_configure_hook
from typing_extensions import override

from scout_adapters.agents.agent_place import AgentPlace
from scout_adapters.budget import Account, Balance
from scout_adapters.budget.accounts import MAX_AMOUNT
from scout_adapters.callbacks.budget_handler import ScoutBudgetCallbackHandler
from scout_adapters.callbacks.call_accounts import CallAccounts, thread_window
from scout_adapters.callbacks.run_handler import RunHandler
from scout_adapters.errors import BudgetExceeded
from scout_adapters.llm.engine.record import Run


class AgentAccounts(CallAccounts):
    """The accounts of all calls inside an agent: by the agent's window and user.

    A sub-agent may have a thread of its own; its calls count for the agent that started it.
    """

    def __init__(self, shared: CallAccounts, window: str, place: AgentPlace) -> None:
        """`shared` are the budget's own accounts; `window` is "" for hours, days and months."""
        super().__init__(shared.plan, shared.store, shared.now)
        self._shared, self.own_window, self._user = shared, window, place.user

    @override
    def window(self, run: Run, runs: RunHandler) -> str:
        """Return the agent's run or thread, or the present hour, day or month."""
        if self.own_window:
            return self._shared.opened(self.own_window)
        return self._shared.window(run, runs)

    @override
    def user(self, run: Run) -> str:
        """Return the agent's user, or else the call's."""
        return self._user or run.user or ""

    def of_agent(self) -> Account | None:
        """Return the account of all calls of a limit without scope or by user; None without one."""
        window = self.own_window or self._shared.present_window()
        return next(iter(self.plan.accounts(window, (self._user or "",))), None)

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for budgets whose calls have the same accounts."""
        plan, store = self.plan, getattr(self.store, "path", None) or id(self.store)
        user = self._user if plan.by == "user" else None
        return store, plan.name, plan.per, plan.by, plan.only, self.own_window, user


class AgentBudget:
    """A budget inside one agent.

    inside = AgentBudget(handler, "run", agent_place(state, runtime))
    with inside.applied(): model.invoke("hi")
    """

    def __init__(self, handler: ScoutBudgetCallbackHandler, per: str, place: AgentPlace) -> None:
        """Apply the limits of `handler`, whose windows are the agent's.

        Raises: `ConfigurationError` if the agent has no thread and the limit is per thread.
        """
        window = ""
        if per == "run":
            # A run that was interrupted before it had a budget has no id.
            window = place.run or thread_window(place.thread)
        elif per == "thread":
            window = thread_window(place.thread)
        self.place = place
        self.accounts = AgentAccounts(handler.accounts, window, place)
        self.handler = handler.within(self.accounts)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Apply the budget to every call in a `with` block, whatever its callbacks are.

        Includes calls in tasks and threads that LangChain and LangGraph start. A thread that you
        start yourself must copy the context. A budget that applies already is not applied twice.
        """
        if self._applies():
            yield
            return
        outer = _applied.get()
        slot = _slot(len(outer))
        tokens = _applied.set((*outer, self)), slot.set(self.handler)
        try:
            yield
        finally:
            _applied.reset(tokens[0])
            slot.reset(tokens[1])

    def _applies(self) -> bool:
        """Return whether the same budget applies around the running code."""
        return any(self.accounts.key == other.accounts.key for other in _applied.get())

    def refused(self, error: BudgetExceeded) -> bool:
        """Return whether a budget with this name and window has refused a call."""
        own = self.accounts.own_window
        return error.budget == self.handler.name and own in {"", error.window}

    def leaves_to_outer(self, error: BudgetExceeded) -> bool:
        """Return whether a budget around this one has refused a call, and ends its own agent.

        Budgets in different stores may have one name: what this one may have refused, it ends.
        """
        if self.refused(error) and not self._applies():
            return False
        return any(outer.refused(error) for outer in _applied.get())

    def balance(self) -> Balance | None:
        """Return the balance of the account of all calls; None without one."""
        account = self.accounts.of_agent()
        if account is None:
            return None
        # A hold of more than any limit returns the balance, whatever the store.
        held = self.handler.store.hold([account], MAX_AMOUNT)
        if isinstance(held, Balance):
            return held
        self.handler.store.settle(held, 0)
        return Balance(account)


_applied: ContextVar[Sequence[AgentBudget]] = ContextVar("scout_agent_budgets", default=())
_slots: list[ContextVar[ScoutBudgetCallbackHandler | None]] = []
"""Handlers that langchain-core adds to every run: one for each budget around another one."""


def _slot(depth: int) -> ContextVar[ScoutBudgetCallbackHandler | None]:
    while len(_slots) <= depth:
        slot = ContextVar[ScoutBudgetCallbackHandler | None](
            f"scout_agent_budget_{len(_slots)}", default=None
        )
        register_configure_hook(slot, inheritable=True)
        _slots.append(slot)
    return _slots[depth]
