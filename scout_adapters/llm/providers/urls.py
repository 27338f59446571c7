"""The URL of a call, derived from a base URL in any of the forms that users write."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from scout_adapters.errors import ConfigurationError, InvalidModelName
from scout_adapters.llm.types import ProviderSpec, Wire

MODEL_NAME = re.compile(r"[A-Za-z0-9@~/][A-Za-z0-9._:@/+~-]*")
MAX_MODEL = 512
"""Characters of a model's name."""

VERSION = re.compile(r"/v\d+((alpha|beta)\d*)?(/|$)")


def check_model(name: str, provider: str) -> str:
    """Return the name of a model.

    Raises:
        ConfigurationError: It is empty.
        InvalidModelName: It could change the URL that contains it.
    """
    if not name:
        raise ConfigurationError(f"{provider} needs model=: it has no default")
    if len(name) > MAX_MODEL:
        raise InvalidModelName(f"a model's name has at most {MAX_MODEL} characters: {name[:40]}…")
    if not MODEL_NAME.fullmatch(name) or ".." in name or "//" in name:
        raise InvalidModelName(f"{provider}: {name!r} is not a model's name")
    return name


def addressed_wire(base_url: str, spec: ProviderSpec) -> Wire | None:
    """Return the card's wire whose full endpoint an address is; None for a root."""
    path = urlsplit(base_url).path.rstrip("/")
    cards = (spec, spec.second_card)
    wires = (card.wire for card in cards if card)
    return next((wire for wire in wires if path.endswith(wire.endpoint("", stream=False))), None)


def join_url(base_url: str, spec: ProviderSpec, model: str, *, stream: bool) -> str:
    """Return the URL of a call.

    `base_url` is the API's root, with or without version, or the full endpoint. A root without a
    version gets the card's or the wire's; a full endpoint is used unchanged.

    Raises:
        ConfigurationError: `base_url` is missing, or not an http(s) URL.
        InvalidModelName: The model's name could change the URL.
    """
    if not base_url:
        raise ConfigurationError(f"{spec.name}: set base_url= or {spec.name.upper()}_API_URL")
    scheme, host, path, query, _ = urlsplit(base_url)
    if scheme not in {"http", "https"} or not host:
        raise ConfigurationError(f"{spec.name}: base_url {base_url!r} is not an http(s) address")
    relative = spec.wire.endpoint(check_model(model, spec.name), stream=stream)
    endpoint, _, endpoint_query = relative.partition("?")
    path = path.rstrip("/")
    pattern = spec.wire.model_endpoint
    if pattern and (match := pattern.search(path)):
        path, query = path[: match.start()], ""
    if not path.endswith(endpoint):
        version = spec.wire.version if spec.version is None else spec.version
        versioned = not version or VERSION.search(path)
        path += endpoint if versioned else f"/{version}{endpoint}"
    query = "&".join(part for part in (query, endpoint_query) if part)
    return urlunsplit((scheme, host, path, query, ""))
