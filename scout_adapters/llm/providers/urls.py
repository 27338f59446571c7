"""Where a call goes: the URL of a model, made of an address as users write it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from scout_adapters.errors import ConfigurationError, InvalidModelName
from scout_adapters.llm.types import ProviderSpec

MODEL_NAME = re.compile(r"[A-Za-z0-9@~/][A-Za-z0-9._:@/+~-]*")
VERSION = re.compile(r"/v\d+((alpha|beta)\d*)?(/|$)")


def check_model(name: str, provider: str) -> str:
    """Refuse a model's name that could change the URL it becomes a part of."""
    if not name:
        raise ConfigurationError(f"{provider} needs model=: it has no default")
    if not MODEL_NAME.fullmatch(name) or ".." in name or "//" in name:
        raise InvalidModelName(f"{provider}: {name!r} is not a model's name")
    return name


def join_url(base_url: str, spec: ProviderSpec, model: str, *, stream: bool) -> str:
    """Make the URL of a call of the API's root, with or without version, or of the full endpoint.

    A root without version gets the wire's; one that ends like the endpoint is used as it is.
    """
    if not base_url:
        raise ConfigurationError(f"{spec.name}: set base_url= or {spec.name.upper()}_API_URL")
    scheme, host, path, query, _ = urlsplit(base_url)
    if scheme not in {"http", "https"} or not host:
        raise ConfigurationError(f"{spec.name}: base_url {base_url!r} is not an http(s) address")
    named = spec.wire.endpoint(check_model(model, spec.name), stream=stream)
    endpoint, _, own_query = named.partition("?")
    path = path.rstrip("/")
    pattern = spec.wire.model_endpoint
    if pattern and (match := pattern.search(path)):
        path, query = path[: match.start()], ""
    if not path.endswith(endpoint):
        version = spec.wire.version if spec.version is None else spec.version
        versioned = not version or VERSION.search(path)
        path += endpoint if versioned else f"/{version}{endpoint}"
    query = "&".join(part for part in (query, own_query) if part)
    return urlunsplit((scheme, host, path, query, ""))
