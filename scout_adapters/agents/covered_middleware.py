"""Another middleware whose own model calls are within a budget."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from copy import copy
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from langchain.agents.middleware import AgentMiddleware

from scout_adapters.errors import BudgetExceeded

MiddlewareT = TypeVar("MiddlewareT", bound=AgentMiddleware[Any, Any, Any])

HOOKS = ("before_agent", "before_model", "after_model", "after_agent")
"""The hooks that are nodes of an agent's graph; `ScoutBudgetMiddleware` is around the others."""

ENDING_HOOKS = HOOKS[:2]
"""Hooks that can end the agent: later ones would leave its calls of tools without results."""

JUMPS = "__can_jump_to__"
"""The attribute of a hook that lists where it may lead (`langchain.agents.middleware`)."""


class Coverage(NamedTuple):
    """How the hooks of another middleware are called; `end` has an async twin `aend`."""

    applied: Callable[[Any, Any], AbstractContextManager[None]]
    """Applies the budget, by the state and the runtime of a hook."""

    end: Callable[[BudgetExceeded, Any, Any], Any]
    """Returns the last message, or raises the error."""

    aend: Callable[[BudgetExceeded, Any, Any], Any]


def covered(other: MiddlewareT, coverage: Coverage) -> MiddlewareT:
    """Return a copy of a middleware whose hooks run within a budget."""
    kind, view = type(other), copy(other)
    hooks: dict[str, Any] = {}
    for name in HOOKS:
        for hook, cover in ((name, _covered), (f"a{name}", _acovered)):
            if getattr(kind, hook) is not getattr(AgentMiddleware, hook):
                hooks[hook] = cover(getattr(kind, hook), coverage, ends=name in ENDING_HOOKS)
    view.__class__ = type(kind.__name__, (kind,), hooks)
    return view


def _covered(hook: Any, coverage: Coverage, *, ends: bool) -> Any:
    @wraps(hook)
    def within(self: Any, state: Any, runtime: Any) -> Any:
        try:
            with coverage.applied(state, runtime):
                return hook(self, state, runtime)
        except BudgetExceeded as error:
            if not ends:
                raise
            return _at_end(coverage.end(error, state, runtime))

    return _with_jump(within, ends=ends)


def _acovered(hook: Any, coverage: Coverage, *, ends: bool) -> Any:
    @wraps(hook)
    async def within(self: Any, state: Any, runtime: Any) -> Any:
        try:
            with coverage.applied(state, runtime):
                return await hook(self, state, runtime)
        except BudgetExceeded as error:
            if not ends:
                raise
            return _at_end(await coverage.aend(error, state, runtime))

    return _with_jump(within, ends=ends)


def _at_end(message: Any) -> dict[str, Any]:
    return {"messages": [message], "jump_to": "end"}


def _with_jump(hook: Any, *, ends: bool) -> Any:
    if ends:
        setattr(hook, JUMPS, [*{*getattr(hook, JUMPS, ()), "end"}])
    return hook
