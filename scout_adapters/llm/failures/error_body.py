"""Reads an error body of any shape: JSON of any dialect, a list, plain text, a web page, nothing.

Only what a provider itself says is taken: codes, types, its own `message`. Fields that echo the
request (`input`, `failed_generation`, `param`, `detail[].input`) are never looked at, because a
prompt may hold any word, "quota" and "429" included.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scout_adapters._internal.json_values import mapping, objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIMIT = 64 * 1024
"""Bytes of an error body that are looked at."""

_TITLE = re.compile(r"<title[^>]{0,80}>([^<]{1,200})", re.IGNORECASE)
_ERROR_STATUS = re.compile(r"[45]\d\d", re.ASCII)
_TRAILING_CODE = re.compile(r"\((\d{4,5})\)\s*$")
_DAY = re.compile(r"PerDay|Daily", re.IGNORECASE)
_TOKEN = re.compile(r'"(?P<said>(?:[^"\\]|\\.)*+)(?:(?P<end>")|\\?\Z)|[{}\[\]]', re.DOTALL)
_HALF = re.compile(r"(?:[^\\]|\\[^u]|\\u[0-9a-fA-F]{4})*+", re.DOTALL)
_MESSAGES = ("message", "msg", "error_description", "detail", "status_msg", "faultstring", "title")
_CODES = ("error_code", "code", "type", "error_type", "status", "statusCode")
_STATUSES = ("code", "status", "status_code", "http_code", "raw_status_code")


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What an error body says."""

    words: tuple[str, ...] = ()
    """Codes, types, reasons and status words, the most specific one first.

    Three are ours: `per_day` and `limit:0` for Google's quotas, `flagged` for a moderated input.
    """

    number: str = ""
    """MiniMax: the code of its envelope, else that in parentheses at the end of the message."""

    message: str = ""
    """The provider's own sentence, unredacted; empty where it said nothing."""

    status: int | None = None
    """An HTTP status that stands in the body, which for an error inside a 200 is the real one."""

    error: Mapping[str, Any] = field(default_factory=dict)
    request_id: str = ""
    text: str = ""
    page: str | None = None
    """The title of a web page that came instead of JSON; empty where it has none."""

    upstream: str = ""
    """OpenRouter: the provider behind it whose error this is, by its first name."""

    upstream_body: Any = None
    base_resp: bool = False
    """MiniMax's own envelope, whatever the provider is called here."""


def read_error_body(body: Any) -> ErrorBody:
    """Read raw bytes, text, or an already parsed payload; never raises."""
    if isinstance(body, bytes | bytearray | memoryview):
        body = _decoded(bytes(body[: LIMIT + 1]))
    if not isinstance(body, str):
        return _structured(body, _dumped(body))
    text = body[:LIMIT].strip("\ufeff \t\r\n\0")
    if text.startswith("<"):
        title = _TITLE.search(text)
        return ErrorBody(text=text, page=" ".join(title[1].split()) if title else "")
    payload = _parsed(text)
    if isinstance(payload, dict | list):
        return _structured(payload, text)
    if isinstance(payload, str):
        return ErrorBody(message=payload, text=text)
    return ErrorBody(message="" if text.startswith(("{", "[")) else text, text=text)


def error_object(payload: Any) -> Mapping[str, Any]:
    """Find the object that describes the error, wherever a provider puts it."""
    return next(_candidates(payload), {})


def _decoded(raw: bytes) -> str:
    head = raw[:LIMIT]
    encoding = json.detect_encoding(head)
    try:
        return head.decode(encoding)
    except UnicodeDecodeError:
        cut = len(raw) >= LIMIT  # perhaps in the middle of a character
        return head.decode(encoding, "ignore") if cut else head.decode("latin-1")


def _parsed(text: str) -> Any:
    if text.startswith(("data:", "event:")):
        lines = (line for line in text.splitlines() if line.startswith("data:"))
        text = next(lines, "").removeprefix("data:")
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        return None
    except ValueError:
        return _cut(text) if text.startswith(("{", "[")) else None


def _cut(text: str) -> Any:
    """Read JSON whose end is missing: an error that repeats a prompt longer than what is read."""
    ends: list[str] = []
    for token in _TOKEN.finditer(text):
        if token[0] in "{[":
            ends.append("}" if token[0] == "{" else "]")
        elif token[0] in "}]":
            del ends[-1:]
        elif not token["end"] and (whole := _HALF.match(token["said"])):
            text = f'{text[: token.start()]}"{whole[0]}"'
    try:
        return json.loads(text + "".join(reversed(ends)), strict=False)
    except (ValueError, RecursionError):
        return None


def _dumped(payload: Any) -> str:
    part = error_object(payload) or payload
    try:
        return json.dumps(part, ensure_ascii=False, default=str)[:LIMIT]
    except (ValueError, TypeError, RecursionError):
        return ""


def _candidates(payload: Any) -> Iterator[Mapping[str, Any]]:
    """Yield descriptions of the error, the best one first."""
    outer = _first(payload)
    error = outer.get("error")
    if isinstance(error, str) and error:
        # xAI and Ollama put a sentence there, others a code with a sentence beside it.
        spoken = isinstance(outer.get("message"), str)
        yield {**outer, **({"error_code": error} if spoken else {"message": error})}
    if isinstance(stopped := mapping(outer.get("x_groq")).get("error"), str):
        yield {"message": stopped}
    base = outer.get("base_resp")
    if isinstance(base, dict):
        base = {"code": base.get("status_code"), "message": base.get("status_msg")}
    wrapped = [mapping(item).get("error") for item in (error, outer.get("detail"))]
    nested = [mapping(outer.get(name)).get("error") for name in ("response", "x_groq")]
    nested += [choice.get("error") for choice in objects(outer.get("choices"))]
    places = [*wrapped, _first(error), *nested, base, outer.get("detail"), outer.get("fault")]
    yield from (place for place in places if isinstance(place, dict) and place)
    yield from objects(outer.get("errors"))
    yield outer


def _structured(payload: Any, text: str) -> ErrorBody:
    error = error_object(payload)
    outer = _first(payload)
    message = _message(error) or _message(outer)
    metadata = mapping(error.get("metadata"))
    named = _word(metadata.get("provider_name")) if "reasons" not in metadata else ""
    return ErrorBody(
        words=tuple(_words(error)),
        number=_number(mapping(outer.get("base_resp")), message),
        message=message,
        status=_status(error) or _status(outer),
        error=error,
        request_id=_word(error.get("request_id")) or _word(outer.get("request_id")),
        text=text,
        upstream=named.split()[0].lower() if named else "",
        upstream_body=metadata.get("raw"),
        base_resp=isinstance(outer.get("base_resp"), dict),
    )


def _number(envelope: Mapping[str, Any], message: str) -> str:
    """Return MiniMax's code; a message may end like one by repeating the prompt."""
    stated = _word(envelope.get("status_code"))
    trailing = _TRAILING_CODE.search(message[-200:])
    return stated if stated.strip("0") else trailing[1] if trailing else ""


def _message(error: Mapping[str, Any]) -> str:
    for name in _MESSAGES:
        value = error.get(name)
        if isinstance(value, str) and value.strip():
            return value
        if isinstance(value, dict) and (found := _flat_message(value)):
            return found
        if isinstance(value, list) and (found := _complaints(value)):
            return found
    return ""


def _flat_message(holder: Mapping[str, Any]) -> str:
    texts = (holder.get(name) for name in _MESSAGES)
    spoken = next((text for text in texts if isinstance(text, str) and text.strip()), "")
    detail = holder.get("detail")
    return spoken or (_complaints(detail) if isinstance(detail, list) else "")


def _complaints(items: list[Any]) -> str:
    """Join the messages of a validator (FastAPI's `detail` list), without the input it repeats."""
    return "; ".join(
        ": ".join(part for part in (_place(item.get("loc")), _word(item.get("msg"), 300)) if part)
        for item in objects(items)[:3]
    )


def _place(loc: Any) -> str:
    steps = loc[:8] if isinstance(loc, list) else []
    return ".".join(word for step in steps if (word := _word(step, 40)))


def _words(error: Mapping[str, Any]) -> Iterator[str]:
    details = error.get("details")
    metadata = mapping(error.get("metadata"))
    found = [mapping(details).get("error_code"), mapping(error.get("innererror")).get("code")]
    found += [metadata.get("limit_source"), metadata.get("error_type")]
    found += [item.get("reason") for item in objects(details)]
    found += _quotas(objects(details))
    if "reasons" in metadata or "flagged_input" in metadata:
        found.append("flagged")
    found += [error.get(name) for name in _CODES]
    yield from dict.fromkeys(word for value in found if (word := _word(value)))


def _quotas(details: list[dict[str, Any]]) -> Iterator[str]:
    """Say which of Google's quotas are spent: `google.rpc.QuotaFailure` and `ErrorInfo`."""
    for item in details:
        meta = mapping(item.get("metadata"))
        spent = objects(item.get("violations"))
        names = [quota.get("quotaId") for quota in spent] + [meta.get("quota_limit")]
        values = [quota.get("quotaValue") for quota in spent] + [meta.get("quota_limit_value")]
        if "0" in values:
            yield "limit:0"
        if any(_DAY.search(_word(name)) for name in names):
            yield "per_day"


def _status(error: Mapping[str, Any]) -> int | None:
    for name in _STATUSES:
        value = error.get(name)
        if _ERROR_STATUS.fullmatch(word := _word(value)):
            return int(word)
    return None


def _word(value: Any, limit: int = 100) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**9 else ""
    return value.strip()[:limit] if isinstance(value, str) else ""


def _first(payload: Any) -> Mapping[str, Any]:
    if isinstance(payload, list):
        payload = next((item for item in payload if isinstance(item, dict)), None)
    return payload if isinstance(payload, dict) else {}
