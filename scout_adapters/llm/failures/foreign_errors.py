"""Classify an exception of a user's own function, or of another package's chat model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core import exceptions as lc

from scout_adapters._internal.redaction import mask_secrets
from scout_adapters.errors import ErrorKind, Phase, ProviderError, provider_error
from scout_adapters.llm.failures import error_from_exception, is_permanent_error
from scout_adapters.llm.failures.quoted_prompt import without_prompt
from scout_adapters.llm.failures.sdk_responses import causes_of, was_answered

RATE_LIMIT_PHRASES = ("rate limit", "too many requests")

CONNECT_ERRORS = frozenset(
    {"ConnectError", "ConnectTimeout", "ProxyError", "ConnectTimeoutError"}
    | {"EndpointConnectionError", "ProxyConnectionError", "ClientConnectorError"}
)
"""Classes of httpx, requests, botocore and aiohttp: the request did not leave."""

CUT_OFF = frozenset(
    {"RemoteProtocolError", "ReadError", "ChunkedEncodingError", "IncompleteReadError"}
    | {"ConnectionClosedError", "ResponseStreamingError", "ServerDisconnectedError"}
    | {"ClientPayloadError"}
)
"""Classes of the same libraries: the connection broke before the answer was complete."""

UNREADABLE = frozenset(
    {"JSONDecodeError", "UnicodeDecodeError", "DecodingError", "RecursionError"}
    | {"APIResponseValidationError", "ChecksumMismatch", "InvalidHeadersLength"}
    | {"InvalidPayloadLength", "DuplicateHeader"}
)
"""Classes of Python and of SDKs: an answer arrived, and cannot be parsed."""

NO_CREDENTIALS = frozenset({"NoCredentialsError", "PartialCredentialsError", "TokenRetrievalError"})
"""Classes of botocore: there is no key."""

MODEL_ERRORS: Mapping[type[lc.ModelError], ErrorKind] = {
    lc.ContextOverflowError: ErrorKind.CONTEXT_OVERFLOW,
    lc.ModelAuthenticationError: ErrorKind.AUTH_INVALID,
    lc.ModelPermissionDeniedError: ErrorKind.PERMISSION,
    lc.ModelNotFoundError: ErrorKind.MODEL_NOT_FOUND,
    lc.ModelRateLimitError: ErrorKind.RATE_LIMIT,
    lc.ModelInvalidRequestError: ErrorKind.INVALID_REQUEST,
    lc.ModelTimeoutError: ErrorKind.TIMEOUT_RESPONSE,
    lc.ModelAPIError: ErrorKind.SERVER_ERROR,
}
"""Error kind by LangChain's error class. `ModelConnectionError` is missing: it may also mean that
the answer was cut off, so its cause decides."""


def error_from_foreign(
    provider: str, error: Exception, *, redact: Callable[[str], str] = str
) -> ProviderError:
    """Return a `ProviderError` for any exception: by its HTTP response, its type, its text."""
    if isinstance(error, ProviderError):
        return error
    if (response_error := error_from_exception(error, provider, redact)) is not None:
        if isinstance(error, lc.ContextOverflowError):
            return provider_error(ErrorKind.CONTEXT_OVERFLOW, **_facts_of(response_error))
        return response_error
    message = mask_secrets(redact(f"{type(error).__name__}: {error}"))
    kind, phase = _kind_and_phase(error)
    return provider_error(kind, message, provider=provider, phase=phase)


def _facts_of(error: ProviderError) -> dict[str, Any]:
    """Return the fields of an error, to create one of another kind."""
    names = ("message", "provider", "status", "code", "request_id", "phase", "response")
    return {name: getattr(error, name) for name in names}


def _kind_and_phase(error: Exception) -> tuple[ErrorKind, Phase]:
    names = [type(cause).__name__ for cause in causes_of(error)]
    if not UNREADABLE.isdisjoint(names) or was_answered(error):
        return ErrorKind.PROTOCOL, "headers"  # an answer that came is billed
    kind = _kind(error, names)
    return kind, "pre_send" if kind is ErrorKind.CONNECT else "sent"


def _kind(error: Exception, names: Sequence[str]) -> ErrorKind:
    message = without_prompt(str(error)).lower()
    if not CONNECT_ERRORS.isdisjoint(names) or isinstance(error, ConnectionRefusedError):
        return ErrorKind.CONNECT
    if isinstance(error, TimeoutError) or any("Timeout" in name for name in names):
        return ErrorKind.TIMEOUT_RESPONSE
    if not CUT_OFF.isdisjoint(names):
        return ErrorKind.PROTOCOL
    if kind := next((k for c, k in MODEL_ERRORS.items() if isinstance(error, c)), None):
        return kind
    if is_permanent_error(error) or not NO_CREDENTIALS.isdisjoint(names):
        return ErrorKind.AUTH_INVALID
    return (
        ErrorKind.RATE_LIMIT
        if any(word in message for word in RATE_LIMIT_PHRASES)
        else ErrorKind.UNKNOWN
    )
