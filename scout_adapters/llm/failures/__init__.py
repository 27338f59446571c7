"""Classify a provider's refusal: from status, headers and body to an error that names who must act.

The entry point is `error_from_response()`; it accepts any input and never raises. The tables of
codes and phrases load with the first refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from langchain_core.exceptions import ModelAuthenticationError

from scout_adapters._internal.redaction import mask_secrets
from scout_adapters.errors import (
    ErrorResponse,
    Phase,
    ProviderError,
    ScoutError,
    one_line,
    provider_error,
)
from scout_adapters.llm.failures.permanent import (
    PERMANENT_ERROR_PATTERNS,
    PERMANENT_KINDS,
    permanent_text,
    user_pattern_in,
)
from scout_adapters.llm.failures.wait_values import server_time

if TYPE_CHECKING:
    from scout_adapters.llm.failures.error_body import ErrorBody

__all__ = [
    "PERMANENT_ERROR_PATTERNS",
    "error_from_exception",
    "error_from_response",
    "is_permanent_error",
]

_MESSAGE, _TEXT, _HEADERS = 512, 4096, 64
"""Limits of an error: characters of its message and of its response text, number of headers."""

_SCANNED = 2 * _TEXT
"""Characters of an error's text that are searched for keys; the rest is cut off."""

_REQUEST_IDS = (
    "x-request-id",
    "request-id",
    "apim-request-id",
    "mistral-correlation-id",
    "x-ds-trace-id",
    "trace_id",
    "trace-id",
    "x-kong-request-id",
    "x-amzn-requestid",
    "cf-ray",
)
_ERROR_TYPE = "x-amzn-errortype"
"""The header in which AWS names the error: `ThrottlingException:http://internal.amazon.com/…`."""

_SAFE_HEADERS = frozenset(_REQUEST_IDS) | {
    "content-type",
    "date",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "server",
    _ERROR_TYPE,
}
_SAFE_PREFIXES = ("x-ratelimit-", "anthropic-ratelimit-", "ratelimit")


def error_from_response(  # noqa: PLR0913  # independent facts about one response
    provider: str,
    *,
    status: int,
    headers: Mapping[str, str],
    body: Any,
    model: str = "",
    key_id: str | None = None,
    phase: Phase = "headers",
    now: datetime | None = None,
    redact: Callable[[str], str] = str,
) -> ProviderError:
    """Return the error of a refused call.

    `body` is raw bytes or text, or the parsed error object of a 200. `redact` removes known keys;
    text that looks like a key is always masked. Dates are relative to the server's `Date` header,
    or to `now` if it is missing.
    """
    from scout_adapters.llm.failures.classify import classify  # noqa: PLC0415  # see above

    safe_headers = _safe_headers(headers)
    parsed = _parsed(body, safe_headers)
    clock = server_time(safe_headers, now or datetime.now(UTC))
    kind, wait = classify(provider, status, safe_headers, parsed, clock)

    def clean(text: str, limit: int) -> str:
        return mask_secrets(redact(text[:_SCANNED]))[:limit]

    return provider_error(
        kind,
        one_line(clean(_message_of(status, parsed), _SCANNED), _MESSAGE),
        provider=provider,
        model=model,
        key_id=key_id,
        status=status,
        code=one_line(clean(_code(provider, status, parsed), 100)) or None,
        retry_after=wait,
        request_id=clean(_request_id(safe_headers, parsed), 128) or None,
        phase=phase,
        response=ErrorResponse(
            status,
            {name: clean(value, 256) for name, value in safe_headers.items()},
            clean(parsed.text, _TEXT),
        ),
    )


def is_permanent_error(error: BaseException) -> bool:
    """Return whether the key of the failed call is permanently bad.

    * An error of this library: its kind decides.
    * An error with an HTTP response (httpx's `HTTPStatusError`, errors of SDKs): the response.
    * Any other error: the phrases of `PERMANENT_ERROR_PATTERNS`, unless it mentions a rate limit.
    """
    if isinstance(error, ProviderError):
        return error.kind in PERMANENT_KINDS or user_pattern_in(error.message)
    if isinstance(error, ScoutError):
        return False
    response_error = error_from_exception(error)
    if response_error is not None and (response_error.status or 0) >= HTTPStatus.BAD_REQUEST:
        return is_permanent_error(response_error)
    if isinstance(error, ModelAuthenticationError):
        return True
    # A network failure, or a file that is missing, is not a fault of the key.
    return not isinstance(error, OSError) and permanent_text(str(error))


def error_from_exception(
    error: BaseException, provider: str = "", redact: Callable[[str], str] = str
) -> ProviderError | None:
    """Return the error of the HTTP response in another library's exception; None without one."""
    from scout_adapters.llm.failures.sdk_responses import response_in  # noqa: PLC0415  # as above

    response = response_in(error)
    if response is None:
        return None
    return error_from_response(
        provider,
        status=response.status,
        headers=response.headers,
        body=response.body,
        redact=redact,
    )


def _safe_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that an error may show, with lower-case names."""
    safe_headers: dict[str, str] = {}
    for raw, value in headers.items():
        name = raw.lower() if isinstance(raw, str) else ""
        if (name in _SAFE_HEADERS or name.startswith(_SAFE_PREFIXES)) and isinstance(value, str):
            safe_headers[name] = value[:1024]
        if len(safe_headers) == _HEADERS:
            break
    return safe_headers


def _parsed(body: Any, headers: Mapping[str, str]) -> ErrorBody:
    """Return the parsed body, with the error's name from AWS's header as its first word."""
    from scout_adapters.llm.failures.error_body import read_error_body  # noqa: PLC0415  # as above

    parsed = read_error_body(body)
    aws_type = headers.get(_ERROR_TYPE, "").partition(":")[0]
    return replace(parsed, words=(aws_type, *parsed.words)) if aws_type else parsed


def _message_of(status: int, parsed: ErrorBody) -> str:
    """Return the provider's message, or one that describes a body without a message."""
    if parsed.message and parsed.upstream:
        upstream_message = parsed.upstream_message
        return (
            f"{parsed.message}: {parsed.upstream}: {upstream_message}"
            if upstream_message
            else parsed.message
        )
    if parsed.message:
        return parsed.message
    phrases = {code.value: code.phrase for code in HTTPStatus}
    status_text = " ".join(part for part in (f"HTTP {status}", phrases.get(status, "")) if part)
    if parsed.page is not None:
        return f"{status_text}: a web page instead of JSON" + (
            f": {parsed.page}" if parsed.page else ""
        )
    return (
        f"{status_text}, without a message" if parsed.text else f"{status_text}, with an empty body"
    )


def _code(provider: str, status: int, parsed: ErrorBody) -> str:
    """Return the most specific code of the body that is not just its status."""
    if provider == "minimax" and parsed.number:
        return parsed.number
    distinct = [word for word in parsed.words if word != str(status)]
    # DeepSeek sends this code for every error; its type is more specific.
    specific = (word for word in distinct if word != "invalid_request_error")
    return next(specific, distinct[0] if distinct else "")


def _request_id(headers: Mapping[str, str], parsed: ErrorBody) -> str:
    header_id = next((headers[name] for name in _REQUEST_IDS if headers.get(name)), "")
    return (
        ""
        if not header_id and not parsed.request_id
        else one_line(header_id or parsed.request_id, 128)
    )
