"""The run that requests for embeddings report to: LangChain has no callbacks for embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    BaseCallbackHandler,
    CallbackManager,
    CallbackManagerForLLMRun,
    Callbacks,
)
from langchain_core.runnables.config import ensure_config
from langchain_core.utils.uuid import uuid7

if TYPE_CHECKING:
    from scout_adapters.chat_models.run_scope import RunManager
    from scout_adapters.llm.engine.observers import Observer


class EmbeddingRun:
    """One call of `embed_documents` or `embed_query`, which may make several requests.

    Attempts are reported to handlers that take attempts, such as those for costs, budgets and the
    audit log: those in `callbacks`, those of a surrounding LangChain run, and those of
    `get_scout_cost_callback()`.
    """

    def __init__(
        self,
        callbacks: Callbacks | BaseCallbackHandler,
        tags: Sequence[str] | None,
        metadata: Mapping[str, Any] | None,
        *,
        is_async: bool,
    ) -> None:
        """`tags` and `metadata` (with `user_id`) are those of `ScoutEmbeddings`."""
        own = [callbacks] if isinstance(callbacks, BaseCallbackHandler) else callbacks
        manager = CallbackManager.configure(
            ensure_config().get("callbacks"),
            own,
            local_tags=[*tags] if tags else None,
            local_metadata={**metadata} if metadata else None,
        )
        self._handlers = [h for h in manager.handlers if hasattr(h, "on_scout_attempt_end")]
        self._parent: UUID = manager.parent_run_id or uuid7()
        self._tags, self._metadata = manager.tags, manager.metadata
        self._is_async = is_async

    def observer(self) -> Observer | None:
        """Return the observer of one request: a run of its own below the call's."""
        from scout_adapters.chat_models.run_observer import build_observer

        return build_observer(self._manager())

    def _manager(self) -> RunManager:
        kind = AsyncCallbackManagerForLLMRun if self._is_async else CallbackManagerForLLMRun
        return kind(
            run_id=uuid7(),
            handlers=[*self._handlers],
            inheritable_handlers=[],
            parent_run_id=self._parent,
            tags=self._tags,
            metadata=self._metadata,
        )
