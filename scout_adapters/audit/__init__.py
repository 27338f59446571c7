"""What happened and what it cost: an append-only log, one JSON object a line.

Safe for many threads and processes: every row is one `write` to a file opened for appending.
Rows survive `kill -9`. They name keys by fingerprint and never hold a prompt. Each names the row
before it (`chain`), so that `verify` finds what was edited, moved or taken out.
"""

from __future__ import annotations

import os
from pathlib import Path

from scout_adapters.audit.log import AuditLog as AuditLog
from scout_adapters.audit.log import Durability, OnFailure
from scout_adapters.audit.reading import read_rows as read_rows
from scout_adapters.audit.segments import Rotate
from scout_adapters.errors import AuditError as AuditError

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

    What else is given is set on that log, for everybody in the process who writes to it.
    """
    wanted = Path(path or os.environ.get("SCOUT_AUDIT_PATH") or DEFAULT_PATH).expanduser()
    log = _logs.get(wanted) or _logs.setdefault(wanted, AuditLog(wanted))
    if on_failure or durability or rotate is not None:
        log.set_up(
            on_failure=on_failure or log.on_failure,
            durability=durability or log.durability,
            rotate=log.rotate if rotate is None else rotate,
        )
    return log
