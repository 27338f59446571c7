"""Callbacks whose blocking part runs in a handler's worker thread in async runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any, Protocol

from scout_adapters._internal.logs import logger_of
from scout_adapters._internal.ordered_worker import OrderedWorker

logger = logger_of(__name__)

CORE_AWAITS = "_ahandle_event_for_handler"
"""The function of langchain-core that awaits a handler's callback if it is a coroutine function."""


class HasWorker(Protocol):
    """A handler that may have a thread for blocking work."""

    @property
    def worker(self) -> OrderedWorker | None:
        """The thread for blocking work; None if the handler never blocks."""


class AwaitedCallback:
    """A descriptor for one callback with two methods: `_name`, and `_aname` in async runs.

    langchain-core looks a callback up under one name in sync and async runs. In a sync run it would
    also run a coroutine function, but only log what that raises: a budget could not stop the call.
    """

    def __init__(self, name: str) -> None:
        """`name`: name of the callback, such as `on_llm_end`."""
        self._sync, self._awaited = f"_{name}", f"_a{name}"

    def __get__(self, handler: HasWorker | None, owner: type) -> Any:
        """Return the handler's async method if core awaits it, else the sync one."""
        if handler is None:
            return self
        awaits = sys._getframe(1).f_code.co_name == CORE_AWAITS  # noqa: SLF001  # no other way to recognise an async run
        if awaits and handler.worker is not None:
            return getattr(handler, self._awaited)
        return getattr(handler, self._sync)


def in_loop() -> bool:
    """Return whether an event loop runs in this thread."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def call_logged(function: Callable[..., None], *arguments: Any) -> None:
    """Call a function whose result is not awaited; log its error instead of raising it."""
    try:
        function(*arguments)
    except Exception as error:  # noqa: BLE001  # logged: nothing else can take it
        logger.error("a callback failed off the event loop: %s", error)  # noqa: TRY400  # one line
