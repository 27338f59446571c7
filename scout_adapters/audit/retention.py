"""What is open in a log, and how long it is kept."""

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
    """Return the intents without an outcome: sent, perhaps, and nobody knows what came of it.

    They are of processes that died, of calls still under way, or of outcomes that could not be
    written; what was sent may be on the provider's bill.
    """
    waiting: dict[tuple[Any, Any], list[Row]] = defaultdict(list)
    for row in read_rows(path):
        key = (row.get("run_id"), row.get("number"))
        if row.get("event") == "llm_intent":
            waiting[key].append(row)
        elif row.get("event") == "llm_attempt" and row.get("outcome") != "skipped":
            if len(waiting.get(key, ())) > 1:
                waiting[key].pop()
            else:
                waiting.pop(key, None)
    found = [row for rows in waiting.values() for row in rows]
    return sorted(found, key=lambda row: str(row.get("time", "")))


def prune(path: str | Path, before: datetime) -> list[Path]:
    """Delete the log's files that were last written to before a time, but never the newest.

    A row `audit_pruned` in what is left names them and vouches for the chains that began there.
    It is written first: where it cannot be, `AuditError` is raised and nothing is deleted.
    """
    place = Path(path).expanduser()
    *older, _newest = segments(place) or [place]
    stale = [file for file in older if _written(file) < before]
    if stale:
        _vouch(place, stale)
    for file in stale:
        file.unlink()
    return stale


def _vouch(path: Path, stale: Iterable[Path]) -> None:
    heads: dict[str, Head] = {}
    for file in stale:
        heads |= last_of(read_file(file))
    log = AuditLog(segments(path)[-1], on_failure="raise", durability="power")
    try:
        log.log(PRUNED, files=[file.name for file in stale], heads=heads)
    finally:
        log.close()


def _written(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)
