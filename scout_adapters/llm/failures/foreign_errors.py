"""What a user's own provider function raises, read as the failure that it stands for."""

from __future__ import annotations

from collections.abc import Callable

from scout_adapters.errors import ErrorKind, ProviderError, provider_error
from scout_adapters.llm.failures import error_from_exception, is_permanent_error

LIMITED = ("rate limit", "too many requests")


def error_from_foreign(
    provider: str, error: Exception, *, redact: Callable[[str], str] = str
) -> ProviderError:
    """Make our error of any exception: by the HTTP answer that it carries, its type, its words."""
    if isinstance(error, ProviderError):
        return error
    if (refused := error_from_exception(error, provider, redact)) is not None:
        return refused
    message = redact(f"{type(error).__name__}: {error}")
    return provider_error(_kind(error), message, provider=provider, phase="sent")


def _kind(error: Exception) -> ErrorKind:
    name, said = type(error).__name__, str(error).lower()
    if name in {"ConnectError", "ConnectTimeout", "ProxyError"} or isinstance(
        error, ConnectionRefusedError
    ):
        return ErrorKind.CONNECT
    if isinstance(error, TimeoutError) or "Timeout" in name:
        return ErrorKind.TIMEOUT_RESPONSE
    if is_permanent_error(error):
        return ErrorKind.AUTH_INVALID
    return ErrorKind.RATE_LIMIT if any(word in said for word in LIMITED) else ErrorKind.UNKNOWN
