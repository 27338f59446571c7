"""The faults that only streams have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from scout_adapters.testing.chaos.chaos_fault import ChaosFault, Helps
from scout_adapters.testing.faults import changed_answers as changed
from scout_adapters.testing.faults.broken_answers import (
    CutGzip,
    CutMidStream,
    ErrorInBand,
    KeepAlive,
    Slow,
    Stall,
)
from scout_adapters.testing.faults.refusals import Fault

if TYPE_CHECKING:
    from scout_adapters.testing.faults.context import FaultContext
    from scout_adapters.testing.http_messages import HttpReply

_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Halfway(Fault):
    """A fault after half of the events of an answer, however long it is."""

    fault_after: Callable[[int], Fault]

    @property
    def name(self) -> str:
        """The name of the fault itself."""
        return self.fault_after(1).name

    def play(self, context: FaultContext) -> HttpReply:
        """Return the answer up to there, and what comes then."""
        return self.fault_after(len(context.good().parts) // 2).play(context)


def _stream(
    number: int,
    name: str,
    fault: Fault,
    *,
    helps: Helps = "another try",
    only: Iterable[str] = (),
) -> ChaosFault:
    return ChaosFault(
        number=number,
        name=name,
        faults=(fault,),
        helps=helps,
        streams_only=True,
        providers=frozenset(only),
    )


def _broken(number: int, name: str, fault: Fault) -> ChaosFault:
    """Return a fault after content has reached the caller: nothing can take it back."""
    return _stream(number, name, fault, helps="nothing")


STREAM_FAULTS: tuple[ChaosFault, ...] = (
    _stream(46, "no first token", Slow(lull=_HOUR), helps="another provider"),
    _stream(47, "comments for ten minutes", KeepAlive(120, 5), helps="another provider"),
    _stream(48, "error before the first token", ErrorInBand()),
    _broken(49, "error after some tokens", Halfway(ErrorInBand)),
    _broken(50, "reset after some tokens", Halfway(partial(CutMidStream, how="reset"))),
    _broken(51, "cut after some tokens", Halfway(CutMidStream)),
    _broken(52, "early end that looks clean", Halfway(partial(CutMidStream, how="clean"))),
    _broken(53, "cut within a packed stream", CutGzip()),
    _broken(54, "error behind the finish", ErrorInBand(after=-2, goes_on=True)),
    _stream(55, "open for 60 s after the end", Stall(None, 60)),
    _stream(56, "nonsense after the end", changed.Changed(changed.nonsense_after_the_end)),
    _stream(57, "byte by byte", changed.Changed(changed.byte_by_byte)),
    _stream(58, "comments and retry lines", changed.Changed(changed.other_lines)),
    _stream(
        59,
        "a line of 10 MiB",
        changed.Changed(changed.endless_line),
        helps="another provider",
    ),
    _broken(64, "cut before the usage", CutMidStream(-3, "clean")),
)
