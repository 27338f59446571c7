"""Find intents without an outcome, and delete old files of a log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scout_adapters.audit.log import AuditLog
from scout_adapters.audit.reader import read_file, read_rows
from scout_adapters.audit.rotation import segments
from scout_adapters.audit.verify import PRUNED, Head, last_of

Row = Mapping[str, Any]


def open_intents(path: str | Path) -> list[Row]:
    """Return the intents without an outcome, oldest first: requests that may have been sent.

    The process died, the call is in progress, or the outcome could not be written. The provider may
    bill these requests.
    """
    waiting: dict[tuple[Any, Any], list[Row]] = defaultdict(list)
    for row in read_rows(path):
        key = (str(row.get("run_id")), str(row.get("number")))  # other programs' rows: any JSON
        if row.get("event") == "llm_intent":
            waiting[key].append(row)
        elif row.get("event") == "llm_attempt" and row.get("outcome") != "skipped":
            if len(waiting.get(key, ())) > 1:
                waiting[key].pop()
            else:
                waiting.pop(key, None)
    intents = [row for rows in waiting.values() for row in rows]
    return sorted(intents, key=lambda row: str(row.get("time", "")))


def prune(path: str | Path, before: datetime) -> list[Path]:
    """Delete the files of a log that were last written before a time, except the newest file.

    A row `audit_pruned` in the remaining log names the files and the last rows of their chains, so
    that `verify` accepts the gap. It is written first.

    Raises:
        AuditError: if that row cannot be written; no file is deleted.
    """
    log = Path(path).expanduser()
    *older, _newest = segments(log) or [log]
    stale = [file for file in older if _last_written(file) < before]
    if stale:
        _log_pruned(log, stale)
    for file in stale:
        file.unlink()
    return stale


def _log_pruned(path: Path, stale: Iterable[Path]) -> None:
    heads: dict[str, Head] = {}
    for file in stale:
        heads |= last_of(read_file(file))
    log = AuditLog(segments(path)[-1], on_failure="raise", durability="power")
    try:
        log.log(PRUNED, files=[file.name for file in stale], heads=heads)
    finally:
        log.close()


def _last_written(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
