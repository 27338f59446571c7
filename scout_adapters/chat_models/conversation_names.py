"""Names of a conversation's id in a config, and in the metadata of a run."""

from __future__ import annotations

from langchain_core.runnables.config import RunnableConfig

NAMES = ("thread_id", "session_id", "conversation_id")
"""Names under which LangGraph, LangSmith and applications put it into a config."""


def with_conversation_id(config: RunnableConfig | None) -> RunnableConfig | None:
    """Return a config whose metadata has the ids that its `configurable` has.

    Core passes metadata to the run of a call, and nothing of `configurable`.
    """
    configurable = config.get("configurable") if config else None
    if not configurable or config is None:
        return config
    metadata = config.get("metadata") or {}
    ids = {n: configurable[n] for n in NAMES if configurable.get(n) and n not in metadata}
    return {**config, "metadata": {**metadata, **ids}} if ids else config
