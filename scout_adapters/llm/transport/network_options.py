"""Options of the network: certificates to trust, a client certificate, and proxies."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import httpx

from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.transport.proxies import ProxyOption, proxy_problem

Verify = bool | str | ssl.SSLContext
"""Whether to check certificates; or a file or folder of certificates to trust; or a context."""

Cert = str | tuple[str, ...]
"""File of a client certificate; or (certificate, key), or (certificate, key, password)."""

CERTIFICATE_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR")

CERT_AND_KEY = ("certificate", "key")
"""What `cert=` consists of without a password."""


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """How a transport opens connections. `repr` leaves out fields that may contain passwords."""

    verify: Verify = True
    cert: Cert | None = field(default=None, repr=False)
    proxies: ProxyOption | None = field(default=None, repr=False)
    trust_env: bool = True

    def problem(self) -> str | None:
        """Return an error message for a wrong proxy or type of an option; None if all are valid."""
        if not isinstance(self.verify, bool | str | os.PathLike | ssl.SSLContext):
            return "verify= takes True, False, a file of certificates, or an ssl.SSLContext"
        if not isinstance(self.cert, str | os.PathLike | tuple | list | None):
            return "cert= takes a file, or a tuple of a certificate's and a key's file"
        if not isinstance(self.proxies, str | Mapping | None):
            return "proxies= takes a URL, or URLs by scheme such as {'https': 'http://proxy:3128'}"
        urls = self.proxies.values() if isinstance(self.proxies, Mapping) else [self.proxies]
        problems = (proxy_problem(url) for url in urls if url)
        return next((f"proxies=: {text}" for text in problems if text), None)

    def portable(self, inner: object) -> dict[str, Any]:
        """Return the options for a pickle of a transport around `inner`.

        Raises: `TypeError` if there is an inner transport, a context, or a possible password.
        """
        has_password = isinstance(self.cert, tuple | list) and len(self.cert) > len(CERT_AND_KEY)
        is_context = isinstance(self.verify, ssl.SSLContext)
        if inner is not None or self.proxies or has_password or is_context:
            raise TypeError(
                "a Transport with an inner transport, proxies, a password or an SSLContext cannot "
                "be pickled: create the model where it is used"
            )
        return {"verify": self.verify, "cert": self.cert, "trust_env": self.trust_env}


DEFAULT_OPTIONS = NetworkOptions()


def tls_context(options: NetworkOptions = DEFAULT_OPTIONS) -> ssl.SSLContext:
    """Return the TLS settings for connections; the same object for the same options.

    Raises `ConfigurationError` if a file cannot be read.
    """
    variables = CERTIFICATE_VARIABLES if options.trust_env and options.verify is True else ()
    files = tuple((name, os.environ[name]) for name in variables if os.environ.get(name))
    verify, cert = options.verify, options.cert
    if not isinstance(verify, bool | ssl.SSLContext):
        verify = os.fspath(verify)
    if cert is not None:
        cert = tuple(map(os.fspath, (cert,) if isinstance(cert, str | os.PathLike) else cert))
    return load_tls_context(verify, cert, files)


@lru_cache(maxsize=16)
def load_tls_context(
    verify: Verify, cert: tuple[str, ...] | None, files: tuple[tuple[str, str], ...]
) -> ssl.SSLContext:
    """Return the TLS settings with loaded certificates; cached, because loading takes 30 ms.

    `files`: environment variables and the certificate files that they contain.

    Raises: `ConfigurationError` if a file cannot be read.
    """
    for name, path in files:
        if not os.path.exists(path):  # noqa: PTH110  # pathlib is slower to import
            raise ConfigurationError(f"{name} names {path!r}, which does not exist: correct it")
    source = f"verify={verify!r}" if isinstance(verify, str) else "SSL_CERT_FILE"
    problem = None
    try:
        context = _trusting(verify, trust_env=bool(files))
        source = "cert="
        if cert is not None:
            context.load_cert_chain(*cert)
    except (OSError, ValueError, TypeError) as error:  # ssl.SSLError is an OSError
        problem = error.strerror if isinstance(error, OSError) else str(error)
    if problem is not None:  # raised outside of the handler, whose frames hold a password
        del cert
        raise ConfigurationError(f"{source}: the certificate cannot be read: {problem}")
    return context


def _trusting(verify: Verify, *, trust_env: bool) -> ssl.SSLContext:
    if isinstance(verify, ssl.SSLContext):
        return verify
    if isinstance(verify, bool):
        return httpx.create_ssl_context(verify=verify, trust_env=trust_env)
    if os.path.isdir(verify):  # noqa: PTH112  # as above
        return ssl.create_default_context(capath=verify)
    return ssl.create_default_context(cafile=verify)
