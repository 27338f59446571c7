"""Write the audit log: each row is one `write`, linked to the chain of its writer."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import orjson

from scout_adapters._internal.fork import fork_safe_lock, process
from scout_adapters._internal.logs import logger_of
from scout_adapters._internal.ordered_worker import OrderedWorker
from scout_adapters.audit.file import LONGEST, AppendingFile
from scout_adapters.audit.hash_chain import Chain
from scout_adapters.audit.rotation import Rotate, segment_of_day, segment_with_room
from scout_adapters.errors import AuditError, ConfigurationError
from scout_adapters.errors.option_values import shown_value

logger = logger_of(__name__)

MAX_ROW = LONGEST - 1024
"""Bytes of a row without its link; longer texts in it are cut."""

FIRST = ("time", "event", "run_id")
"""Names with which every row begins; their values are texts."""

MAX_NAME, MAX_NAMES = 512, 1 << 20
"""Characters of a field's name, and of all names of a row that is too long."""

OnFailure = Literal["raise", "warn"]
Durability = Literal["process", "power"]


class AuditLog:
    """Appends events to a file; each process opens the file on its first event.

        log = AuditLog("audit.jsonl", rotate="day")
        log.log("invoice_checked", cost=0.002, reason="monthly run")

    `on_failure` applies to rows that cannot be written: "raise" an `AuditError`, or "warn" through
    the logger `scout_adapters.audit.log`. By default all rows raise except outcomes of requests: no
    request is sent without its row, and no answer that is paid for is lost.

    `durability`: rows survive the end of the "process", or a loss of "power" (one sync per row).
    `rotate`: start a new file each "day" (UTC), or when a file has this number of bytes.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        on_failure: OnFailure | None = None,
        durability: Durability = "process",
        rotate: Rotate | None = None,
    ) -> None:
        """Log to `path`; its folder is created on the first event."""
        self.path = Path(path).expanduser()
        self.lost = 0
        """Rows that could not be written; the next row contains their number as `lost`."""

        self.worker = OrderedWorker()
        """Thread that writes the rows of async calls, in order."""

        self._lost_since = 0
        self._lock = fork_safe_lock()
        self._file: AppendingFile | None = None
        self._chain: Chain | None = None
        self.set_up(on_failure=on_failure, durability=durability, rotate=rotate)

    def set_up(
        self, *, on_failure: OnFailure | None, durability: Durability, rotate: Rotate | None
    ) -> None:
        """Change the settings from the next event on.

        Raises:
            ConfigurationError: if a value is invalid.
        """
        sized = isinstance(rotate, int) and not isinstance(rotate, bool) and rotate > 0
        if not (rotate is None or rotate == "day" or sized):
            raise ConfigurationError(f'rotate is "day" or a number of bytes, not {rotate!r}')
        if on_failure not in {None, "raise", "warn"}:
            raise ConfigurationError(f'on_failure is "raise" or "warn", not {on_failure!r}')
        if durability not in {"process", "power"}:
            raise ConfigurationError(f'durability is "process" or "power", not {durability!r}')
        self.close()
        self.on_failure, self.durability, self.rotate = on_failure, durability, rotate

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
        """Append one event: `cost` in USD, `input_t` and `output_t` in tokens, and any fields.

        Raises:
            AuditError: if the row cannot be written, unless `on_failure` is "warn".
        """
        values = {
            "cost": cost,
            "model": model,
            "input_t": input_t,
            "output_t": output_t,
            "reason": reason,
            **fields,
        }
        row = {"time": now(), "event": event}
        row.update((name, value) for name, value in values.items() if value is not None)
        if "chain" in row:
            with self._lock:
                self._lose(OSError(errno.EINVAL, "the field `chain` is the log's own"), event)
            return
        self.write(row)

    def write(self, row: dict[str, Any], *, happened: bool = False) -> None:
        """Append a row with `time` and `event`, like `log`; the row must not be used afterwards.

        `happened` marks an event that cannot be undone, such as a billed answer: if it cannot be
        written, an error is raised only with `on_failure="raise"`.
        """
        with self._lock:
            try:
                if self._lost_since:
                    row["lost"] = self._lost_since
                try:
                    body = orjson.dumps(row, default=str)
                except TypeError:
                    body = _encoded(row)
                if len(body) > MAX_ROW:
                    body = shortened(row)
                file = self._file
                if not (
                    file is not None
                    and file.pid == process.pid
                    and self.rotate is None
                    and file.is_in_place()
                ):
                    file = self._ready(str(row["time"])[:10])
                chain = self._chain = self._chain or Chain()
                file.write(chain.link(body))
                self._lost_since = 0
            except OSError as error:
                self._lose(error, row["event"], happened=happened)
            except BaseException:  # raised again; Ctrl-C: whether the row is written is unknown
                self._chain = None
                raise

    def _lose(self, error: OSError, event: str, *, happened: bool = False) -> None:
        """Count a row that is not written, and raise or warn according to `on_failure`."""
        self._chain = None
        self.lost += 1
        self._lost_since += 1
        failure = AuditError(error.errno or errno.EIO, error.strerror or str(error), str(self.path))
        if self.on_failure == "raise" or not (happened or self.on_failure):
            raise failure from error
        logger.error("a row %r is missing from the audit log: %s", event, failure)

    def _ready(self, day: str) -> AppendingFile:
        """Return the open file for a row of this day; a forked child opens its own."""
        file = self._file
        if file is None or file.pid != process.pid:
            self._chain = None
            return self._open(day, None)
        in_place = file.is_in_place()
        if in_place and not self._is_over(file, day):
            return file
        if not in_place:
            logger.warning("the audit log %s was moved or deleted: a new one begins", file.path)
            self._chain = None
        file.close()
        self._file = None
        return self._open(day, file.path)

    def _is_over(self, file: AppendingFile, day: str) -> bool:
        """Return whether a row of this day starts a new file: the open file is old or full."""
        if self.rotate == "day":
            return day not in file.path.name
        return self.rotate is not None and file.size >= self.rotate

    def _open(self, day: str, before: Path | None) -> AppendingFile:
        path = self.path
        if self.rotate == "day":
            path = segment_of_day(path, day, before)
        elif self.rotate is not None:
            path = segment_with_room(path, self.rotate)
        self._file = AppendingFile(path, sync=self.durability == "power")
        return self._file

    def close(self) -> None:
        """Write the queued rows of async calls, and close the file; the next event reopens it."""
        self.worker.close()
        with self._lock:
            if self._file is not None:
                self._file.close()
            self._file = None


class RowClock:
    """Writes the time of rows; the text of the current second is kept.

    clock = RowClock()
    clock.now()  # "2026-11-30T17:25:42.123456+00:00"
    """

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        """`clock` returns nanoseconds since 1970."""
        self._clock = clock
        self._second = ("", "")
        """Seconds since 1970 as digits, and as a date with a time."""

    def now(self) -> str:
        """Return the time in UTC, in ISO 8601 with microseconds."""
        digits = str(self._clock())
        seconds = digits[:-9]
        known, text = self._second
        if seconds != known:
            text = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(int(seconds)))
            self._second = seconds, text
        return f"{text}{digits[-9:-3]}+00:00"


now = RowClock().now
"""Returns the time of a row."""


def shortened(row: dict[str, Any]) -> bytes:
    """Return a row's JSON of at most `MAX_ROW` bytes: long values are cut, and listed in `cut`."""
    limit, whole = MAX_ROW // 2, _with_short_names(row)
    shorter = [] if whole.keys() == row.keys() else ["names"]
    while True:
        cut = {name: text[:limit] for name, text in _texts(whole).items() if len(text) > limit}
        body = _encoded({**whole, **cut, "cut": shorter + sorted(cut)})
        if len(body) <= MAX_ROW or not limit:
            return body
        limit //= 2


def _with_short_names(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with shortened names, and without further fields beyond `MAX_NAMES`."""
    short: dict[str, Any] = {}
    left = MAX_NAMES
    for name, value in row.items():
        is_first = name in FIRST and isinstance(value, str)
        left -= len(str(name)[:MAX_NAME])
        if left > 0:
            short[str(name)[:MAX_NAME]] = value[:MAX_NAME] if is_first else value
    return short


def _texts(row: dict[str, Any]) -> dict[str, str]:
    """Return the values of a row as text, without the fields in `FIRST`."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, default=_as_text)
        for name, value in row.items()
        if name not in FIRST
    }


def _encoded(row: dict[str, Any]) -> bytes:
    """Encode rows that orjson refuses: lone surrogates, keys that are not text, large integers."""
    try:
        text = json.dumps(row, default=_as_text, ensure_ascii=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise OSError(errno.EINVAL, f"the row is no JSON: {error}") from error
    return text.encode("utf-8", "replace")


def _as_text(value: object) -> str:
    try:
        return value.isoformat() if isinstance(value, datetime) else str(value)
    except Exception:  # noqa: BLE001  # the value's own code
        return shown_value(value)
