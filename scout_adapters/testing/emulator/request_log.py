"""The emulator's own log: who asked for what, with which key, and what was billed."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from scout_adapters.testing.http_messages import TokensSpent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scout_adapters.testing.http_messages import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request and what became of it."""

    number: int
    """Counts from 1, in the order of arrival."""

    at: float
    """Seconds since the emulator was made, by its own clock."""

    provider: str
    path: str
    key: str = field(repr=False)
    """The key as it came, "" where there was none."""

    model: str
    stream: bool
    status: int
    fault: str | None
    """The name of the fault that was played; None for a good answer, and for a request that was
    refused for what it says."""

    input_tokens: int = 0
    output_tokens: int = 0
    """What the provider puts on the bill; 0 where nothing is billed."""

    spent: TokensSpent = field(default_factory=TokensSpent)
    """The same by kind; of an answer that was not given to its end, the output as it would be."""

    billed: bool = False
    cost_nanousd: int | None = None
    """In billionths of a dollar; None at the providers whose answers name no price."""

    finished: bool = False
    """The answer was given to its end; False while it is given, and where either side hung up."""

    body: Json = field(default_factory=dict, repr=False)
    """The request, parsed; empty where it was no JSON object."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The request's headers, names in lower case."""


class RequestLog:
    """Holds the exchanges, for any number of threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._exchanges: dict[int, Exchange] = {}
        self._open: set[int] = set()
        self._numbers = 0

    def number(self) -> int:
        """Take the next number."""
        with self._changed:
            self._numbers += 1
            return self._numbers

    def add(self, exchange: Exchange, *, open_: bool) -> None:
        """Write an exchange down, which is still going on if it is open."""
        with self._changed:
            self._exchanges[exchange.number] = exchange
            if open_:
                self._open.add(exchange.number)

    def close(self, number: int, *, finished: bool, output_tokens: int, price: int = 0) -> None:
        """Say how an exchange ended; `price` is in nano-dollars for a token of output."""
        with self._changed:
            self._open.discard(number)
            self._changed.notify_all()
            known = self._exchanges.get(number)
            if known is None:
                return
            more = output_tokens - known.output_tokens if known.billed else 0
            cost = None if known.cost_nanousd is None else known.cost_nanousd + more * price
            self._exchanges[number] = replace(
                known,
                finished=finished,
                output_tokens=known.output_tokens + more,
                cost_nanousd=cost,
            )

    def settle(self, timeout: float) -> bool:
        """Wait until no exchange is going on, at most `timeout` seconds; say whether it is so."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, timeout)

    def exchanges(self) -> list[Exchange]:
        """Return all exchanges in the order of arrival."""
        with self._changed:
            return [self._exchanges[number] for number in sorted(self._exchanges)]

    def clear(self) -> None:
        """Forget all exchanges; numbers go on."""
        with self._changed:
            self._exchanges.clear()
