"""The library's loggers: an exception in a log handler does not reach the call."""

from __future__ import annotations

import logging
import sys
from typing import Any


class SafeLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger that suppresses exceptions of its handlers.

    Such an exception would lose a paid answer, or leave the state of a key or circuit incomplete.
    """

    def log(self, level: int, msg: object, *args: Any, **more: Any) -> None:
        """Log a message; print a handler's exception to stderr if `logging.raiseExceptions`."""
        if not self.isEnabledFor(level):
            return
        try:
            self.logger.log(level, msg, *args, **{"stacklevel": 2, **more})
        except Exception as error:  # noqa: BLE001  # handlers are the user's code
            if logging.raiseExceptions and sys.stderr is not None:
                print(f"a log handler raised {type(error).__name__}", file=sys.stderr)  # noqa: T201  # logging itself failed


def logger_of(name: str) -> SafeLogger:
    """Return the logger of a module."""
    return SafeLogger(logging.getLogger(name), {})
