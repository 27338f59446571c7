"""Parse an error body of any shape: JSON of any dialect, a list, plain text, a web page, nothing.

Only the provider's own fields are read: codes, types, `message`. Fields that repeat the request
(`input`, `failed_generation`, `param`, `detail[].input`) are ignored, because a prompt may contain
any word, "quota" and "429" included.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scout_adapters._internal.json_values import mapping, objects
from scout_adapters.llm.failures.error_message import (
    listed_texts,
    message_of,
    short_text,
    with_reason,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_BODY_BYTES = 64 * 1024
"""Bytes of an error body that are read."""

_TITLE = re.compile(r"<title[^>]{0,80}>([^<]{1,200})", re.IGNORECASE)
_ERROR_STATUS = re.compile(r"[45]\d\d", re.ASCII)
_TRAILING_CODE = re.compile(r"\((\d{4,5})\)\s*$")
_DAY = re.compile(r"PerDay|Daily", re.IGNORECASE)
_TOKEN = re.compile(r'"(?P<text>(?:[^"\\]|\\.)*)(?:(?P<end>")|\\?\Z)|[{}\[\]]', re.DOTALL)
_HALF = re.compile(r"(?:[^\\]|\\[^u]|\\u[0-9a-fA-F]{4})*", re.DOTALL)
_CODES = ("error_code", "code", "type", "error_type", "status", "statusCode")
_REASON_CODE = re.compile(r"[A-Za-z][A-Za-z0-9.-]*_[A-Za-z0-9_.-]*")  # other reasons are texts
_UNSUPPORTED_REPORTS = frozenset({"extra_forbidden", "enum", "literal_error", "union_tag_invalid"})
"""Types of a validator's reports on fields and values that a server does not have; pydantic's."""

_VALUES_BY_MODEL = frozenset(
    {"reasoning.effort", "reasoning_effort", "reasoning.summary", "text.verbosity", "verbosity"}
    | {"service_tier", "tool_choice"}
)
"""Fields whose allowed values depend on the model."""

_OPTIONS = _VALUES_BY_MODEL | {
    *("tools", "parallel_tool_calls", "response_format", "text", "text.format", "include"),
    *("temperature", "top_p", "stop", "seed", "n", "logprobs", "top_logprobs", "logit_bias"),
    *("presence_penalty", "frequency_penalty", "max_tokens", "max_completion_tokens"),
    *("max_output_tokens", "reasoning", "background", "store", "stream", "truncation"),
    *("modalities", "audio", "prediction", "metadata", "user", "web_search_options"),
    *("prompt_cache_key", "prompt_cache_retention", "context_management", "previous_response_id"),
}
"""Fields of a request that a model may lack. Other values of `param` may repeat the request."""

_STATUSES = ("code", "status", "status_code", "http_code", "raw_status_code")


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The fields of an error body that classify it."""

    words: tuple[str, ...] = ()
    """Codes, types, reasons and status words, the most specific one first.

    This module adds four: `per_day` and `limit:0` for Google's quotas, `flagged` for moderation,
    and `unsupported_field`.
    """

    number: str = ""
    """MiniMax: the code of its envelope, or the one in parentheses at the end of the message."""

    message: str = ""
    """The provider's message, not redacted; empty if there is none."""

    own_message: str = ""
    """The message without the reason that stands elsewhere in the body."""

    status: int | None = None
    """HTTP status inside the body; for an error inside a 200, this is the actual status."""

    error: Mapping[str, Any] = field(default_factory=dict)
    request_id: str = ""
    text: str = ""
    page: str | None = None
    """Title of a web page that came instead of JSON ("" if it has none); None for other bodies."""

    upstream: str = ""
    """OpenRouter: first word of the name of the provider that caused the error, in lower case."""

    upstream_body: Any = None
    base_resp: bool = False
    """Whether the body has MiniMax's envelope, whatever the provider's name."""

    @property
    def upstream_message(self) -> str:
        """The message in `upstream_body`; "" if there is none."""
        return read_error_body(self.upstream_body).message if self.upstream_body else ""


def read_error_body(body: Any) -> ErrorBody:
    """Return the fields of an error body: bytes, text or parsed JSON; never raises."""
    if isinstance(body, bytes | bytearray | memoryview):
        body = _decode(bytes(body[: MAX_BODY_BYTES + 1]))
    if not isinstance(body, str):
        return _from_payload(body, _dump(body))
    text = body[:MAX_BODY_BYTES].strip("\ufeff \t\r\n\0")
    if text.startswith("<"):
        title = _TITLE.search(text)
        return ErrorBody(text=text, page=" ".join(title[1].split()) if title else "")
    payload = _parse(text)
    if isinstance(payload, dict | list):
        return _from_payload(payload, text)
    if isinstance(payload, str):
        return ErrorBody(message=payload, text=text)
    return ErrorBody(message="" if text.startswith(("{", "[")) else text, text=text)


def error_object(payload: Any) -> Mapping[str, Any]:
    """Return the JSON object that describes the error, at any place in the payload; or {}."""
    return next(_candidates(payload), {})


def _decode(raw: bytes) -> str:
    head = raw[:MAX_BODY_BYTES]
    encoding = json.detect_encoding(head)
    try:
        return head.decode(encoding)
    except UnicodeDecodeError:
        truncated = len(raw) >= MAX_BODY_BYTES  # possibly within a character
        return head.decode(encoding, "ignore") if truncated else head.decode("latin-1")


def _parse(text: str) -> Any:
    if text.startswith(("data:", "event:")):
        lines = (line for line in text.splitlines() if line.startswith("data:"))
        text = next(lines, "").removeprefix("data:")
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        return None
    except ValueError:
        return _parse_truncated(text) if text.startswith(("{", "[")) else None


def _parse_truncated(text: str) -> Any:
    """Return JSON parsed without its end, as of an error that repeats a long prompt; or None."""
    ends: list[str] = []
    for token in _TOKEN.finditer(text):
        if token[0] in "{[":
            ends.append("}" if token[0] == "{" else "]")
        elif token[0] in "}]":
            del ends[-1:]
        elif not token["end"] and (whole := _HALF.match(token["text"])):
            text = f'{text[: token.start()]}"{whole[0]}"'
    try:
        return json.loads(text + "".join(reversed(ends)), strict=False)
    except (ValueError, RecursionError):
        return None


def _dump(payload: Any) -> str:
    part = error_object(payload) or payload
    try:
        return json.dumps(part, ensure_ascii=False, default=str)[:MAX_BODY_BYTES]
    except (ValueError, TypeError, RecursionError):
        return ""


def _candidates(payload: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the objects that may describe the error, the best one first."""
    outer = _first(payload)
    error = outer.get("error")
    if isinstance(error, str) and error:
        # xAI and Ollama put the message there; others put a code, with the message beside it.
        is_code = isinstance(outer.get("message"), str)
        yield {**outer, **({"error_code": error} if is_code else {"message": error})}
    if isinstance(error, list) and (texts := listed_texts(error)):
        yield {**outer, "message": texts}
    if isinstance(groq_error := mapping(outer.get("x_groq")).get("error"), str):
        yield {"message": groq_error}
    base = outer.get("base_resp")
    if isinstance(base, dict):
        base = {"code": base.get("status_code"), "message": base.get("status_msg")}
    wrapped = [mapping(item).get("error") for item in (error, outer.get("detail"))]
    if isinstance(wrapped[1], str):
        yield {"message": wrapped[1]}  # DeepInfra
    nested = [mapping(outer.get(name)).get("error") for name in ("response", "x_groq")]
    nested += [choice.get("error") for choice in objects(outer.get("choices"))]
    places = [
        *wrapped,
        _first(error),
        *nested,
        base,
        outer.get("detail"),
        outer.get("fault"),
    ]
    yield from (place for place in places if isinstance(place, dict) and place)
    errors = outer.get("errors")
    yield from objects(errors)
    if isinstance(errors, list) and errors and isinstance(errors[0], str):
        yield {"message": errors[0]}  # Crusoe
    yield outer


def _from_payload(payload: Any, text: str) -> ErrorBody:
    error = error_object(payload)
    outer = _first(payload)
    own_message = message_of(error) or message_of(outer)
    message = with_reason(own_message, error)
    metadata = mapping(error.get("metadata"))
    provider_name = short_text(metadata.get("provider_name")) if "reasons" not in metadata else ""
    return ErrorBody(
        words=tuple(_error_words(error)),
        number=_minimax_code(mapping(outer.get("base_resp")), message),
        message=message,
        own_message=own_message,
        status=_status(error) or _status(outer),
        error=error,
        request_id=short_text(error.get("request_id")) or short_text(outer.get("request_id")),
        text=text,
        upstream=provider_name.split()[0].lower() if provider_name else "",
        upstream_body=metadata.get("raw"),
        base_resp=isinstance(outer.get("base_resp"), dict),
    )


def _minimax_code(envelope: Mapping[str, Any], message: str) -> str:
    """Return MiniMax's code from its envelope, or else from the end of the message; or ""."""
    code = short_text(envelope.get("status_code"))
    trailing = _TRAILING_CODE.search(message[-200:])
    return code if code.strip("0") else trailing[1] if trailing else ""


def _error_words(error: Mapping[str, Any]) -> Iterator[str]:
    details = error.get("details")
    metadata = mapping(error.get("metadata"))
    values = [mapping(details).get("error_code"), mapping(error.get("innererror")).get("code")]
    values += [metadata.get("limit_source"), metadata.get("error_type")]
    values += [item.get("reason") for item in objects(details)]
    values += _quota_words(objects(details))
    if "reasons" in metadata or "flagged_input" in metadata:
        values.append("flagged")
    values += [error.get(name) for name in _CODES]
    if _REASON_CODE.fullmatch(reason := short_text(error.get("reason"))):
        values.append(reason)
    if _names_an_unsupported_field(error):
        values.append("unsupported_field")
    values.append(short_text(error.get("__type")).rpartition("#")[2])  # AWS: the class's whole name
    yield from dict.fromkeys(word for value in values if (word := short_text(value)))


def _names_an_unsupported_field(error: Mapping[str, Any]) -> bool:
    """Return whether the error is about a field, or a value of one, that is not supported."""
    code, reports = short_text(error.get("code")), error.get("detail")
    if code.startswith("unsupported_") or code == "invalid_value":
        fields = _VALUES_BY_MODEL if code == "invalid_value" else _OPTIONS
        return short_text(error.get("param")) in fields
    nested = mapping(error.get("message")).get("detail")
    kinds = {short_text(report.get("type")) for report in objects(reports) + objects(nested)}
    return bool(kinds) and kinds <= _UNSUPPORTED_REPORTS


def _quota_words(details: list[dict[str, Any]]) -> Iterator[str]:
    """Yield words for Google's exhausted quotas: `google.rpc.QuotaFailure` and `ErrorInfo`."""
    for item in details:
        meta = mapping(item.get("metadata"))
        violations = objects(item.get("violations"))
        names = [quota.get("quotaId") for quota in violations] + [meta.get("quota_limit")]
        values = [quota.get("quotaValue") for quota in violations] + [meta.get("quota_limit_value")]
        if "0" in values:
            yield "limit:0"
        if any(_DAY.search(short_text(name)) for name in names):
            yield "per_day"


def _status(error: Mapping[str, Any]) -> int | None:
    for name in _STATUSES:
        value = error.get(name)
        if _ERROR_STATUS.fullmatch(word := short_text(value)):
            return int(word)
    return None


def _first(payload: Any) -> Mapping[str, Any]:
    if isinstance(payload, list):
        payload = next((item for item in payload if isinstance(item, dict)), None)
    return payload if isinstance(payload, dict) else {}
