"""The URL of a call, derived from a base URL in any of the forms that users write."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit, urlunsplit

from scout_adapters.errors import ConfigurationError, InvalidModelName
from scout_adapters.llm.option_names import check_address
from scout_adapters.llm.types import ProviderSpec, Wire

if TYPE_CHECKING:
    from scout_adapters.llm.types.embedding import EmbeddingWire

MODEL_NAME = re.compile(r"[A-Za-z0-9@~/][A-Za-z0-9._:@/+~-]*")
MAX_MODEL = 512
"""Characters of a model's name."""

VERSION = re.compile(r"/v\d+((alpha|beta)\d*)?(/|$)")


def check_model(name: str, provider: str) -> str:
    """Return `name` if it is a valid model name; `provider` is for the error message.

    Raises:
        ConfigurationError: The name is empty.
        InvalidModelName: The name could change the URL that contains it.
    """
    if not name:
        raise ConfigurationError(
            f'{provider} needs the name of a model, as in "{provider}/some-model"'
        )
    if len(name) > MAX_MODEL:
        raise InvalidModelName(f"a model's name has at most {MAX_MODEL} characters: {name[:40]}…")
    if not MODEL_NAME.fullmatch(name) or ".." in name or "//" in name:
        raise InvalidModelName(f"{provider}: {name!r} is not a model's name")
    return name


PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
HOST_NAME = re.compile(r"(https?://)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?/?")
ADDRESS_PART = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
"""Matches the value of a placeholder that cannot change the host or the path of an address."""


def environment_address(spec: ProviderSpec) -> str | None:
    """Return the base URL in the first variable of a card that is set; None if none is set.

    Raises:
        ConfigurationError: The URL contains a key or a password.
    """
    for name in spec.address_names:
        if os.environ.get(name, "").strip():
            # No local variable has it: crash reports show those of frames that raise.
            check_address(os.environ[name].strip(), name)
            return os.environ[name].strip().rstrip("/")
    return None


def filled_address(base_url: str | None, spec: ProviderSpec, values: Mapping[str, str]) -> str:
    """Return the base URL with its placeholders filled.

    It is `base_url`, else that of the environment, else the card's. Without a query, it gets the
    query of the card's base URL.
    """
    address = base_url or environment_address(spec) or spec.base_url
    if "?" in spec.base_url and "?" not in address:
        address += spec.base_url[spec.base_url.index("?") :]
    if spec.placeholders:
        address = fill_address(address, spec, values)
    return address.rstrip("/")


def fill_address(address: str, spec: ProviderSpec, values: Mapping[str, str]) -> str:
    """Return an address with its placeholders replaced by `values`, or the variables' values.

    A query parameter without a value is left out. Any other placeholder without a value stays;
    `missing_value` describes it.

    Raises:
        ConfigurationError: A value is not part of an address.
    """
    filled = PLACEHOLDER.sub(lambda found: _value(found[1], spec, values) or found[0], address)
    place, mark, query = filled.partition("?")
    if "{" not in query:
        return filled
    parameters = [part for part in query.split("&") if not PLACEHOLDER.search(part)]
    return f"{place}{mark}{'&'.join(parameters)}" if parameters else place


def _value(name: str, spec: ProviderSpec, values: Mapping[str, str]) -> str:
    """Return the value of the placeholder `name`; "" if it has none."""
    variables = spec.placeholders.get(name, ())
    sources = [f"{name}=", *variables]
    texts = [values.get(name) or "", *(os.environ.get(variable, "") for variable in variables)]
    source, text = next(
        ((s, t.strip()) for s, t in zip(sources, texts, strict=True) if t), ("", "")
    )
    if not text:
        return spec.placeholder_defaults.get(name, "")
    check_address(text, source)
    if name != "host":
        if not ADDRESS_PART.fullmatch(text):
            raise ConfigurationError(f"{spec.name}: {source} is not a name of letters and digits")
        return text
    if not HOST_NAME.fullmatch(text):
        raise ConfigurationError(f"{spec.name}: {source} is not a host, such as https://h.example")
    return text.rstrip("/") if "://" in text else f"https://{text.rstrip('/')}"


def missing_value(address: str, spec: ProviderSpec) -> str:
    """Return an error text for the first placeholder left in an address; "" if none is left."""
    if (found := PLACEHOLDER.search(address)) is None:
        return ""
    name = found[1]
    whole = (spec.address_variables or ())[:1]
    variables = " or ".join((*spec.placeholders.get(name, ()), *whole))
    return f"no {name} is configured: {f'set {variables}, or ' if variables else ''}pass {name}="


def takes_cache_key(spec: ProviderSpec, address: str, headers: Mapping[str, str]) -> bool:
    """Return whether requests may contain the conversation's name for the provider's prompt cache.

    True at the provider's own hosts only, as other servers of the same API may refuse the field;
    False if the user set the header in `headers`.
    """
    cards = [card for card in (spec, spec.second_card) if card is not None]
    caching = [card.prompt_caching for card in cards if card.prompt_caching is not None]
    if not any(each.key_field or each.key_header for each in caching):
        return False
    own = {name.lower() for name in headers}
    if any(each.key_header in own for each in caching):
        return False
    host, owner = urlsplit(address).hostname or "", urlsplit(spec.base_url).hostname or ""
    return host == owner or host.endswith(f".{owner}")


def addressed_wire(base_url: str, spec: ProviderSpec) -> Wire | None:
    """Return the wire for which an address is the full endpoint; None for an API's root."""
    path = urlsplit(base_url).path.rstrip("/")
    cards = (spec, spec.second_card)
    wires = (card.wire for card in cards if card)
    return next((wire for wire in wires if path.endswith(wire.endpoint("", stream=False))), None)


def join_url(base_url: str, spec: ProviderSpec, model: str, *, stream: bool) -> str:
    """Return the URL for a chat request to a model.

    `base_url` is the API's root, with or without version, or the full endpoint. A root without a
    version gets the card's or the wire's; a full endpoint is used unchanged.

    Raises:
        ConfigurationError: `base_url` is missing, or not an http(s) URL.
        InvalidModelName: The model's name could change the URL.
    """
    relative = spec.wire.endpoint(check_model(model, spec.name), stream=stream)
    return join_endpoint(base_url, spec, relative, model)


def embeddings_url(base_url: str, spec: ProviderSpec, wire: EmbeddingWire, model: str) -> str:
    """Return the URL for embeddings; `base_url` may also be the full endpoint of a chat API.

    Raises what `join_url` raises.
    """
    if (chat := addressed_wire(base_url, spec)) is not None:
        address = urlsplit(base_url)
        path = address.path.rstrip("/").removesuffix(chat.endpoint("", stream=False))
        base_url = urlunsplit(address._replace(path=path))
    return join_endpoint(base_url, spec, wire.endpoint(check_model(model, spec.name)), model)


def join_endpoint(base_url: str, spec: ProviderSpec, relative: str, model: str = "") -> str:
    """Return the URL of the endpoint `relative`, such as `/chat/completions`, below `base_url`.

    Raises:
        ConfigurationError: `base_url` is missing, or not an http(s) URL.
    """
    if not base_url:
        raise ConfigurationError(f"{spec.name}: set base_url= or {spec.address_names[0]}")
    scheme, host, path, query, _ = urlsplit(base_url)
    if scheme not in {"http", "https"} or not host:
        raise ConfigurationError(
            f"{spec.name}: base_url {base_url!r} is not an http(s) address: begin it with http:// "
            "or https://"
        )
    endpoint, _, endpoint_query = relative.partition("?")
    path = path.rstrip("/")
    pattern = spec.wire.model_endpoint
    if pattern and (match := pattern.search(path)):
        path, query = path[: match.start()], ""
    if spec.locate is not None:
        parts = spec.locate(SplitResult(scheme, host, path, query, ""), endpoint, model)
        scheme, host, path, query, _ = parts
    elif not path.endswith(endpoint):
        version = spec.wire.version if spec.version is None else spec.version
        versioned = not version or VERSION.search(path)
        path += endpoint if versioned else f"/{version}{endpoint}"
    query = "&".join(part for part in (query, endpoint_query) if part)
    return urlunsplit((scheme, host, path, query, ""))
