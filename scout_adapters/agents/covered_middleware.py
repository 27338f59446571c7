"""Another middleware whose own model calls are within a budget."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import partial, wraps
from typing import Any, TypeVar

from langchain.agents.middleware import AgentMiddleware

from scout_adapters.agents.agent_limit import AgentLimit

MiddlewareT = TypeVar("MiddlewareT", bound=AgentMiddleware[Any, Any, Any])

JUMPS = "__can_jump_to__"
"""The attribute of a hook with the steps it may jump to (`langchain.agents.middleware`)."""


def covered(other: MiddlewareT, limit: AgentLimit) -> MiddlewareT:
    """Return a copy of a middleware whose hooks run within a budget."""
    kind, view = type(other), copy(other)
    hooks = {
        name: cover(getattr(kind, name), limit)
        for name, cover in COVERS.items()
        if getattr(kind, name) is not getattr(AgentMiddleware, name)
    }
    name = other.name  # some are of their class alone
    view.__class__ = type(kind.__name__, (kind,), {**hooks, "name": property(lambda _: name)})
    return view


def _node(hook: Any, limit: AgentLimit) -> Any:
    @wraps(hook)
    def within(self: Any, state: Any, runtime: Any) -> Any:
        return limit.hook(partial(hook, self, state, runtime), state, runtime)

    return _with_end(within)


def _anode(hook: Any, limit: AgentLimit) -> Any:
    @wraps(hook)
    async def within(self: Any, state: Any, runtime: Any) -> Any:
        return await limit.ahook(partial(hook, self, state, runtime), state, runtime)

    return _with_end(within)


def _later_node(hook: Any, limit: AgentLimit) -> Any:
    @wraps(hook)
    def within(self: Any, state: Any, runtime: Any) -> Any:
        with limit.budget_at(state, runtime).applied():
            return hook(self, state, runtime)

    return within


def _alater_node(hook: Any, limit: AgentLimit) -> Any:
    @wraps(hook)
    async def within(self: Any, state: Any, runtime: Any) -> Any:
        with limit.budget_at(state, runtime).applied():
            return await hook(self, state, runtime)

    return within


def _around(hook: Any, limit: AgentLimit, *, call: str) -> Any:
    """Cover a hook around model or tool calls by the method `call` of the limit."""

    @wraps(hook)
    def within(self: Any, request: Any, handler: Any) -> Any:
        return getattr(limit, call)(request, lambda inner: hook(self, inner, handler))

    return within


def _with_end(hook: Any) -> Any:
    setattr(hook, JUMPS, [*{*getattr(hook, JUMPS, ()), "end"}])
    return hook


COVERS: dict[str, Callable[[Any, AgentLimit], Any]] = {
    "before_agent": _node,
    "abefore_agent": _anode,
    "before_model": _node,
    "abefore_model": _anode,
    "after_model": _later_node,
    "aafter_model": _alater_node,
    "after_agent": _later_node,
    "aafter_agent": _alater_node,
    "wrap_model_call": partial(_around, call="model_call"),
    "awrap_model_call": partial(_around, call="amodel_call"),
    "wrap_tool_call": partial(_around, call="tool_call"),
    "awrap_tool_call": partial(_around, call="atool_call"),
}
"""How each hook is covered. Hooks after a model call raise `BudgetExceeded`: an end would leave the
calls of tools without results."""
