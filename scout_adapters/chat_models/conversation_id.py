"""The user's own id of a conversation, from the configuration of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_core.runnables.config import RunnableConfig, var_child_runnable_config

from scout_adapters.chat_models.conversation_names import NAMES
from scout_adapters.errors.option_values import text_value

if TYPE_CHECKING:
    from scout_adapters.chat_models.run_scope import RunManager


def conversation_id(run: RunManager | None, config: RunnableConfig | None = None) -> str | None:
    """Return the conversation's id from a run's metadata or a config; None if neither has one.

    Raises: `ConfigurationError` for an id that cannot be written as text.
    """
    metadata = run.metadata if run else (config or {}).get("metadata")
    config = config or var_child_runnable_config.get() or {}
    for values in (metadata or {}, config.get("configurable") or {}):
        for name in NAMES:
            value = values.get(name)
            if value is not None and (text := text_value(value, name)):
                return text
    return None
