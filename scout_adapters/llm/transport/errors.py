"""httpx's errors in our words, without the requests that they hold."""

from __future__ import annotations

import ssl

import httpcore
import httpx

from scout_adapters.errors import (
    BAD_CERTIFICATE,
    ConfigurationError,
    ErrorKind,
    Phase,
    provider_error,
)
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.proxies import proxy_note

HTTPX_ERRORS: dict[type[BaseException], type[httpx.HTTPError]] = {
    kind: getattr(httpx, name)
    for name, kind in vars(httpcore).items()
    if isinstance(kind, type) and issubclass(kind, Exception) and hasattr(httpx, name)
}
"""httpx's word for each error of httpcore's."""

NETWORK_ERRORS: tuple[type[BaseException], ...] = (httpx.HTTPError, *HTTPX_ERRORS)


def error_from_httpx(exchange: HttpExchange, error: Exception) -> Exception | None:
    """Say what an error of httpx's means, so that nobody above knows of httpx; None of others'.

    Raise it where the other one is no longer handled: httpx's exception holds the request, and the
    request holds the key.
    """
    if (kind := HTTPX_ERRORS.get(type(error))) is not None:
        named = kind(str(error))
        named.__context__ = error
        error = named
    if isinstance(error, httpx.HTTPError):
        return _provider_error(exchange, error)
    if isinstance(error, httpx.InvalidURL | httpx.CookieConflict):
        return _misconfigured(exchange, error)
    return None


def _misconfigured(exchange: HttpExchange, error: Exception) -> ConfigurationError:
    context = exchange.context
    return ConfigurationError(f"{context.provider}: {context.redact(str(error))}")


def _provider_error(exchange: HttpExchange, error: httpx.HTTPError) -> Exception:
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return _misconfigured(exchange, error)
    kind, phase = _meaning(error)
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    if kind is ErrorKind.CONNECT:
        text += proxy_note(exchange.url)
    context = exchange.context
    return provider_error(
        kind,
        context.redact(text),
        provider=context.provider,
        model=context.model,
        key_id=context.key_id,
        code=BAD_CERTIFICATE if _is_about_a_certificate(error) else None,
        phase=phase,
    )


def _meaning(error: httpx.HTTPError) -> tuple[ErrorKind, Phase]:
    match error:
        case httpx.PoolTimeout():
            return ErrorKind.QUEUE_FULL, "pre_send"
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.ProxyError():
            return ErrorKind.CONNECT, "pre_send"
        case httpx.TimeoutException():
            return ErrorKind.TIMEOUT_RESPONSE, "sent"
        case httpx.DecodingError():  # an answer came, and is paid for
            return ErrorKind.PROTOCOL, "headers"
    return ErrorKind.PROTOCOL, "sent"


def _is_about_a_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__context__  # httpcore raises what it met `from None`
    return False
