"""What happened and what it cost: an append-only log, one JSON object a line.

Safe for many threads and processes: every row is one `write` to a file opened for appending.
Rows survive `kill -9`. They name keys by fingerprint and never hold a prompt.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from scout_adapters.locks import ForkSafeLock

DEFAULT_PATH = "~/.scout/audit.jsonl"


class AuditLog:
    """Appends events to a file; opened on the first event, by each process for itself."""

    def __init__(self, path: str | Path) -> None:
        """Log to `path`; its folder is made on the first event."""
        self.path = Path(path).expanduser()
        self._lock = ForkSafeLock()
        self._opened: tuple[int, int] | None = None  # process id and file descriptor

    def __repr__(self) -> str:
        return f"AuditLog({str(self.path)!r})"

    def log(
        self,
        event: str,
        *,
        cost: float | None = None,
        model: str | None = None,
        input_t: int | None = None,
        output_t: int | None = None,
        reason: str | None = None,
        **fields: Any,
    ) -> None:
        """Append one event: `cost` in USD, `input_t` and `output_t` in tokens, and any fields."""
        known = {
            "cost": cost,
            "model": model,
            "input_t": input_t,
            "output_t": output_t,
            "reason": reason,
            **fields,
        }
        row = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event}
        row |= {name: value for name, value in known.items() if value is not None}
        self._append(orjson.dumps(row, default=str, option=orjson.OPT_APPEND_NEWLINE))

    def _append(self, line: bytes) -> None:
        written = os.write(self._descriptor(), line)
        if written != len(line):
            # The disk is full: close the torn line, so that the next row is not lost with it.
            os.write(self._descriptor(), b"\n")
            raise OSError(f"{self.path}: only {written} of {len(line)} bytes of a row were written")

    def _descriptor(self) -> int:
        if self._opened is None or self._opened[0] != os.getpid():
            with self._lock:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                flags = os.O_APPEND | os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
                self._opened = (os.getpid(), os.open(self.path, flags, 0o600))
        return self._opened[1]

    def close(self) -> None:
        """Close the file; the next event opens it again."""
        with self._lock:
            if self._opened is not None and self._opened[0] == os.getpid():
                os.close(self._opened[1])
            self._opened = None


_logs: dict[Path, AuditLog] = {}


def get_audit(path: str | Path | None = None) -> AuditLog:
    """Return the process's log at `path`, at SCOUT_AUDIT_PATH, or at ~/.scout/audit.jsonl."""
    wanted = Path(path or os.environ.get("SCOUT_AUDIT_PATH") or DEFAULT_PATH).expanduser()
    return _logs.setdefault(wanted, AuditLog(wanted))
