"""What is drawn from the 88 faults: those that one request can meet, at speed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import httpx

from scout_adapters.testing import (
    BadRequest,
    CloseBeforeAnswer,
    ContextOverflow,
    CutGzip,
    CutMidStream,
    DailyQuota,
    Drip,
    EmptyBody,
    ErrorInBand,
    ExtraHeaders,
    Fault,
    Forbidden,
    Hang,
    KeepAlive,
    ModelMissing,
    NotJson,
    OutOfCredit,
    Overloaded,
    RateLimited,
    Raw,
    Redirect,
    RegionBlocked,
    Revoked,
    Said,
    ServerError,
    Slow,
    Stall,
    Suspended,
    TooLarge,
    UpstreamLimited,
)
from scout_adapters.testing.faults.context import FaultContext
from scout_adapters.testing.http_messages import BodyPart, HttpReply

Kind = Literal["bad", "good", "caller", "edge"]
"""Whether another may answer, the answer is good all the same, the call ends with the caller's own
fault, or the request never leaves."""

OPENAI = frozenset({"groq", "openrouter"})
SHOWN = {"google": 1, "anthropic": 5}
"""How many events of a stream it takes until there is text; four elsewhere."""


@dataclass(frozen=True, slots=True)
class Unreachable(Fault):
    """Never played by the emulator: the line to it is broken, and no byte leaves."""

    error: Callable[[str], httpx.TransportError]
    message: str


@dataclass(frozen=True, slots=True)
class Garnished(Fault):
    """A good stream with something around it that a reader must not mind."""

    before: bytes = b""
    after: bytes = b""

    def play(self, context: FaultContext) -> HttpReply:
        good = context.good()
        if not good.streamed:
            return good
        last = good.parts[-1].tokens
        return replace(good, parts=(BodyPart(self.before), *good.parts, BodyPart(self.after, last)))


Maker = Callable[[random.Random, str, bool], Fault]
"""Makes the fault for a request to a provider, over sockets or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """A row of the 88 as a lot in the draw."""

    number: int
    name: str
    make: Maker
    kind: Kind = "bad"
    weight: float = 1.0
    streams: bool | None = None
    """Whether it can only befall streams, or only whole answers."""

    houses: frozenset[str] = frozenset({"groq", "anthropic", "google", "openrouter"})

    @property
    def label(self) -> str:
        return f"{self.number} {self.name}"


def always(fault: Fault) -> Maker:
    return lambda _dice, _house, _sockets: fault


def one_of(*faults: Fault) -> Maker:
    return lambda dice, _house, _sockets: dice.choice(faults)


def lot(number: int, name: str, make: Fault | Maker, kind: Kind = "bad", **more: object) -> Draw:
    maker = always(make) if isinstance(make, Fault) else make
    return Draw(number=number, name=name, make=maker, kind=kind, **more)  # type: ignore[arg-type]  # fields pass on


def after_text(
    make: Callable[[int], Fault],
) -> Maker:
    """Make a fault in a stream after its first content."""
    return lambda dice, house, _sockets: make(SHOWN.get(house, 4) + dice.randrange(4))


def silent(_dice: random.Random, _house: str, sockets: bool) -> Fault:
    """Keep silent: for ever, or where a socket would really wait, until the line closes."""
    return Hang(seconds=0.3) if sockets else Hang()


def stalled(_dice: random.Random, _house: str, sockets: bool) -> Fault:
    return Stall(after=1, seconds=0.3) if sockets else Slow(lull=3600)


def raw(status: int, body: bytes, **headers: str) -> Raw:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Raw(status, body, {"content-type": "application/json", **named})


LIMIT = b'{"error":{"message":"Rate limit","type":"rate_limit_error","code":"rate_limit_exceeded"}}'
ECHO = "Invalid value for 'content': '429 quota exceeded, invalid api key, billing'"
DETAIL = b'{"detail":[{"loc":["body","top_p"],"msg":"Input should be a number","input":"x"}]}'
IN_FLIGHT = (
    b'{"error":{"code":402,"message":"In-flight budget exhausted",'
    b'"metadata":{"limit_source":"openrouter_in_flight_budget"}}}'
)
WAITS = tuple(
    raw(429, LIMIT, **{name: value})
    for name, value in (
        ("retry_after_ms", "250"),
        ("retry_after", "nan"),
        ("retry_after", "inf"),
        ("retry_after", "-1"),
        ("retry_after", "1e400"),
        ("retry_after", "20s"),
        ("retry_after", "Wed, 21 Oct 2015 07:28:00 GMT"),
    )
)
OLD = raw(
    429,
    LIMIT,
    date="Mon, 01 Jan 2024 00:00:00 GMT",
    retry_after="Mon, 01 Jan 2024 00:00:02 GMT",
)
NONSENSE = tuple(
    raw(200, body)
    for body in (b"[" * 20_000, b'{"a":NaN', b'{"a":1e999}', b"\xff\xfe{\x00}\x00", b'"\\ud800"')
)

LOTS: tuple[Draw, ...] = (
    lot(1, "DNS failure", Unreachable(httpx.ConnectError, "Name or service not known"), "edge"),
    lot(2, "connection refused", Unreachable(httpx.ConnectError, "Connection refused"), "edge"),
    lot(3, "connect timeout", Unreachable(httpx.ConnectTimeout, "timed out"), "edge"),
    lot(5, "RST before the answer", CloseBeforeAnswer(reset=True)),
    lot(6, "body write stalls", Unreachable(httpx.WriteTimeout, "timed out"), "edge", weight=0.3),
    lot(14, "400", BadRequest("no"), "caller", weight=0.1),
    lot(15, "400 that echoes 429, quota, key", BadRequest(ECHO), "caller", weight=0.1),
    lot(17, "context overflow", ContextOverflow(), weight=0.2),
    lot(19, "402 with Retry-After", raw(402, IN_FLIGHT, retry_after="1"), houses={"openrouter"}),
    lot(21, "408, 409", one_of(raw(408, b"{}"), raw(409, b"{}"))),
    lot(23, "413", TooLarge(), weight=0.3),
    lot(24, "422 with a detail list", raw(422, DETAIL), "caller", weight=0.1, houses=OPENAI),
    lot(25, "429 with a wait", one_of(RateLimited(0.5), RateLimited(1), RateLimited(2)), weight=2),
    lot(27, "429 with odd waits", one_of(*WAITS), weight=0.5),
    lot(28, "429 by a clock that is off", OLD, weight=0.3),
    lot(31, "429 of a gateway's supplier", UpstreamLimited(), houses={"openrouter"}),
    lot(32, "200 with retry-after: 61", ExtraHeaders(), "good", weight=0.5),
    lot(35, "498, 529, 503", Overloaded(), weight=2),
    lot(36, "500", ServerError(), weight=2),
    lot(37, "520-526 HTML", one_of(*(NotJson(status) for status in range(520, 527)))),
    lot(
        38,
        "200 HTML, empty, null, []; 204",
        one_of(NotJson(), EmptyBody(), EmptyBody(204), raw(200, b"null"), raw(200, b"[]")),
    ),
    lot(39, "redirect to another host", Redirect("http://127.0.0.1:9/v1"), weight=0.3),
    lot(
        43,
        "wrong content-type",
        ExtraHeaders({"content-type": "application/octet-stream"}),
        "good",
        streams=False,
    ),
    lot(44, "broken JSON", one_of(*NONSENSE), weight=0.5),
    lot(45, "choices: null", Said(b'{"choices":null}'), houses=OPENAI),
    lot(46, "no first token", stalled, weight=0.3, streams=True),
    lot(46, "no answer", silent, weight=0.3, streams=False),
    lot(47, "keep-alive comments", KeepAlive(5, 0.01), "good", streams=True),
    lot(48, "error in a 200", ErrorInBand()),
    lot(49, "error after text", after_text(lambda at: ErrorInBand(after=at)), streams=True),
    lot(
        50,
        "reset in mid-stream",
        after_text(lambda at: CutMidStream(at, "reset", 0.001)),
        streams=True,
    ),
    lot(51, "stream cut", after_text(lambda at: CutMidStream(at, "cut")), streams=True),
    lot(51, "answer cut", CutMidStream(), streams=False),
    lot(52, "stream ends early", after_text(lambda at: CutMidStream(at, "clean")), streams=True),
    lot(53, "truncated gzip", CutGzip(), streams=True),
    lot(
        54,
        "finish, then error, then usage",
        ErrorInBand(after=-2, goes_on=True),
        streams=True,
        houses={"openrouter"},
    ),
    lot(
        56,
        "data after [DONE]",
        Garnished(after=b"data: {rubbish\n\n"),
        "good",
        streams=True,
        houses=OPENAI,
    ),
    lot(57, "split anywhere", Drip(size=7, every=0), "good", weight=0.5, streams=True),
    lot(
        58,
        "id:, retry:, event only",
        Garnished(before=b": x\n\nid: 7\nretry: 999999\n\nevent: x\n\n"),
        "good",
        streams=True,
    ),
    lot(64, "usage cut off", CutMidStream(after=-2, how="clean"), streams=True, houses={"groq"}),
)

KEY_FAULTS: Mapping[str, Fault] = {
    "10 revoked, 13 API_KEY_INVALID": Revoked(),
    "11 401 with an empty body": Raw(401, b"", {}),
    "16 suspended": Suspended(),
    "18 forbidden to this key": Forbidden(),
    "20 no such model for this key": ModelMissing(),
    "26 429 with retry-after: 86400": RateLimited(86400, "retry-after"),
    "29 the day's quota": DailyQuota(),
    "30 out of credit": OutOfCredit(),
}
"""Faults of a key for a whole epoch: it stays refused until it has rested."""

OUTAGES: Mapping[str, Fault] = {
    "12 all keys refused": Revoked(),
    "18 region blocked": RegionBlocked(),
    "35 overloaded throughout": Overloaded(),
    "36 500 throughout": ServerError(),
    "37 502 HTML throughout": NotJson(502),
    "76 all keys limited": RateLimited(3, "retry-after"),
}
"""Faults of a provider for a whole epoch."""


@cache
def lots(house: str, *, stream: bool, sockets: bool) -> tuple[tuple[Draw, ...], tuple[float, ...]]:
    """Return what can befall such a request, and how often each."""
    able = tuple(
        one
        for one in LOTS
        if house in one.houses
        and one.streams in {None, stream}
        and not (sockets and one.kind == "edge")
    )
    return able, tuple(one.weight for one in able)


def draw(dice: random.Random, house: str, *, stream: bool, sockets: bool) -> tuple[Draw, Fault]:
    """Draw the fault of a request."""
    able, weights = lots(house, stream=stream, sockets=sockets)
    (drawn,) = dice.choices(able, weights)
    return drawn, drawn.make(dice, house, sockets)
