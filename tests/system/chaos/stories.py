"""One call from all sides: its result, its rows in the audit log, the emulator's exchanges."""

from __future__ import annotations

import traceback
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from scout_adapters.errors import ScoutError
from scout_adapters.testing import Exchange
from tests.system.chaos.calls import Result
from tests.system.chaos.plan import Call

Rows = dict[int, list[Any]]
TEXT = 400
"""Characters of an error or a reason that a story shows."""

FRAMES = 8
"""The last entries of the traceback of an error that is none of ours."""

COLUMNS = (
    "number",
    "provider",
    "key_id",
    "outcome",
    "status",
    "waited_s",
    "first_token_s",
    "latency_s",
    "retry_after",
    "ready_in_s",
    "billed",
    "reason",
)
"""Fields of an audit row that a story shows."""


def by_number() -> Rows:
    return defaultdict(list)


@dataclass
class News:
    """Rows of the audit log by call."""

    intents: Rows = field(default_factory=by_number)
    outcomes: Rows = field(default_factory=by_number)
    skips: Rows = field(default_factory=by_number)
    ends: Rows = field(default_factory=by_number)
    """Failures and cancellations of calls that came to no attempt and no skip."""

    def of_kind(self, row: Any) -> Rows:
        """Return the rows that are of the same kind as this one."""
        if row["event"] == "llm_intent":
            return self.intents
        if row["event"] == "llm_error":
            return self.ends
        return self.skips if row["outcome"] == "skipped" else self.outcomes

    @property
    def calls(self) -> set[int]:
        """The numbers of all calls that have a row."""
        return {*self.intents, *self.outcomes, *self.skips, *self.ends}


class Log:
    """Reads on in the audit log where it left off."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at = 0

    def news(self) -> News:
        """Return the rows since the last time."""
        news = News()
        with self.path.open("rb") as file:
            file.seek(self._at)
            for line in file:
                row = orjson.loads(line)
                news.of_kind(row)[UUID(row["run_id"]).int].append(row)
            self._at = file.tell()
        return news


@dataclass(slots=True)
class Story:
    """One call from all sides."""

    result: Result
    intents: list[Any]
    outcomes: list[Any]
    skips: list[Any]
    ends: list[Any]
    exchanges: list[Exchange]
    unheard: int

    @property
    def call(self) -> Call:
        return self.result.call

    def passes(self, house: str) -> bool:
        """Return whether the call says of a provider that it could not be used."""
        return any(row["provider"] == house for row in self.skips)

    def __str__(self) -> str:
        """Show what explains how the call ended: each row with its time, and each exchange."""
        result, call = self.result, self.call
        error = result.error
        end = f"{type(error).__name__}: {str(error)[:TEXT]}" if error else "ok"
        own = f", {call.end} at {call.patience:g}" if call.end else ""
        slept = f"{sum(result.waits):.3f} s in {len(result.waits)} waits"
        rows = [*self.intents, *self.outcomes, *self.skips, *self.ends]
        took = f"{result.seconds:.3f} s, {result.virtual:.3f} s by its model's clock"
        line = f"{self.unheard} requests did not leave"
        lines = [
            f"call {call.index} {call.verb} of {call.model}{own}: {end}",
            f"  route {', '.join(call.route)}; {took}; slept {slept}; {line}",
            *(f"  {row_text(row)}" for row in sorted(rows, key=lambda row: row["time"])),
            *(f"  {exchange_text(exchange)}" for exchange in self.exchanges),
        ]
        if error is not None and not isinstance(error, ScoutError):
            lines += traceback.format_exception(error)[-FRAMES:]
        return "\n    ".join(lines)


def row_text(row: Any) -> str:
    """Return an audit row with its time of day."""
    shown = (f"{name}={str(row[name])[:TEXT]}" for name in COLUMNS if name in row)
    return f"{row['time'][11:26]} {row['event']} {' '.join(shown)}"


def exchange_text(exchange: Exchange) -> str:
    """Return what the emulator played, `at` seconds by the hurried clock."""
    end = "whole" if exchange.finished else "not to its end"
    return (
        f"exchange at {exchange.at:.3f}: {exchange.provider} with {exchange.key}:"
        f" {exchange.fault or 'good'}, status {exchange.status}, {end}"
    )
