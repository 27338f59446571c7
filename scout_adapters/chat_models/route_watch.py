"""Reload a route file when it has changed: one thread for each model that watches one."""

from __future__ import annotations

import math
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from scout_adapters._internal.fork import call_after_fork
from scout_adapters._internal.logs import logger_of
from scout_adapters.errors import ConfigurationError

if TYPE_CHECKING:
    from scout_adapters.chat_models.loaded_routes import LoadedRoutes
    from scout_adapters.chat_models.route_loading import RouteSource


class RouteFollower(Protocol):
    """A router whose routes can be replaced by those of a new version of its file."""

    def _adopt(self, loaded: LoadedRoutes) -> None: ...


logger = logger_of(__name__)

Signature = tuple[int, int, int] | None
"""Modification time, size and inode number of a file; None if it does not exist."""

UNREAD = object()
"""Stands for the signature of a file before the first check."""


class RouteWatch:
    """Checks a file at intervals, until its model is garbage-collected."""

    def __init__(self, model: RouteFollower, source: RouteSource, seconds: float) -> None:
        """Watch the file of `source`, which was just read, every `seconds`."""
        self._model = weakref.ref(model, self._stop)
        self._source = source
        self._seconds = seconds
        self._seen = signature(source.path)
        self._read: Signature | object = UNREAD
        self._reported = ""
        self._ended = threading.Event()

    def start(self) -> None:
        """Start checking, in a daemon thread that does not keep the process alive."""
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="scout-route-file", daemon=True).start()

    def _stop(self, _model: object) -> None:
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            self.look()

    def look(self) -> None:
        """Load the file if it changed before, and not since, the last check: it is complete.

        It is read until two checks find the same text: a file that changes right after it was read
        may keep its signature, because file systems count time in steps of milliseconds.
        """
        now, before = signature(self._source.path), self._seen
        self._seen = now
        if now == before and now != self._read and not self._take_over():
            self._read = now

    def _take_over(self) -> bool:
        """Read the file; if that fails, the old routes stay. Return whether to read it again."""
        if (model := self._model()) is None:
            return False
        try:
            loaded = self._source.load_changed()
        except Exception as error:  # noqa: BLE001  # whatever the file has, the old routes go on
            self._report(str(error))
            return True
        self._reported = ""
        if loaded is None:
            return False
        model._adopt(loaded)  # noqa: SLF001  # same package
        logger.info("took over the changed route file %s", self._source.path)
        return True

    def _report(self, error: str) -> None:
        if error != self._reported:
            logger.warning("the changed route file is not taken over: %s", error)
        self._reported = error


def watch_file(model: RouteFollower, source: RouteSource, seconds: float) -> None:
    """Reload the routes of a model whenever its file changes.

    Raises: `ConfigurationError` for a time between two checks that is not above 0.
    """
    if not 0 < seconds < math.inf:
        raise ConfigurationError(f"watch={seconds!r} must be True, or a number of seconds above 0")
    watch = RouteWatch(model, source, seconds)
    _watches.add(watch)
    watch.start()


def signature(path: Path) -> Signature:
    """Return modification time, size and inode of a file; None if it does not exist."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


_watches: weakref.WeakSet[RouteWatch] = weakref.WeakSet()


def _start_in_child() -> None:
    """Check the files in a forked child, too: its parent's threads do not exist there."""
    for watch in list(_watches):
        watch.start()


call_after_fork(_start_in_child)
