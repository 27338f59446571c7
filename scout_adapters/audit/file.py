"""One open file of a log: whole rows at its end, or an error."""

from __future__ import annotations

import errno
import os
import stat
import time
from contextlib import suppress
from pathlib import Path

from scout_adapters._internal.fork import process

LOOKS, BETWEEN_LOOKS = 3, 0.002
"""How often, and how many seconds apart, a line without an end is looked at."""

BETWEEN_LOOKS_AT_LINKS = 0.05
"""Seconds for which what was seen of a file is believed."""


class AppendingFile:
    """Appends lines to a file, for the process that opened it."""

    def __init__(self, path: Path, *, sync: bool) -> None:
        """Open `path`, and make it and its folder where they are missing."""
        self.path = path
        self.pid = process.pid
        self._sync = sync
        self._failed: OSError | None = None
        self.trusted_until = 0.0
        """Until when, by the monotonic clock, it need not be asked whether it `is_in_place`."""

        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)
        self._torn = _ends_torn(path, self._descriptor)
        if sync:
            _sync_folder(path.parent)

    def write(self, line: bytes) -> None:
        """Append a line in one write; what is not written whole raises."""
        if self._failed is not None:
            # The kernel may have dropped the pages, and would call the next sync a success.
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
        """End the torn line, now or with the next row, so that no other is lost with it."""
        self._torn = True
        with suppress(OSError):  # the disk is full, as the caller is about to hear
            self._torn = os.write(self._descriptor, b"\n") != 1

    def _synced(self) -> None:
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            if error.errno != errno.EINVAL:  # a pipe or a terminal, which has no disk
                self._failed = error
                raise

    @property
    def size(self) -> int:
        """How many bytes the file has, those of other processes too."""
        return os.fstat(self._descriptor).st_size

    def is_in_place(self) -> bool:
        """Look whether it was deleted; trust for 50 ms that it was not.

        Looking takes the kernel as long as writing a row does.
        """
        if os.fstat(self._descriptor).st_nlink == 0:
            return False
        self.trusted_until = time.monotonic() + BETWEEN_LOOKS_AT_LINKS
        return True

    def close(self) -> None:
        """Close the file, if it is this process's."""
        if self.pid == process.pid:
            os.close(self._descriptor)


def _ends_torn(path: Path, descriptor: int) -> bool:
    """Tell whether a file's last line has no end: its writer was killed, or the disk was full."""
    about = os.fstat(descriptor)
    if not stat.S_ISREG(about.st_mode) or about.st_size == 0:
        return False
    try:
        with path.open("rb") as file:
            for _ in range(LOOKS):
                file.seek(-1, os.SEEK_END)
                if file.read(1) == b"\n":
                    return False
                time.sleep(BETWEEN_LOOKS)  # another process may be in the middle of its row
            return True
    except PermissionError:
        return True  # may be written and not read: an empty line does no harm


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
