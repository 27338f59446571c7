"""The LangChain run of a streamed call, for the `_stream` method that runs inside it.

Core passes no run manager to `_stream` on most paths. `RunScope` builds the run manager of the run
that `stream` opens, and a context variable carries it to `_stream`: attempts are then reported to
the same run on every path.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from contextvars import ContextVar
from functools import cache
from typing import Any, cast
from weakref import ref

from langchain_core.callbacks import (
    AsyncCallbackManagerForLLMRun,
    BaseCallbackHandler,
    BaseCallbackManager,
    CallbackManager,
    CallbackManagerForLLMRun,
    Callbacks,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables.config import RunnableConfig, ensure_config
from langchain_core.utils.uuid import uuid7

from scout_adapters.chat_models.conversation_names import with_conversation_id
from scout_adapters.errors.event_loop import running_loop
from scout_adapters.llm.engine.raised_calls import report_raised_call

RunManager = CallbackManagerForLLMRun | AsyncCallbackManagerForLLMRun
_announced: ContextVar[Callable[[], RunManager] | None] = ContextVar("scout_run", default=None)
_scope: ContextVar[RunScope | None] = ContextVar("scout_scope", default=None)


def announce_run(run_manager: RunManager) -> None:
    """Pass a run manager to the `_stream` that core calls next in this context without one."""
    _announced.set(lambda: run_manager)


def take_announced_run() -> RunManager | None:
    """Return the run manager announced for this call, and clear it; None if there is none."""
    build = _announced.get()
    if build is None:
        return None
    _announced.set(None)
    return build()


def register_stream(stream: AsyncGenerator[Any]) -> None:
    """Have the open scope close a stream when its consumer stops early; no-op without a scope.

    Core drops its inner streams when it is closed. The garbage collector would close them later,
    with a task of its own and only while the event loop runs.
    """
    if (scope := _scope.get()) is not None:
        _scope.set(None)
        scope.register_stream(stream)


@cache
def taps_streams(handler: type[BaseCallbackHandler]) -> bool:
    """Return whether langchain-core streams even `invoke` for a handler of this class."""
    return hasattr(handler, "tap_output_aiter")


def _no_stream() -> None:
    return None


class RunScope:
    """Context for the first step of a stream: announces the run that core is about to open."""

    def __init__(
        self, model: BaseChatModel, config: RunnableConfig | None, *, is_async: bool
    ) -> None:
        """Set the run's id in `self.config`, which must then be passed to core.

        Handlers that need only attempts are left out of it: core would call them for each token.

        Raises: `ConfigurationError` for async calls under trio.
        """
        if is_async:
            running_loop()
        self.config = ensure_config(with_conversation_id(config))
        self._run_id = self.config["run_id"] = self.config.get("run_id") or uuid7()
        self._callbacks: Callbacks = self.config.get("callbacks")
        self._spared: list[BaseCallbackHandler] = []
        if not model.callbacks:
            self.config["callbacks"], self._spared = _without_spared(self._callbacks)
        self._model = model
        self._is_async = is_async
        self._stream: Callable[[], AsyncGenerator[Any] | None] = _no_stream

    def register_stream(self, stream: AsyncGenerator[Any]) -> None:
        """Keep a weak reference to the stream that `aclose` closes."""
        self._stream = ref(stream)

    def __enter__(self) -> None:
        scope = self if self._is_async else None
        self._tokens = _announced.set(self._build_run_manager), _scope.set(scope)

    def __exit__(self, *error: object) -> None:
        _announced.reset(self._tokens[0])
        _scope.reset(self._tokens[1])

    async def aclose(self) -> None:
        """Close the registered stream; no-op if its event loop is closing it at this moment."""
        if (stream := self._stream()) is not None:
            with suppress(RuntimeError):
                await stream.aclose()

    def report_failure(self, error: BaseException) -> None:
        """Report the end of a call without attempts to the handlers that core does not call."""
        report_raised_call(self._run_id, error)
        if self._has_spared_handlers():
            self._build_run_manager(self._spared).on_llm_error(error)

    async def areport_failure(self, error: BaseException) -> None:
        """Twin of `report_failure`."""
        report_raised_call(self._run_id, error)
        if self._has_spared_handlers():
            await cast("Any", self._build_run_manager(self._spared)).on_llm_error(error)

    def _has_spared_handlers(self) -> bool:
        if not self._spared or sys.is_finalizing():  # at the interpreter's end, nothing is imported
            return False
        from scout_adapters.llm.engine.record import runs_with_attempts

        return self._run_id.int not in runs_with_attempts

    def _build_run_manager(self, only: Callbacks = None) -> RunManager:
        """Return a run manager with the handlers, tags and metadata that core gives to the run."""
        config, model = self.config, self._model
        manager = CallbackManager.configure(
            only or self._callbacks,
            model.callbacks,
            model.verbose,
            config.get("tags"),
            model.tags,
            config.get("metadata"),
            model.metadata,
        )
        kind = AsyncCallbackManagerForLLMRun if self._is_async else CallbackManagerForLLMRun
        return kind(
            run_id=self._run_id,
            handlers=manager.handlers,
            inheritable_handlers=manager.inheritable_handlers,
            parent_run_id=manager.parent_run_id,
            tags=manager.tags,
            metadata=manager.metadata,
        )


def _without_spared(callbacks: Callbacks) -> tuple[Callbacks, list[BaseCallbackHandler]]:
    """Return the callbacks that core must call, and the handlers that need attempts only."""
    handlers = callbacks.handlers if isinstance(callbacks, BaseCallbackManager) else callbacks or ()
    spared = [handler for handler in handlers if _suffice_attempts(handler)]
    if not spared:
        return callbacks, spared
    if not isinstance(callbacks, BaseCallbackManager):
        return [handler for handler in handlers if handler not in spared], spared
    manager = callbacks.copy()
    for handler in spared:
        manager.remove_handler(handler)
    return manager, spared


def _suffice_attempts(handler: BaseCallbackHandler) -> bool:
    return getattr(handler, "attempts_suffice", False) and hasattr(handler, "on_scout_attempt_end")
