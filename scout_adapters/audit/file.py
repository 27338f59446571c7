"""One open file of a log: appends complete rows, or raises."""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import suppress
from pathlib import Path

from scout_adapters._internal.fork import process

CHECKS, CHECK_SECONDS = 3, 0.002
"""Number of checks of a line without an end, and the seconds between them."""

LONGEST = 1 << 24
"""Bytes: the longest line that readers accept as a row."""


FLAGS = os.O_APPEND | os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC | os.O_NONBLOCK
"""Non-blocking, so that a pipe without a reader is an error and not an endless wait."""


class AppendingFile:
    """Appends lines to a file; belongs to the process that opened it."""

    def __init__(self, path: Path, *, sync: bool) -> None:
        """Open `path`; create it and its folder if they are missing."""
        self.path = path
        self.pid = process.pid
        self._sync = sync
        self._failed: OSError | None = None
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = os.open(path, FLAGS, 0o600)
        os.set_blocking(self._descriptor, True)
        opened = os.fstat(self._descriptor)
        self._place, self._name = (opened.st_dev, opened.st_ino), os.fspath(path)
        self._torn = _ends_torn(path, self._descriptor)
        if sync:
            _sync_folder(path.parent)

    def write(self, line: bytes) -> None:
        """Append a line in one write.

        Raises:
            OSError: if the line was not written completely.
        """
        if self._failed is not None:
            # The kernel may have dropped the pages, and would report the next sync as a success.
            raise OSError(self._failed.errno, f"an earlier sync failed: {self._failed.strerror}")
        if self._torn:
            line = b"\n" + line
        written = os.write(self._descriptor, line)
        if written != len(line):
            self._close_torn_line()
            what = f"only {written} of {len(line)} bytes of a row were written"
            raise OSError(errno.ENOSPC, what)
        self._torn = False
        if self._sync:
            self._synced()

    def _close_torn_line(self) -> None:
        """End the torn line, now or with the next row, so that the next row is not lost."""
        self._torn = True
        with suppress(OSError):  # the disk is full; the caller raises
            self._torn = os.write(self._descriptor, b"\n") != 1

    def _synced(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # a pipe or a terminal
                self._failed = error
                raise

    @property
    def size(self) -> int:
        """The size of the file in bytes, with the rows of other processes."""
        return os.fstat(self._descriptor).st_size

    def is_in_place(self) -> bool:
        """Return whether the path still names this file: not deleted, renamed or replaced."""
        try:
            now = os.stat(self._name)  # noqa: PTH116  # pathlib takes three times as long
        except OSError:
            return False
        return (now.st_dev, now.st_ino) == self._place

    def close(self) -> None:
        """Close the file if this process opened it; a second call does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if self.pid == process.pid and descriptor >= 0:
            os.close(descriptor)


def _ends_torn(path: Path, descriptor: int) -> bool:
    """Return whether the last line has no end: its writer was killed, or the disk was full."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size == 0:
        return False
    try:
        with path.open("rb") as file:
            for _ in range(CHECKS):
                file.seek(-1, os.SEEK_END)
                if file.read(1) == b"\n":
                    return False
                time.sleep(CHECK_SECONDS)  # another process may be writing its row
            return True
    except PermissionError:
        return True  # write-only: an empty line does no harm


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
