"""The library's loggers: an exception in a log handler does not reach the call."""

from __future__ import annotations

import logging
import sys
from typing import Any


def printable(text: str) -> str:
    """Replace characters that are not printable: line breaks, escapes, marks that reverse text."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _argument(value: object) -> object:
    """Return an argument of a message as text of one line; numbers stay what they are."""
    return value if isinstance(value, int | float) else printable(" ".join(str(value).split()))


class SafeLogger(logging.LoggerAdapter[logging.Logger]):
    """A logger that suppresses exceptions of its handlers, and writes arguments on one line.

    Such an exception would lose a paid answer, or leave the state of a key or circuit incomplete.
    """

    def log(self, level: int, msg: object, *args: Any, **more: Any) -> None:
        """Log a message; print a handler's exception to stderr if `logging.raiseExceptions`."""
        if not self.isEnabledFor(level):
            return
        try:
            args = tuple(map(_argument, args))
            self.logger.log(level, msg, *args, **{"stacklevel": 2, **more})
        except Exception as error:  # noqa: BLE001  # handlers are the user's code
            if logging.raiseExceptions and sys.stderr is not None:
                print(f"a log handler raised {type(error).__name__}", file=sys.stderr)  # noqa: T201  # logging itself failed


def logger_of(name: str) -> SafeLogger:
    """Return the logger of a module."""
    return SafeLogger(logging.getLogger(name), {})
