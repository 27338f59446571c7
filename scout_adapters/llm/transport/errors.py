"""Convert errors of httpx and httpcore to `ScoutError`s, which do not contain the request."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpcore
import httpx

from scout_adapters._internal.redaction import mask_secrets
from scout_adapters.errors import (
    BAD_CERTIFICATE,
    ConfigurationError,
    ErrorKind,
    Phase,
    one_line,
    provider_error,
)
from scout_adapters.llm.transport.exchange import HttpExchange
from scout_adapters.llm.transport.proxies import proxy_for, proxy_note

HTTPX_ERRORS: dict[type[BaseException], type[httpx.HTTPError]] = {
    kind: getattr(httpx, name)
    for name, kind in vars(httpcore).items()
    if isinstance(kind, type) and issubclass(kind, Exception) and hasattr(httpx, name)
}
"""By error class of httpcore: the class of httpx with the same name."""


def redirect_note(exchange: HttpExchange, headers: Mapping[str, str]) -> str:
    """Return an error text about a redirect's target; "" if the headers contain no redirect.

    The text has no user, query or key. Redirects are not followed, so that key and prompt are sent
    only to the address of the model.
    """
    try:
        target = urlsplit(headers.get("location", "").strip()[:1000])
    except ValueError:  # no address at all
        return ""
    if not target.path and not target.hostname:
        return ""
    origin = f"{target.scheme}://{target.netloc.rpartition('@')[2]}" if target.netloc else ""
    to = mask_secrets(exchange.context.redact(one_line(origin + target.path)))
    return f": it points to {to}, which is not followed; set base_url if that is the address"


NETWORK_ERRORS: tuple[type[BaseException], ...] = (httpx.HTTPError, *HTTPX_ERRORS)


def error_from_httpx(exchange: HttpExchange, error: Exception) -> Exception | None:
    """Return a `ScoutError` for an error of httpx or httpcore; None for other errors.

    Raise the result outside the handler: an httpx error holds the request, which contains the key.
    """
    if (kind := HTTPX_ERRORS.get(type(error))) is not None:
        httpx_error = kind(str(error))
        httpx_error.__context__ = error
        error = httpx_error
    elif isinstance(error, ssl.SSLError):  # anyio raises an alert as it came
        tls_error = httpx.ReadError(str(error))
        tls_error.__context__ = error
        error = tls_error
    if isinstance(error, httpx.HTTPError):
        return _provider_error(exchange, error)
    if isinstance(error, httpx.InvalidURL | UnicodeError | OverflowError):
        return _misconfigured(exchange, error)
    return None


def _misconfigured(exchange: HttpExchange, error: Exception) -> ConfigurationError:
    context = exchange.context
    return ConfigurationError(f"{context.provider}: {context.redact(str(error))}")


def _provider_error(exchange: HttpExchange, error: httpx.HTTPError) -> Exception:
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return _misconfigured(exchange, error)
    if "CERTIFICATE_REQUIRED" in str(error):  # an alert of TLS 1.3, which comes with the answer
        provider = exchange.context.provider
        return ConfigurationError(
            f"{provider}: the server requires a client certificate: pass Transport(cert=...)"
        )
    kind, phase = _kind_and_phase(error)
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    if kind is ErrorKind.CONNECT:
        text += proxy_note(proxy_for(exchange.url))
    context = exchange.context
    return provider_error(
        kind,
        context.redact(text),
        provider=context.provider,
        model=context.model,
        key_id=context.key_id,
        code=BAD_CERTIFICATE if _is_bad_certificate(error) else None,
        phase=phase,
    )


def _kind_and_phase(error: httpx.HTTPError) -> tuple[ErrorKind, Phase]:
    match error:
        case httpx.PoolTimeout():
            return ErrorKind.QUEUE_FULL, "pre_send"
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.ProxyError():
            return ErrorKind.CONNECT, "pre_send"
        case httpx.TimeoutException():
            return ErrorKind.TIMEOUT_RESPONSE, "sent"
        case httpx.DecodingError():  # the answer arrived, and is billed
            return ErrorKind.PROTOCOL, "headers"
    return ErrorKind.PROTOCOL, "sent"


def _is_bad_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__context__  # httpcore raises it `from None`
    return False
