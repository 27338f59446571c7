"""Where an agent runs: its run, thread and user, by which budgets are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from langgraph.config import get_config

RUN_KEY = "scout_budget_run"
"""The key of an agent's state that contains the id of its run, over interrupts and resumes."""

USER_NAMES = ("user_id", "user", "langgraph_auth_user_id")


@dataclass(frozen=True, slots=True)
class AgentPlace:
    """The run, thread and user of an agent; None if unknown."""

    run: str | None
    thread: str | None
    user: str | None


def agent_place(state: Mapping[str, Any], runtime: Any) -> AgentPlace:
    """Return where the agent runs whose hook is called.

    The thread is the configuration's `thread_id`. The user is `user_id` or `user` of the
    metadata, the configuration or the context, or the user that LangGraph's server authenticated.
    """
    config = get_config()
    metadata, configurable = config.get("metadata") or {}, config.get("configurable") or {}
    user = next(_users(metadata, configurable, runtime), None)
    thread = configurable.get("thread_id") or metadata.get("thread_id")
    return AgentPlace(
        run=state.get(RUN_KEY),
        thread=None if thread is None else str(thread),
        user=None if user is None else str(user),
    )


def _users(
    metadata: Mapping[str, Any], configurable: Mapping[str, Any], runtime: Any
) -> Iterator[Any]:
    context = getattr(runtime, "context", None)
    if context is not None and not isinstance(context, Mapping):
        context = {name: getattr(context, name, None) for name in USER_NAMES}
    for source in (metadata, configurable, context or {}):
        for name in USER_NAMES:
            if value := source.get(name):
                yield value
