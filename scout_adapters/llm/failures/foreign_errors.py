"""Classify an exception that a user's own provider function raises."""

from __future__ import annotations

from collections.abc import Callable

from scout_adapters.errors import ErrorKind, ProviderError, provider_error
from scout_adapters.llm.failures import error_from_exception, is_permanent_error

RATE_LIMIT_PHRASES = ("rate limit", "too many requests")


def error_from_foreign(
    provider: str, error: Exception, *, redact: Callable[[str], str] = str
) -> ProviderError:
    """Return a `ProviderError` for any exception: by its HTTP response, its type, its text."""
    if isinstance(error, ProviderError):
        return error
    if (response_error := error_from_exception(error, provider, redact)) is not None:
        return response_error
    message = redact(f"{type(error).__name__}: {error}")
    return provider_error(_kind(error), message, provider=provider, phase="sent")


def _kind(error: Exception) -> ErrorKind:
    class_name, message = type(error).__name__, str(error).lower()
    if class_name in {"ConnectError", "ConnectTimeout", "ProxyError"} or isinstance(
        error, ConnectionRefusedError
    ):
        return ErrorKind.CONNECT
    if isinstance(error, TimeoutError) or "Timeout" in class_name:
        return ErrorKind.TIMEOUT_RESPONSE
    if is_permanent_error(error):
        return ErrorKind.AUTH_INVALID
    return (
        ErrorKind.RATE_LIMIT
        if any(word in message for word in RATE_LIMIT_PHRASES)
        else ErrorKind.UNKNOWN
    )
