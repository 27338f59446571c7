"""The audit log: every attempt and its cost, append-only, one JSON object per line.

Safe for many threads and processes: every row is one `write` to a file opened for appending.
Rows survive `kill -9`. They contain keys as fingerprints, and no prompts. Each row contains the
hash of the row before it (`chain`), so that `verify` finds rows that were edited, moved or removed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scout_adapters.audit.log import AuditLog as AuditLog
from scout_adapters.audit.process_log import get_audit as get_audit
from scout_adapters.errors import AuditError as AuditError

if TYPE_CHECKING:
    from scout_adapters.audit.reader import read_rows as read_rows


def __getattr__(name: str) -> Any:
    if name == "read_rows":
        from scout_adapters.audit.reader import read_rows  # noqa: PLC0415  # no call reads the log

        return read_rows
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
