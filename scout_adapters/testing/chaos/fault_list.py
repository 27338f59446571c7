"""The 88 faults, as far as they can occur in a test of a chain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from scout_adapters.testing.chaos.chaos_fault import ChaosFault, Helps, Scope
from scout_adapters.testing.chaos.faults_not_played import NOT_PLAYED
from scout_adapters.testing.chaos.stream_faults import STREAM_FAULTS
from scout_adapters.testing.faults import changed_answers as changed
from scout_adapters.testing.faults.broken_answers import (
    CloseBeforeAnswer,
    EmptyBody,
    ExtraHeaders,
    NotJson,
    Raw,
    Redirect,
    Said,
    Slow,
)
from scout_adapters.testing.faults.connections import Unreachable
from scout_adapters.testing.faults.refusals import (
    BadRequest,
    ContextOverflow,
    DailyQuota,
    Fault,
    ModelMissing,
    OutOfCredit,
    Overloaded,
    RateLimited,
    RegionBlocked,
    Revoked,
    ServerError,
    Suspended,
    TooLarge,
    UpstreamLimited,
)

_DAY = 86400.0
_JSON = {"content-type": "application/json"}
_PAGE = (
    b"<!DOCTYPE html><html><body><h1>Web server is returning an unknown error</h1></body></html>"
)
_LIMIT = b'{"error": {"message": "Rate limit reached", "code": "rate_limit_exceeded"}}'
_ECHO = "Invalid value for 'content': '429 quota exceeded, invalid api key, billing'"
_DETAIL = b'{"detail": [{"loc": ["body", "top_p"], "msg": "Input should be a number"}]}'
_BASE_RESP = b'{"choices": null, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}'
_NO_BALANCE = b'{"error": {"message": "insufficient balance (1008)", "type": "api_error"}}'
_DATES = {
    "retry-after": "Thu, 01 Jan 2026 00:00:05 GMT",
    "date": "Thu, 01 Jan 2026 00:00:00 GMT",
}
_MANY_HEADERS = {f"x-filler-{number}": "x" * 1000 for number in range(500)}


def _fault(  # one row of a table
    number: int,
    name: str,
    *faults: Fault,
    scope: Scope = "request",
    helps: Helps = "another try",
    only: Iterable[str] = (),
) -> ChaosFault:
    return ChaosFault(
        number=number,
        name=name,
        faults=faults,
        scope=scope,
        helps=helps,
        providers=frozenset(only),
    )


def _key(number: int, name: str, fault: Fault, *only: str) -> ChaosFault:
    return _fault(number, name, fault, scope="key", helps="another key", only=only)


def _provider(number: int, name: str, fault: Fault, *only: str) -> ChaosFault:
    return _fault(number, name, fault, scope="provider", helps="another provider", only=only)


def _caller(number: int, name: str, fault: Fault) -> ChaosFault:
    return _fault(number, name, fault, scope="provider", helps="nothing")


CONNECTIONS: tuple[ChaosFault, ...] = (
    _provider(1, "DNS failure", Unreachable(message="[Errno -2] Name or service not known")),
    _provider(2, "connection refused", Unreachable()),
    _provider(3, "connect timeout", Unreachable("ConnectTimeout", "timed out")),
    _provider(4, "TLS certificate expired", Unreachable(message="certificate has expired")),
    _fault(5, "reset before the answer", CloseBeforeAnswer(reset=True)),
    _fault(6, "request body stalls", Unreachable("WriteTimeout", "timed out")),
    _provider(7, "dead proxy", Unreachable("ProxyError", "502 Bad Gateway")),
    _fault(8, "no connection of the pool is free", Unreachable("PoolTimeout", "pool is full")),
)
REFUSED: tuple[ChaosFault, ...] = (
    _key(10, "401 key revoked", Revoked()),
    _key(11, "401 with an empty body", Raw(401, b"", {})),
    _provider(12, "401 on all keys", Revoked()),
    _key(13, "400 for an invalid key", Revoked(), "google", "xai"),
    _caller(14, "400 bad request", BadRequest()),
    _caller(15, "400 that quotes a prompt about quotas", BadRequest(_ECHO)),
    _key(16, "403 key suspended", Suspended()),
    _provider(17, "context too long", ContextOverflow()),
    _provider(18, "region blocked", RegionBlocked()),
    _key(19, "402 out of credit", OutOfCredit()),
    _provider(20, "404 model missing", ModelMissing()),
    _fault(21, "408 request timeout", Raw(408, b'{"error": {"message": "timeout"}}', _JSON)),
    _key(22, "412 account suspended", Suspended(), "fireworks"),
    _provider(23, "413 request too large", TooLarge()),
    _caller(24, "422 with a list of details", Raw(422, _DETAIL, _JSON)),
    _fault(25, "429 with a wait of 2 s", RateLimited(2), scope="key"),
    _key(26, "429 with a wait of a day", RateLimited(_DAY)),
    _fault(27, "429 with a wait that is no number", Raw(429, _LIMIT, {"retry-after": "nan"})),
    _fault(28, "429 with a date by another clock", Raw(429, _LIMIT, _DATES)),
    _key(29, "429 quota of the day", DailyQuota()),
    _key(30, "429 insufficient_quota", OutOfCredit(), "openai"),
    _provider(31, "429 of the gateway's provider", UpstreamLimited(), "openrouter"),
    _fault(32, "success with retry-after", ExtraHeaders()),
    _fault(33, "200 with an error code inside", Said(_BASE_RESP), only=["minimax"]),
    _key(34, "500 that means no balance", Raw(500, _NO_BALANCE, _JSON), "minimax"),
    _provider(35, "overloaded", Overloaded()),
    _fault(36, "500 five times, then well", *(ServerError(),) * 5, helps="another provider"),
    _fault(37, "520 with a web page", Raw(520, _PAGE, {"content-type": "text/html"})),
    _fault(38, "captive portal", NotJson(), helps="another provider"),
    _fault(38, "200 without a body", EmptyBody(), helps="another provider"),
    _fault(39, "redirect", Redirect("https://other.example/"), helps="another provider"),
    _fault(41, "500 kB of headers", ExtraHeaders(_MANY_HEADERS)),
    _fault(42, "packed bomb", changed.Changed(changed.packed_bomb), helps="another provider"),
    _fault(43, "wrong content type", changed.Changed(changed.wrong_content_type)),
    _fault(44, "byte order mark", changed.Changed(changed.byte_order_mark)),
    _fault(45, "no token counts", changed.Changed(changed.no_usage)),
    _fault(76, "all keys limited for 30 s", RateLimited(30), scope="provider"),
    replace(_key(77, "key revoked after a good answer", Revoked()), good_before=1),
    _fault(78, "first byte after 5 s", Slow(first=5)),
    _provider(79, "every request fails", ServerError()),
)

CHAOS_FAULTS: tuple[ChaosFault, ...] = (*CONNECTIONS, *REFUSED, *STREAM_FAULTS)
"""The faults that can occur in a test of a chain."""

Selection = int | str | Fault | ChaosFault


def select_faults(which: str | Iterable[Selection]) -> list[ChaosFault]:
    """Return faults by numbers, parts of names, or as faults of `scout_adapters.testing`.

    "all" are those after which an answer is possible; "every" includes the others: mistakes of the
    caller, and streams that break after content has arrived.

    Raises:
        ValueError: if a number or a name fits none; the message has the reason.
    """
    if isinstance(which, str) and which in {"all", "every"}:
        return [fault for fault in CHAOS_FAULTS if which == "every" or fault.helps != "nothing"]
    items = [which] if isinstance(which, str) else which
    return [fault for item in items for fault in _selected(item)]


def _selected(item: Selection) -> list[ChaosFault]:
    if isinstance(item, ChaosFault):
        return [item]
    if isinstance(item, Fault):
        return [_named(item)]
    if isinstance(item, int):
        found = [fault for fault in CHAOS_FAULTS if fault.number == item]
    else:
        found = [fault for fault in CHAOS_FAULTS if item.lower() in fault.name.lower()]
    if not found:
        raise ValueError(f"there is no fault {item!r} for a test of a chain: {_reason(item)}")
    return found


def _named(fault: Fault) -> ChaosFault:
    """Return a fault of the user's own: for its key if it lasts, else for one request."""
    return ChaosFault(
        number=0,
        name=fault.name,
        faults=(fault,),
        scope="request" if fault.lasts is None else "key",
    )


def _reason(item: int | str) -> str:
    reason = next((fault.why_not for fault in NOT_PLAYED if fault.number == item), "")
    rows = CHAOS_FAULTS[::-1]  # of several faults with a word, the first one is named
    names = {word: fault.name for fault in rows for word in fault.name.lower().split()}
    names |= {fault.name.lower(): fault.name for fault in CHAOS_FAULTS}
    close = get_close_matches(str(item).lower(), names, n=1)
    nearest = f"did you mean {names[close[0]]!r}?" if close else "see docs/testing-faults.md"
    return reason or nearest
