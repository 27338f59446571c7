"""Turns what a provider sends when it fails into the error that names who must act.

`error_from_response()` is the door: it takes any status, headers and body, and never raises.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from langchain_core.exceptions import ModelAuthenticationError

from scout_adapters._internal.redaction import masked
from scout_adapters.errors import (
    ErrorResponse,
    Phase,
    ProviderError,
    ScoutError,
    one_line,
    provider_error,
)
from scout_adapters.llm.failures import error_body, retry_after
from scout_adapters.llm.failures.classify import classify
from scout_adapters.llm.failures.permanent import (
    PERMANENT_ERROR_PATTERNS,
    PERMANENT_KINDS,
    permanent_text,
    user_pattern_in,
)

if TYPE_CHECKING:
    from scout_adapters.llm.failures.error_body import ErrorBody

__all__ = ["PERMANENT_ERROR_PATTERNS", "is_permanent_error", "refusal"]

_MESSAGE, _TEXT, _HEADERS = 512, 4096, 64
_READ = 2 * _TEXT
"""Characters in which keys are looked for: what comes after them is not shown."""

_REQUEST_IDS = (
    "x-request-id",
    "request-id",
    "apim-request-id",
    "mistral-correlation-id",
    "x-ds-trace-id",
    "trace_id",
    "trace-id",
    "x-kong-request-id",
    "cf-ray",
)
_KEPT = frozenset(_REQUEST_IDS) | {
    "content-type",
    "date",
    "retry-after",
    "retry-after-ms",
    "x-should-retry",
    "server",
}
_KEPT_FAMILIES = ("x-ratelimit-", "anthropic-ratelimit-", "ratelimit")


def error_from_response(  # noqa: PLR0913  # each is a fact of its own
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
    """Make the error of a refused call.

    `body` is raw bytes or text, or an error payload found inside a 200. `redact` takes out exact
    keys; what looks like a key is masked in any case. Dates count from the server's `Date` header,
    else from `now`.
    """
    report = error_body.read_error_body(body)
    kept = _kept(headers)
    clock = retry_after.server_time(kept, now or datetime.now(UTC))
    kind, wait = classify(provider, status, kept, report, clock)

    def clean(text: str, limit: int) -> str:
        return masked(redact(text[:_READ]))[:limit]

    return provider_error(
        kind,
        one_line(clean(_spoken(status, report), _READ), _MESSAGE),
        provider=provider,
        model=model,
        key_id=key_id,
        status=status,
        code=clean(_code(provider, status, report), 100) or None,
        retry_after=wait,
        request_id=clean(_request_id(kept, report), 128) or None,
        phase=phase,
        response=ErrorResponse(
            status,
            {name: clean(value, 256) for name, value in kept.items()},
            clean(report.text, _TEXT),
        ),
    )


def is_permanent_error(error: BaseException) -> bool:
    """Tell whether the key behind `error` will not work later either.

    Of this library's own errors the kind decides; of others that carry an HTTP response (httpx's
    `HTTPStatusError`, the SDKs' errors) what that response says; of the rest the patterns of
    `PERMANENT_ERROR_PATTERNS`, and never where the text speaks of a rate limit.
    """
    if isinstance(error, ProviderError):
        return error.kind in PERMANENT_KINDS or user_pattern_in(error.message)
    if isinstance(error, ScoutError):
        return False
    answer = error_from_exception(error)
    if answer is not None and (answer.status or 0) >= HTTPStatus.BAD_REQUEST:
        return is_permanent_error(answer)
    if isinstance(error, ModelAuthenticationError):
        return True
    # A variable that is not set, or a network that fails, is no property of a key.
    return not isinstance(error, OSError) and permanent_text(str(error))


def error_from_exception(
    error: BaseException, provider: str = "", redact: Callable[[str], str] = str
) -> ProviderError | None:
    """Make the error of the HTTP answer that another library's error carries, if it does."""
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    if not isinstance(status, int):
        return None
    return error_from_response(
        provider,
        status=status,
        headers=_headers(response),
        body=_content(response),
        redact=redact,
    )


def _kept(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that errors may show, by lower-case name."""
    kept: dict[str, str] = {}
    for raw, value in headers.items():
        name = raw.lower() if isinstance(raw, str) else ""
        if (name in _KEPT or name.startswith(_KEPT_FAMILIES)) and isinstance(value, str):
            kept[name] = value[:1024]
        if len(kept) == _HEADERS:
            break
    return kept


def _spoken(status: int, report: ErrorBody) -> str:
    """Return the provider's own words, or say in ours that there are none."""
    if report.message and report.upstream:
        inner = (
            error_body.read_error_body(report.upstream_body).message if report.upstream_body else ""
        )
        return f"{report.message}: {report.upstream}: {inner}" if inner else report.message
    if report.message:
        return report.message
    known = {code.value: code.phrase for code in HTTPStatus}
    what = " ".join(part for part in (f"HTTP {status}", known.get(status, "")) if part)
    if report.page is not None:
        return f"{what}: a web page instead of JSON" + (f": {report.page}" if report.page else "")
    return f"{what}, without a message" if report.text else f"{what}, with an empty body"


def _code(provider: str, status: int, report: ErrorBody) -> str:
    """Return the most specific word of the body that says more than its status."""
    if provider == "minimax" and report.number:
        return report.number
    telling = [word for word in report.words if word != str(status)]
    # DeepSeek's code for everything; its type tells more.
    specific = (word for word in telling if word != "invalid_request_error")
    return next(specific, telling[0] if telling else "")


def _request_id(headers: Mapping[str, str], report: ErrorBody) -> str:
    found = next((headers[name] for name in _REQUEST_IDS if headers.get(name)), "")
    return "" if not found and not report.request_id else one_line(found or report.request_id, 128)


def _headers(response: Any) -> Mapping[str, str]:
    headers = getattr(response, "headers", None)
    return headers if isinstance(headers, Mapping) else {}


def _content(response: Any) -> Any:
    try:
        content = getattr(response, "content", b"")
    except RuntimeError:  # httpx: a streamed answer that nobody has read
        return b""
    return content if isinstance(content, bytes | str) else b""
