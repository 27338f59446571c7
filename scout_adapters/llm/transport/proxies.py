"""Proxies that the environment names."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from scout_adapters.llm.transport.connection import Address


def proxy_for(url: str) -> str | None:
    """Return the URL of the proxy for `url`, by `HTTPS_PROXY` and similar variables."""
    target = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(target.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(target.netloc):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def proxy_note(url: str) -> str:
    """Return " through the proxy ..." without user and password, or an empty text."""
    proxy = urlsplit(proxy_for(url) or "")
    if not proxy.hostname:
        return ""
    port = f":{proxy.port}" if proxy.port else ""
    return f" through the proxy {proxy.scheme}://{proxy.hostname}{port}"


class Proxies:
    """The proxies that the environment names, looked up once for each server."""

    def __init__(self, *, trust_env: bool) -> None:
        self._trust_env = trust_env
        self._by_server: dict[str, str | None] = {}

    def for_server(self, address: Address) -> str | None:
        """Return the URL of the proxy for a server, None for a direct connection."""
        if address.server not in self._by_server:
            proxy = proxy_for(str(address.url)) if self._trust_env else None
            self._by_server[address.server] = proxy
        return self._by_server[address.server]
