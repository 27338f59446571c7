"""Holding a log to its chains: what was edited, moved, repeated, taken out or torn, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from scout_adapters.audit.hash_chain import Link
from scout_adapters.audit.reader import LogLine, read_lines

Kind = Literal["edited", "replaced", "gap", "order", "repeated", "torn", "unchained", "cut"]

PRUNED = "audit_pruned"
"""The event of the row that vouches for rows that were deleted on request."""

Head = tuple[int, str]
"""The number and hash of a writer's row."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Something that is not as it was written; `line` counts from 1."""

    file: Path
    line: int
    kind: Kind
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind}: {self.what}"


@dataclass(slots=True)
class Gap:
    """Rows of a writer that are missing, from `first` to `last`, and where that shows."""

    first: int
    last: int
    seen: LogLine
    prev: str

    def without(self, seq: int) -> list[Gap]:
        """Return what is left of the gap when a row of it has turned up."""
        parts = (
            Gap(self.first, seq - 1, self.seen, self.prev),
            Gap(seq + 1, self.last, self.seen, self.prev),
        )
        return [part for part in parts if part.first <= part.last]


@dataclass(slots=True)
class ChainState:
    """How far a writer's chain has been followed."""

    seq: int = 0
    hash: str = ""
    gaps: list[Gap] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What came of holding a log to its chains."""

    rows: int
    findings: tuple[Discrepancy, ...]
    heads: Mapping[str, Head]
    """Each writer's last row: kept elsewhere, they tell later whether a log's end was cut off."""


def verify(path: str | Path, heads: Mapping[str, Head] | None = None) -> VerificationReport:
    """Follow every chain through the log at `path` and its segments.

    With `heads` of an earlier report, rows missing at the end are found too. A row of a log that
    is written to at this moment may be reported as torn.
    """
    check = _Check(heads or {})
    lines = read_lines(Path(path).expanduser())
    findings = [finding for line in lines for finding in check.take(line)]
    findings += check.gaps()
    findings += check.cut(Path(path).expanduser())
    known = {writer: (track.seq, track.hash) for writer, track in check.tracks.items()}
    return VerificationReport(check.rows, tuple(findings), known)


class _Check:
    """One pass over a log; of each writer it keeps only the last row's place."""

    def __init__(self, heads: Mapping[str, Head]) -> None:
        self.rows = 0
        self.tracks: dict[str, ChainState] = {}
        self._heads = heads
        self._vouched: dict[str, Head] = {}

    def take(self, line: LogLine) -> Iterator[Discrepancy]:
        """Follow the chain of a line's writer by one row."""
        if line.torn:
            yield _finding(line, "torn", "no whole row: its writer was stopped, or the disk full")
        if line.row is None:
            return
        self.rows += 1
        if line.link is None:
            yield _finding(line, "unchained", "not written by this log, or its chain was edited")
            return
        if not line.link.sound:
            yield _finding(line, "edited", "its bytes are not those that were written")
        elif line.row.get("event") == PRUNED:
            self._vouched |= _heads_in(line.row)
        yield from self._follow(line, line.link)

    def _follow(self, line: LogLine, link: Link) -> Iterator[Discrepancy]:
        track = self.tracks.setdefault(link.writer, ChainState())
        known = self._heads.get(link.writer)
        if known and known[0] == link.seq and known[1] != link.hash:
            yield _finding(line, "replaced", "not the row that stood here at the last report")
        if link.seq <= track.seq:
            yield self._late(track, line, link)
            return
        if link.seq > track.seq + 1:
            track.gaps.append(Gap(track.seq + 1, link.seq - 1, line, link.prev))
        elif link.prev != track.hash:
            what = f"row {track.seq} of {link.writer} before it is not the one that was written"
            yield _finding(line, "replaced", what)
        track.seq, track.hash = link.seq, link.hash

    @staticmethod
    def _late(track: ChainState, line: LogLine, link: Link) -> Discrepancy:
        """Name a row that stands behind one that was written after it."""
        for gap in track.gaps:
            if gap.first <= link.seq <= gap.last:
                track.gaps.remove(gap)
                track.gaps += gap.without(link.seq)
                what = f"row {link.seq} of {link.writer} stands behind row {track.seq}"
                return _finding(line, "order", what)
        return _finding(line, "repeated", f"row {link.seq} of {link.writer} was there before")

    def gaps(self) -> Iterator[Discrepancy]:
        """Name the rows that never turned up and that nobody deleted on request."""
        for writer, track in self.tracks.items():
            for gap in track.gaps:
                if gap.first == 1 and self._vouched.get(writer) == (gap.last, gap.prev):
                    continue
                rows = f"row {gap.first}" if gap.first == gap.last else f"{gap.first}-{gap.last}"
                what = f"before it {rows} of {writer} is missing"
                yield _finding(gap.seen, "gap", what)

    def cut(self, path: Path) -> Iterator[Discrepancy]:
        """Name the writers whose last known row is not there any more."""
        for writer, (seq, _) in self._heads.items():
            vouched = self._vouched.get(writer, (0, ""))[0]
            seen = self.tracks[writer].seq if writer in self.tracks else vouched
            if seen < seq:
                yield Discrepancy(
                    path, 0, "cut", f"{writer} had written {seq} rows, {seen} are left"
                )


def _finding(line: LogLine, kind: Kind, what: str) -> Discrepancy:
    return Discrepancy(line.file, line.number, kind, what)


def _heads_in(row: Mapping[str, Any]) -> Mapping[str, Head]:
    return heads_of(row.get("heads"))


def heads_of(stated: Any) -> dict[str, Head]:
    """Read heads from JSON, `{writer: [number, hash]}`; what is of another form is passed over."""
    found: dict[str, Head] = {}
    for writer, head in stated.items() if isinstance(stated, dict) else ():
        match head:
            case [int(seq), str(digest)]:
                found[writer] = (seq, digest)
    return found


def last_of(files: Iterable[LogLine]) -> dict[str, Head]:
    """Return each writer's last row among lines."""
    found: dict[str, Head] = {}
    for line in files:
        if line.link is not None:
            found[line.link.writer] = (line.link.seq, line.link.hash)
    return found
