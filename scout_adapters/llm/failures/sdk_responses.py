"""Read the HTTP response in an exception of another library: status, headers, body.

Exceptions of these libraries have one: httpx and requests (`response`), the SDKs of OpenAI,
Anthropic and Groq (`status_code`, `body`), google-genai (`code`, `details`), google-api-core
(`code`, `message`), botocore (`response` is a dict).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson

MAX_CAUSES = 8
"""Number of exceptions in a chain of causes that are searched for a response."""

AWS_STATUS: Mapping[str, int] = {
    "throttlingexception": 429,
    "servicequotaexceededexception": 429,
    "modelnotreadyexception": 503,
    "serviceunavailableexception": 503,
    "internalserverexception": 500,
    "modelstreamerrorexception": 500,
    "modelerrorexception": 500,
    "modeltimeoutexception": 408,
    "validationexception": 400,
    "accessdeniedexception": 403,
    "resourcenotfoundexception": 404,
}
"""Statuses of AWS's codes in an event stream, which has none of its own:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html"""


@dataclass(frozen=True, slots=True)
class SdkResponse:
    """A provider's HTTP response, read from another library's exception."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=b"", repr=False)


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes, the newest first."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < MAX_CAUSES:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def response_in(error: BaseException) -> SdkResponse | None:
    """Return the response of an exception or of one of its causes; None if none has one."""
    found = (_response_of(cause) for cause in causes_of(error))
    return next((response for response in found if response is not None), None)


def was_answered(error: BaseException) -> bool:
    """Return whether an exception has a response with status below 400: an unreadable answer."""
    responses = (_attribute(cause, "response") for cause in causes_of(error))
    return any(
        isinstance(code := _status_of(response), int) and code < HTTPStatus.BAD_REQUEST
        for response in responses
    )


def _status_of(response: Any) -> Any:
    """Return the status of a response, or None; for botocore's dict, only that of a redirect."""
    if not isinstance(response, Mapping):
        return getattr(response, "status_code", None)
    status = (response.get("ResponseMetadata") or {}).get("HTTPStatusCode")
    return status if _is_redirect(status) else None


def _is_redirect(status: Any) -> bool:
    return (
        isinstance(status, int) and HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    )


def _response_of(error: BaseException) -> SdkResponse | None:
    response = _attribute(error, "response")
    if isinstance(response, Mapping):
        return _of_botocore(response)
    status = getattr(response, "status_code", None)
    details = getattr(error, "details", None)
    code = getattr(error, "code", None)
    if isinstance(details, dict | list) and isinstance(code, int) and not isinstance(status, int):
        status = int(code)
    if isinstance(status, int):
        return _of_http(error, response, status)
    if isinstance(body := getattr(error, "body", None), dict):  # an error event of a stream
        return SdkResponse(HTTPStatus.OK, {}, {"error": body.get("error", body)})
    message, library = getattr(error, "message", None), type(error).__module__.partition(".")[0]
    if library == "google" and isinstance(code, int) and isinstance(message, str):
        return SdkResponse(int(code), {}, {"error": {"message": message, **_reason(error)}})
    return None


def _attribute(error: BaseException, name: str) -> Any:
    """Return an attribute; None if it is missing or raises an error, as httpx's may."""
    try:
        return getattr(error, name, None)
    except RuntimeError:
        return None


def _of_http(error: BaseException, response: Any, status: int) -> SdkResponse | None:
    """Return the response; None for a status below 400 without an error body."""
    content = _content(response)
    parsed = getattr(error, "details", None) or getattr(error, "body", None)
    # google-genai makes up the `details` of a 204, which has no body.
    is_parsed = isinstance(parsed, dict | list) and status != HTTPStatus.NO_CONTENT
    if status < HTTPStatus.BAD_REQUEST and not is_parsed:
        return None
    if is_parsed and (status < HTTPStatus.BAD_REQUEST or not content):
        content = parsed
    headers = getattr(response, "headers", None)
    return SdkResponse(status, headers if isinstance(headers, Mapping) else {}, content)


def _content(response: Any) -> Any:
    try:
        content = getattr(response, "content", b"")
    except RuntimeError:  # httpx: the body of a streamed response was not read
        return b""
    return content if isinstance(content, bytes | str) else b""


def _of_botocore(response: Mapping[str, Any]) -> SdkResponse | None:
    """Return the response in a `ClientError`; a missing status follows from the error's code.

    None for a redirect, which botocore does not follow: it is no refusal.
    """
    error, metadata = response.get("Error"), response.get("ResponseMetadata") or {}
    status = metadata.get("HTTPStatusCode")
    if not isinstance(error, Mapping) or _is_redirect(status):
        return None
    code = str(error.get("Code") or "")
    if not isinstance(status, int) or status < HTTPStatus.BAD_REQUEST:
        status = AWS_STATUS.get(code.lower(), HTTPStatus.INTERNAL_SERVER_ERROR)
    body = {"error": {"code": code, "message": error.get("Message")}}
    return SdkResponse(int(status), metadata.get("HTTPHeaders") or {}, orjson.dumps(body))


def _reason(error: BaseException) -> Mapping[str, str]:
    reason = getattr(error, "reason", None)
    return {"code": reason} if isinstance(reason, str) and reason else {}
