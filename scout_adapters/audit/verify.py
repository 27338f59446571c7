"""Verify the hash chains of a log: find rows that were edited, moved, repeated, removed or torn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from scout_adapters.audit.hash_chain import Link
from scout_adapters.audit.reader import LogLine, read_lines

Kind = Literal["edited", "replaced", "gap", "order", "repeated", "torn", "unchained", "cut"]

PRUNED = "audit_pruned"
"""The event of the row that names files deleted on request, and the last rows of their chains."""

Head = tuple[int, str]
"""Number and hash of a writer's row."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A difference between the log and what its writers wrote; `line` counts from 1."""

    file: Path
    line: int
    kind: Kind
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind}: {self.what}"


@dataclass(slots=True)
class Gap:
    """Missing rows of a writer, from number `first` to `last`."""

    first: int
    last: int
    seen: LogLine
    """The first line after the gap."""

    prev: str
    """The hash of row `last`, as the line `seen` states it."""

    def without(self, seq: int) -> list[Gap]:
        """Return the parts of the gap without row `seq`, which was found later."""
        parts = (
            Gap(self.first, seq - 1, self.seen, self.prev),
            Gap(seq + 1, self.last, self.seen, self.prev),
        )
        return [part for part in parts if part.first <= part.last]


@dataclass(slots=True)
class ChainState:
    """The last row of a writer's chain so far, and its gaps."""

    seq: int = 0
    hash: str = ""
    gaps: list[Gap] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """The result of `verify`."""

    rows: int
    findings: tuple[Discrepancy, ...]
    heads: Mapping[str, Head]
    """Each writer's last row. Stored elsewhere, they show later whether the end was cut off."""


def verify(path: str | Path, heads: Mapping[str, Head] | None = None) -> VerificationReport:
    """Check every chain in the log at `path` and its segments.

    With `heads` of an earlier report, rows missing at the end are found too. In a log that is being
    written to, the last row may be reported as torn.
    """
    check = _Verification(heads or {})
    lines = read_lines(Path(path).expanduser())
    findings = [finding for line in lines for finding in check.add(line)]
    findings += check.gaps()
    findings += check.cut(Path(path).expanduser())
    last = {writer: (chain.seq, chain.hash) for writer, chain in check.chains.items()}
    return VerificationReport(check.rows, tuple(findings), last)


class _Verification:
    """State of one verification while the lines of a log are read."""

    def __init__(self, heads: Mapping[str, Head]) -> None:
        self.rows = 0
        self.chains: dict[str, ChainState] = {}
        self._heads = heads
        self._pruned: dict[str, Head] = {}

    def add(self, line: LogLine) -> Iterator[Discrepancy]:
        """Check a line against the chain of its writer; yield the discrepancies."""
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
            self._pruned |= _heads_in(line.row)
        yield from self._follow(line, line.link)

    def _follow(self, line: LogLine, link: Link) -> Iterator[Discrepancy]:
        chain = self.chains.setdefault(link.writer, ChainState())
        head = self._heads.get(link.writer)
        if head and head[0] == link.seq and head[1] != link.hash:
            yield _finding(line, "replaced", "not the row that stood here at the last report")
        if link.seq <= chain.seq:
            yield self._late(chain, line, link)
            return
        if link.seq > chain.seq + 1:
            chain.gaps.append(Gap(chain.seq + 1, link.seq - 1, line, link.prev))
        elif link.prev != chain.hash:
            what = f"row {chain.seq} of {link.writer} before it is not the one that was written"
            yield _finding(line, "replaced", what)
        chain.seq, chain.hash = link.seq, link.hash

    @staticmethod
    def _late(chain: ChainState, line: LogLine, link: Link) -> Discrepancy:
        """Return the discrepancy of a row that follows a later row of its writer."""
        for gap in chain.gaps:
            if gap.first <= link.seq <= gap.last:
                chain.gaps.remove(gap)
                chain.gaps += gap.without(link.seq)
                what = f"row {link.seq} of {link.writer} stands behind row {chain.seq}"
                return _finding(line, "order", what)
        return _finding(line, "repeated", f"row {link.seq} of {link.writer} was there before")

    def gaps(self) -> Iterator[Discrepancy]:
        """Yield the findings for missing rows that were not deleted on request."""
        for writer, chain in self.chains.items():
            for gap in chain.gaps:
                if gap.first == 1 and self._pruned.get(writer) == (gap.last, gap.prev):
                    continue
                rows = f"row {gap.first}" if gap.first == gap.last else f"{gap.first}-{gap.last}"
                what = f"before it {rows} of {writer} is missing"
                yield _finding(gap.seen, "gap", what)

    def cut(self, path: Path) -> Iterator[Discrepancy]:
        """Yield the findings for writers whose last known row is missing."""
        for writer, (seq, _) in self._heads.items():
            pruned = self._pruned.get(writer, (0, ""))[0]
            last = self.chains[writer].seq if writer in self.chains else pruned
            if last < seq:
                yield Discrepancy(
                    path, 0, "cut", f"{writer} had written {seq} rows, {last} are left"
                )


def _finding(line: LogLine, kind: Kind, what: str) -> Discrepancy:
    return Discrepancy(line.file, line.number, kind, what)


def _heads_in(row: Mapping[str, Any]) -> Mapping[str, Head]:
    return heads_of(row.get("heads"))


def heads_of(stated: Any) -> dict[str, Head]:
    """Return heads from JSON, `{writer: [number, hash]}`; entries of another form are skipped."""
    heads: dict[str, Head] = {}
    for writer, head in stated.items() if isinstance(stated, dict) else ():
        match head:
            case [int(seq), str(digest)]:
                heads[writer] = (seq, digest)
    return heads


def last_of(lines: Iterable[LogLine]) -> dict[str, Head]:
    """Return by writer the number and hash of its last row in `lines`."""
    heads: dict[str, Head] = {}
    for line in lines:
        if line.link is not None:
            heads[line.link.writer] = (line.link.seq, line.link.hash)
    return heads
