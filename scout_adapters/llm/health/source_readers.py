"""Readers of keys from a file, an environment variable or a function."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from scout_adapters.llm.health.key_texts import ENV, FILE
from scout_adapters.llm.health.source_values import BadSourceValue

CHECK_SECONDS = 1.0
"""Seconds between two checks whether a file has changed."""

MAX_FILE = 65_536
"""Characters: the longest text of a file with a key."""

UNCHANGED = object()
"""What a reader returns if the last value is still the current one."""


class Reader(Protocol):
    """Reads the value of a key source; may block."""

    check_seconds: ClassVar[float | None]
    """Seconds after which the source is checked again; None: only when the value expires."""

    blocks: ClassVar[bool]
    """Whether `read` may block, so that it runs in a thread."""

    @property
    def label(self) -> str:
        """Name of the source in tables and errors."""

    def read(self, *, again: bool) -> Any:
        """Return the value, an awaitable of it, or `UNCHANGED`; with `again`, never `UNCHANGED`."""

    def is_unchanged(self) -> bool:
        """Return whether the last value is known to be the current one; must not block."""


@dataclass(slots=True)
class FileReader:
    """A file with one key; read again when it or the target of its symlink has changed."""

    path: str
    check_seconds: ClassVar[float | None] = CHECK_SECONDS
    blocks: ClassVar[bool] = True
    _version: tuple[int, ...] | None = field(default=None, init=False)

    @property
    def label(self) -> str:
        """The reference, such as `file:/run/secrets/groq`."""
        return FILE + self.path

    def read(self, *, again: bool) -> Any:
        path = Path(self.path).expanduser()
        status = path.stat()
        version = (status.st_mtime_ns, status.st_ino, status.st_size)
        if version == self._version and not again:
            return UNCHANGED
        with path.open(encoding="utf-8-sig") as file:  # Windows writes a mark
            text = file.read(MAX_FILE + 1)
        if len(text) > MAX_FILE:
            raise BadSourceValue(f"has more than {MAX_FILE} bytes: it is no key")
        if not text.strip():
            raise BadSourceValue("is empty")
        self._version = version
        return text

    def is_unchanged(self) -> bool:
        return False


@dataclass(slots=True)
class VariableReader:
    """An environment variable with one key, read at each use."""

    name: str
    check_seconds: ClassVar[float | None] = 0.0
    blocks: ClassVar[bool] = False
    _value: str | None = field(default=None, init=False, repr=False)

    @property
    def label(self) -> str:
        """The reference, such as `env:GROQ_API_KEY`."""
        return ENV + self.name

    def read(self, *, again: bool) -> Any:  # noqa: ARG002  # a Reader's signature
        value = os.environ.get(self.name)
        if not value or not value.strip():
            raise BadSourceValue("is not set")
        self._value = value
        return value

    def is_unchanged(self) -> bool:
        return self._value is not None and os.environ.get(self.name) == self._value


@dataclass(slots=True)
class FunctionReader:
    """A user's function, sync or async, that returns a key, a token or credentials."""

    function: Callable[[], Any]
    name: str
    check_seconds: ClassVar[float | None] = None
    blocks: ClassVar[bool] = True

    @property
    def label(self) -> str:
        """The function's name."""
        return self.name

    def read(self, *, again: bool) -> Any:  # noqa: ARG002  # a Reader's signature
        return self.function()

    def is_unchanged(self) -> bool:
        return False


def function_name(function: Callable[[], Any]) -> str:
    """Return the function's `label` attribute, else its name; of an object, the class name."""
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(label := getattr(function, "label", None), str):
        return label
    name = getattr(function, "__qualname__", None) or type(function).__qualname__
    return name.rpartition("<locals>.")[2]
