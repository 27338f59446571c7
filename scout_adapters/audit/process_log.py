"""The audit logs of this process, one object per file, and the default path."""

from __future__ import annotations

import os
from pathlib import Path

from scout_adapters.audit.log import AuditLog, Durability, OnFailure
from scout_adapters.audit.rotation import Rotate

DEFAULT_PATH = "~/.scout/audit.jsonl"

_logs: dict[Path, AuditLog] = {}


def get_audit(
    path: str | Path | None = None,
    *,
    on_failure: OnFailure | None = None,
    durability: Durability | None = None,
    rotate: Rotate | None = None,
) -> AuditLog:
    """Return the process's log at `path`, at SCOUT_AUDIT_PATH, or at ~/.scout/audit.jsonl.

    The other arguments change the settings of that log for the whole process; None keeps them.
    """
    path = audit_path(path)
    log = _logs.get(path) or _logs.setdefault(path, AuditLog(path))
    if on_failure or durability or rotate is not None:
        log.set_up(
            on_failure=on_failure or log.on_failure,
            durability=durability or log.durability,
            rotate=log.rotate if rotate is None else rotate,
        )
    return log


def close_logs() -> None:
    """Close and drop every log of this process; `get_audit` creates new ones."""
    for log in _logs.values():
        log.close()
    _logs.clear()


def audit_path(path: str | Path | None = None) -> Path:
    """Return the path of a log: the argument, SCOUT_AUDIT_PATH, or the default path."""
    return Path(path or os.environ.get("SCOUT_AUDIT_PATH") or DEFAULT_PATH).expanduser()
