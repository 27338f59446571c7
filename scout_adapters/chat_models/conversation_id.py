"""The user's own id of a conversation, from the configuration of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_core.runnables.config import RunnableConfig, var_child_runnable_config

from scout_adapters.chat_models.conversation_names import NAMES

if TYPE_CHECKING:
    from scout_adapters.chat_models.run_scope import RunManager


def conversation_id(run: RunManager | None, config: RunnableConfig | None = None) -> str | None:
    """Return the id of the conversation of a run, or of a config; None if none is named."""
    metadata = run.metadata if run else (config or {}).get("metadata")
    config = config or var_child_runnable_config.get() or {}
    for values in (metadata or {}, config.get("configurable") or {}):
        for name in NAMES:
            if value := values.get(name):
                return str(value)
    return None
