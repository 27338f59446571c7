"""Proxies from the user's options or the environment, including SOCKS.

Connections through a proxy are httpx transports; see `pool.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.transport.connection import MAX_PORT, Address, is_host

if TYPE_CHECKING:
    import ssl

ProxyOption = str | Mapping[str, str | None]
"""A proxy's URL for all servers; or URLs by scheme (`https`, `all`) or by `https://host`."""

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
MAX_SERVERS = 256
"""Number of servers whose proxies are remembered."""


def proxy_for(url: str) -> str | None:
    """Return the proxy URL for `url` from `HTTPS_PROXY` and similar variables; None without."""
    target = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(target.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(target.netloc):
        return None
    return _with_scheme(proxy)


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"


def proxy_problem(proxy: object) -> str | None:
    """Return why a proxy's URL cannot be used, without its password; None if it can be used."""
    usable = "a proxy is http://host:port, https://host:port or socks5://host:port"
    if not isinstance(proxy, str):
        return usable
    try:
        url = httpx.URL(_with_scheme(proxy.strip()))
        port = url.port or 1
    except (httpx.InvalidURL, ValueError, TypeError):
        return usable
    if url.scheme not in PROXY_SCHEMES or not is_host(url.host) or port > MAX_PORT:
        return usable
    return None


def proxy_note(proxy_url: str | None) -> str:
    """Return " through the proxy ..." without user and password, or an empty text."""
    proxy = urlsplit(proxy_url or "")
    if not proxy.hostname:
        return ""
    port = f":{proxy.port}" if proxy.port else ""
    return f" through the proxy {proxy.scheme}://{proxy.hostname}{port}"


class Proxies:
    """The proxy of each server: from the user's option, or else from the environment."""

    def __init__(self, named: ProxyOption | None = None, *, trust_env: bool) -> None:
        """`named`: the user's proxies, which replace all of the environment's."""
        self._trust_env = trust_env
        self._named: dict[str, str | None] | None = None
        if named is not None:
            by_scheme = named if isinstance(named, Mapping) else {"all": named}
            self._named = {name.rstrip(":/"): proxy for name, proxy in by_scheme.items()}
        self._by_server: dict[str, str | None] = {}

    def for_server(self, address: Address) -> str | None:
        """Return the URL of the proxy for a server, None for a direct connection.

        Raises `ConfigurationError` for a proxy of the environment that cannot be used.
        """
        try:
            return self._by_server[address.server]
        except KeyError:
            proxy = self._find(address)
        if proxy is not None and (problem := proxy_problem(proxy)):
            del proxy
            raise ConfigurationError(f"HTTP_PROXY, HTTPS_PROXY or ALL_PROXY: {problem}")
        if len(self._by_server) >= MAX_SERVERS:
            self._by_server.clear()
        self._by_server[address.server] = proxy
        return proxy

    def _find(self, address: Address) -> str | None:
        if self._named is None:
            return proxy_for(str(address.url)) if self._trust_env else None
        scheme, host = address.url.scheme, address.url.host
        for name in (address.server, f"{scheme}://{host}", f"all://{host}", scheme, "all"):
            if name in self._named:
                proxy = self._named[name]
                return _with_scheme(proxy.strip()) if proxy else None
        return None


def httpx_proxy(url: str | None, context: ssl.SSLContext) -> httpx.Proxy | None:
    """Return an `httpx.Proxy` for a proxy's URL; None for None. An https proxy gets `context`.

    Raises `ConfigurationError` if a SOCKS proxy needs a package that is not installed.
    """
    if url is None:
        return None
    if url.startswith("socks"):
        try:
            import socksio  # type: ignore[import-not-found,unused-ignore]  # noqa: F401, PLC0415  # optional
        except ImportError:
            missing = True
        else:
            missing = False
        if missing:
            del url
            raise ConfigurationError(
                "a SOCKS proxy needs the package socksio: pip install 'httpx[socks]'"
            )
    return httpx.Proxy(url, ssl_context=context if url.startswith("https:") else None)
