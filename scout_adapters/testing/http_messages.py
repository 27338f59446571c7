"""HTTP requests and answers as values, before a server or a transport puts them into bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qs

import orjson

Json = dict[str, Any]

Ending = Literal["clean", "cut", "reset"]
NetworkError = Literal[
    "ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError", "WriteTimeout"
]
"""Names of errors of httpx and httpx2."""


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it arrived: the path still quoted, header names in lower case."""

    method: str
    path: str
    query: str = ""
    host: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)

    def parameter(self, name: str) -> str | None:
        """Return a query parameter, None if it is absent."""
        return parse_qs(self.query).get(name, [None])[0] if self.query else None


@dataclass(frozen=True, slots=True)
class BodyPart:
    """A part of a body that is written at once; `tokens` counts output tokens up to its end."""

    data: bytes
    tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedTokens:
    """Input tokens that the prompt cache read or wrote for a request."""

    read: int = 0
    written: int = 0
    hour: bool = False
    """Written for an hour instead of five minutes."""


class ToolRuns(NamedTuple):
    """How often a provider ran its own tools for one answer, and what it bills for that."""

    times: Mapping[str, int]
    """By kind of tool; kinds that did not run are missing."""

    fees: int = 0
    """Nano-dollars."""


NO_RUNS = ToolRuns({})


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensSpent:
    """Tokens that an answer is charged for."""

    input: int = 0
    output: int = 0
    reasoning: int = 0
    """Part of `output`."""

    cached: CachedTokens = CachedTokens()
    """Part of `input`."""

    tools: ToolRuns = NO_RUNS
    """What the provider's own tools did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """One HTTP answer and the times at which its parts are sent, in seconds."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    besides: tuple[tuple[str, str], ...] = ()
    """Additional header lines, for names that occur twice."""

    parts: tuple[BodyPart, ...] = ()
    streamed: bool = False
    """Whether each part is sent in an HTTP chunk of its own."""

    first: float = 0.0
    """Delay before the status line."""

    lull: float = 0.0
    """Delay between the headers and the first part."""

    between: float = 0.0
    """Delay before every part but the first."""

    linger: float = 0.0
    """Delay between the last part and the end."""

    dropped: bool = False
    """No answer at all: the connection closes after `first` seconds, without a status line."""

    error: NetworkError | None = None
    """What the client raises instead of an answer that is dropped."""

    error_message: str = ""
    ending: Ending = "clean"
    """`cut` closes the connection before the promised end, `reset` does so with a TCP reset."""

    billed: bool = False
    """Whether the provider charges for this answer."""

    spent: TokensSpent = TokensSpent()

    @property
    def body(self) -> bytes:
        """All parts, joined."""
        return b"".join(part.data for part in self.parts)

    @property
    def slow(self) -> bool:
        """Whether sending it takes time."""
        return max(self.first, self.lull, self.between, self.linger) > 0


JSON = "application/json"


def whole_reply(
    status: int, body: bytes, headers: Mapping[str, str], kind: str = JSON
) -> HttpReply:
    """Make an answer that is sent at once; `kind` is its content type."""
    return HttpReply(
        status=status, headers={"content-type": kind, **headers}, parts=(BodyPart(body),)
    )


def dumps(value: Any) -> bytes:
    """Encode JSON as most providers do: compact, with characters unescaped."""
    return orjson.dumps(value)


def parsed_object(body: bytes) -> Json | None:
    """Return a body as a JSON object; None if it is something else."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None


@dataclass(frozen=True, slots=True)
class PlayedAnswer:
    """An answer, and what the request log needs once the answer has been sent."""

    number: int
    reply: HttpReply
    price: int
    """Nano-dollars per output token."""
