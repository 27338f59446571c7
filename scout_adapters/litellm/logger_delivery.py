"""LiteLLM's loggers called for ended calls: off the call's path, and without letting errors out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import litellm
from litellm.integrations.custom_logger import CustomLogger

from scout_adapters._internal.logs import logger_of
from scout_adapters._internal.ordered_worker import OrderedWorker
from scout_adapters.errors import one_line
from scout_adapters.litellm.logged_call import LoggedCall, at, event_of

logger = logger_of(__name__)

MAX_MESSAGE = 200
"""Characters of why a logger failed."""


class LoggerDelivery:
    """Calls the loggers in a thread; for calls on an event loop, in tasks of that loop."""

    def __init__(self, loggers: Sequence[CustomLogger], *, has_content: bool) -> None:
        self._loggers, self._has_content = loggers, has_content
        self.worker = OrderedWorker()
        self._tasks: set[asyncio.Task[None]] = set()

    def deliver(self, call: LoggedCall) -> None:
        """Have all loggers called; returns at once."""
        if call.is_async:
            task = asyncio.get_running_loop().create_task(self._call_all(call))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self.worker.submit(self._call_all_in_thread, call)

    def wait(self) -> None:
        """Wait for the loggers of synchronous calls."""
        self.worker.wait()

    async def await_all(self) -> None:
        """Wait for the loggers of the calls on this event loop, and of synchronous ones."""
        loop = asyncio.get_running_loop()
        own = [task for task in self._tasks if task.get_loop() is loop]
        await asyncio.gather(*own, return_exceptions=True)
        await asyncio.to_thread(self.worker.wait)

    def _event(self, call: LoggedCall, sink: CustomLogger) -> dict[str, Any]:
        """Return the arguments of a logger's method, by name as LiteLLM passes them."""
        is_hidden = not self._has_content or bool(
            litellm.turn_off_message_logging or getattr(sink, "turn_off_message_logging", False)
        )
        event = event_of(call, is_hidden=is_hidden)
        shown: Any = call.response(is_hidden=is_hidden)
        return {
            "kwargs": event,
            "response_obj": shown if call.error is None else call.error,
            "start_time": at(call.started),
            "end_time": at(call.ended),
        }

    def _call_all_in_thread(self, call: LoggedCall) -> None:
        for sink in self._loggers:
            try:
                arguments = self._event(call, sink)
                if _has(sink, name := _name(call)):
                    getattr(sink, name)(**arguments)
                else:
                    asyncio.run(getattr(sink, f"async_{name}")(**arguments))
            except Exception as error:  # noqa: BLE001  # a logger of the user's: the call goes on
                _warn(sink, error)

    async def _call_all(self, call: LoggedCall) -> None:
        for sink in self._loggers:
            try:
                arguments = self._event(call, sink)
                if _has(sink, f"async_{_name(call)}"):
                    await getattr(sink, f"async_{_name(call)}")(**arguments)
                else:
                    await asyncio.to_thread(getattr(sink, _name(call)), **arguments)
            except Exception as error:  # noqa: BLE001  # as above
                _warn(sink, error)


def _name(call: LoggedCall) -> str:
    return "log_success_event" if call.error is None else "log_failure_event"


def _has(sink: CustomLogger, name: str) -> bool:
    """Return whether a logger has a method of its own, and not only that of the base class."""
    return getattr(type(sink), name, None) is not getattr(CustomLogger, name)


def _warn(sink: CustomLogger, error: Exception) -> None:
    reason = one_line(f"{type(error).__name__}: {error}", MAX_MESSAGE)
    logger.warning("%s does not log a call: %s", type(sink).__name__, reason)
