"""What the emulator answers, before anybody puts it on a wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qs

import orjson

Json = dict[str, Any]

Ending = Literal["clean", "cut", "reset"]


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it arrived: the path still quoted, header names in lower case."""

    method: str
    path: str
    query: str = ""
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def asks(self, name: str) -> str | None:
        """Return a query parameter, None where it is absent."""
        return parse_qs(self.query).get(name, [None])[0] if self.query else None


@dataclass(frozen=True, slots=True)
class BodyPart:
    """A piece that is written at once; `tokens` counts the answer's tokens up to its end."""

    data: bytes
    tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedTokens:
    """What the prompt cache did for a request, in tokens, which are part of its input."""

    read: int = 0
    written: int = 0
    hour: bool = False
    """Written for an hour, not for five minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensSpent:
    """What an answer is charged for, in tokens."""

    input: int = 0
    output: int = 0
    reasoning: int = 0
    """Of the output."""

    cached: CachedTokens = CachedTokens()


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """One HTTP answer and the manner in which it is given. Times are in seconds."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    besides: tuple[tuple[str, str], ...] = ()
    """Header lines besides, where a name stands twice."""

    parts: tuple[BodyPart, ...] = ()
    streamed: bool = False
    """Sent in HTTP chunks, one for each part."""

    first: float = 0.0
    """Silence before the status line."""

    lull: float = 0.0
    """Silence between the headers and the first part."""

    between: float = 0.0
    """Silence before every part but the first."""

    linger: float = 0.0
    """Silence between the last part and the end."""

    dropped: bool = False
    """Not even a status line: the connection closes after `first` seconds."""

    ending: Ending = "clean"
    """`cut` closes the connection where more was promised, `reset` does so with a TCP reset."""

    billed: bool = False
    """Whether the provider would put this on the bill."""

    spent: TokensSpent = TokensSpent()

    @property
    def body(self) -> bytes:
        """All parts in one."""
        return b"".join(part.data for part in self.parts)

    @property
    def slow(self) -> bool:
        """Whether giving it takes time."""
        return max(self.first, self.lull, self.between, self.linger) > 0


JSON = "application/json"


def plain(status: int, body: bytes, headers: Mapping[str, str], kind: str = JSON) -> HttpReply:
    """Make an answer that is sent whole."""
    return HttpReply(
        status=status, headers={"content-type": kind, **headers}, parts=(BodyPart(body),)
    )


def dumps(value: Any) -> bytes:
    """Render JSON the way most providers do: compact, characters unescaped."""
    return orjson.dumps(value)


@dataclass(frozen=True, slots=True)
class PlayedAnswer:
    """An answer, and what the ledger wants to know when it has been given."""

    number: int
    reply: HttpReply
    price: int
