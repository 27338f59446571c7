"""The proxy that the environment puts between us and a server."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from scout_adapters.llm.transport.connection import Address


def proxy_for(url: str) -> str | None:
    """Return the address of the proxy to `url`, as `HTTPS_PROXY` and its like name it."""
    asked = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(asked.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(asked.netloc):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def proxy_note(url: str) -> str:
    """Name the proxy for a message, without its user and password; nothing where there is none."""
    proxy = urlsplit(proxy_for(url) or "")
    if not proxy.hostname:
        return ""
    port = f":{proxy.port}" if proxy.port else ""
    return f" through the proxy {proxy.scheme}://{proxy.hostname}{port}"


class Proxies:
    """The proxies that the environment names, asked for once for each server."""

    def __init__(self, *, trust_env: bool) -> None:
        self._trust_env = trust_env
        self._known: dict[str, str | None] = {}

    def to(self, address: Address) -> str | None:
        """Return the proxy that stands before a server; those are reached by httpx alone."""
        if address.server not in self._known:
            found = proxy_for(str(address.url)) if self._trust_env else None
            self._known[address.server] = found
        return self._known[address.server]
