"""The proxy that the environment puts between us and a server."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass


def proxy_for(url: str) -> str | None:
    """Return the address of the proxy to `url`, as `HTTPS_PROXY` and its like name it."""
    asked = urlsplit(url)
    proxies = getproxies()
    proxy = proxies.get(asked.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(asked.netloc):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def way_to(url: str) -> str:
    """Name the proxy for a message, without its user and password; nothing where there is none."""
    proxy = urlsplit(proxy_for(url) or "")
    if not proxy.hostname:
        return ""
    port = f":{proxy.port}" if proxy.port else ""
    return f" through the proxy {proxy.scheme}://{proxy.hostname}{port}"
