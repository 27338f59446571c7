"""The library's loggers, which a broken handler cannot make fail."""

from __future__ import annotations

import logging
import sys
from typing import Any


class SafeLogger(logging.LoggerAdapter[logging.Logger]):
    """Logs like any logger, but what a handler raises does not reach the call that is logged.

    The key's or the circuit's state would be half written, and a paid answer lost.
    """

    def log(self, level: int, msg: object, *args: Any, **more: Any) -> None:
        """Log; a handler that raises is named on stderr, as logging does with those that ask."""
        if not self.isEnabledFor(level):
            return
        try:
            self.logger.log(level, msg, *args, **{"stacklevel": 2, **more})
        except Exception as error:  # noqa: BLE001  # a handler is anybody's code
            if logging.raiseExceptions and sys.stderr is not None:
                print(f"a log handler raised {type(error).__name__}", file=sys.stderr)  # noqa: T201  # where else


def logger_of(name: str) -> SafeLogger:
    """Return the logger of a module."""
    return SafeLogger(logging.getLogger(name), {})
