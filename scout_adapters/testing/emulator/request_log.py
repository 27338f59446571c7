"""The emulator's log: provider, key, status, tokens and cost of every request."""

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
    """One request and its answer."""

    number: int
    """Counts from 1, in the order of arrival."""

    at: float
    """Seconds since the emulator was made, by its own clock."""

    provider: str
    method: str = "POST"
    path: str
    key: str = field(repr=False)
    """The key of the request, "" if there was none."""

    model: str
    stream: bool
    status: int
    fault: str | None
    """The name of the fault that was played; None for a good answer, and for a request whose body
    was refused."""

    input_tokens: int = 0
    output_tokens: int = 0
    """Tokens that the provider bills; 0 if nothing is billed."""

    spent: TokensSpent = field(default_factory=TokensSpent)
    """Tokens by kind; `output` is that of the whole answer, even if it was not sent to its end."""

    billed: bool = False
    cost_nanousd: int | None = None
    """Billionths of a US dollar; None for providers whose answers contain no cost."""

    finished: bool = False
    """Whether the answer was sent to its end; False while it is sent, and if a side hung up."""

    body: Json = field(default_factory=dict, repr=False)
    """The request body, parsed; empty if it was not a JSON object."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The request's headers, names in lower case."""


class RequestLog:
    """Contains the exchanges; thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._exchanges: dict[int, Exchange] = {}
        self._open: set[int] = set()
        self._numbers = 0

    def number(self) -> int:
        """Return the next number."""
        with self._changed:
            self._numbers += 1
            return self._numbers

    def add(self, exchange: Exchange, *, open_: bool) -> None:
        """Add an exchange; `open_` if its answer is still being sent."""
        with self._changed:
            self._exchanges[exchange.number] = exchange
            if open_:
                self._open.add(exchange.number)

    def close(self, number: int, *, finished: bool, output_tokens: int, price: int = 0) -> None:
        """Record how an exchange ended; `price` is in nano-dollars per output token."""
        with self._changed:
            self._open.discard(number)
            self._changed.notify_all()
            exchange = self._exchanges.get(number)
            if exchange is None:
                return
            more = output_tokens - exchange.output_tokens if exchange.billed else 0
            cost = None if exchange.cost_nanousd is None else exchange.cost_nanousd + more * price
            self._exchanges[number] = replace(
                exchange,
                finished=finished,
                output_tokens=exchange.output_tokens + more,
                cost_nanousd=cost,
            )

    def settle(self, timeout: float) -> bool:
        """Wait until no exchange is open; return False after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._open, timeout)

    def exchanges(self) -> list[Exchange]:
        """Return all exchanges in the order of arrival."""
        with self._changed:
            return [self._exchanges[number] for number in sorted(self._exchanges)]

    def clear(self) -> None:
        """Remove all exchanges; numbers continue."""
        with self._changed:
            self._exchanges.clear()
