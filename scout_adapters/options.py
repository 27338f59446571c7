"""The names of options: which are ours, which go into a request's body, and which never may."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, Literal
from urllib.parse import parse_qsl

from pydantic import AliasChoices, BaseModel

from scout_adapters.errors import ConfigurationError

FIELDS = frozenset(
    {
        "temperature",
        "top_p",
        "max_tokens",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "response_format",
        "reasoning_effort",
    }
)
"""Call options that every wire says in its own words."""

ALIASES = {
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "stop_sequences": "stop",
    "api_base": "base_url",
    "endpoint": "base_url",
    "model_name": "model",
    "request_timeout": "timeout",
    "model_kwargs": "extra",
    "extra_body": "extra",
}
"""What LangChain's partners and LiteLLM call some options."""

StrategyName = Literal["priority", "weighted", "cheapest", "fastest", "least_busy"]

LANGCHAINS_OWN = frozenset(
    {"stream", "stream_usage", "ls_structured_output_format", "structured_output_format"}
)
PATIENCE = frozenset({"timeout", "max_retries", "max_wait", "deadline", "failover_on_refusal"})
"""Options of a call over all its attempts."""

SECRET = re.compile(
    r"(.*_)?(api_?keys?|(access|auth|bearer)_token|secret|password)|token|key|authorization"
    r"|(default|extra)_headers",
    re.IGNORECASE,
)
"""Options that hold, or may hold, a key: a body, a trace and a cache's key show all they get."""

HOLD_SECRETS = ("api_key", "api_keys", "default_headers")
"""Options of a model, or of a route's entry, that hold keys."""

USER = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*@|[^/?#]*@")
"""An address with a user in it, and perhaps a password."""

CONNECTION = frozenset(
    {
        "base_url",
        "transport",
        "http_client",
        "http_async_client",
        "client_args",
        "default_query",
        "organization",
        "openai_organization",
        "openai_proxy",
        "proxy",
        "use_responses_api",
        "default_request_timeout",
        *PATIENCE,
    }
)
"""Options that say where, how and how long to ask; no body may ever hold them."""

NOT_MISSPELT = frozenset({"models"})
"""Fields of a provider's body (OpenRouter's `models`) that look like a misspelt option."""


def check_body_field(name: str, owner: str) -> None:
    """Refuse what must not become a field of a request's body."""
    if SECRET.fullmatch(name):
        raise ConfigurationError(
            f"{owner} takes no {name}=: keys and headers belong to the model (api_key=, api_keys=, "
            "default_headers=), where no trace shows them"
        )
    if ALIASES.get(name, name) in CONNECTION:
        raise ConfigurationError(
            f"{owner} takes no {name}=: it is no part of a request but of a model or an entry"
        )


def check_address(url: Any, owner: str) -> None:
    """Refuse a `base_url` that holds a secret: logs, traces and errors show addresses."""
    if not isinstance(url, str):
        return
    query = url.partition("?")[2].partition("#")[0]
    if USER.match(url) or any(SECRET.fullmatch(name) for name, _ in parse_qsl(query)):
        raise ConfigurationError(
            f"{owner}: an address with a user, a password or a key in it would stand in logs and "
            "traces; pass default_headers={'Authorization': …} or api_key= instead"
        )


def check_headers(headers: Mapping[str, Any], owner: str) -> None:
    """Refuse headers that no request can carry, before anybody quotes their values."""
    for name, value in headers.items():
        fine = isinstance(name, str) and isinstance(value, str) and value.isascii()
        if not fine or not (name + value).isprintable():
            raise ConfigurationError(
                f"{owner}: the header {name!r} is no text of printable ASCII characters"
            )


def without_secrets(options: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return options without those that hold keys, and the names of these."""
    held = [name for name in HOLD_SECRETS if options.get(name)]
    return {name: None if name in held else value for name, value in options.items()}, held


def check_spelling(name: str, known: Collection[str], owner: str) -> None:
    """Refuse an option that is almost, but not quite, one that exists."""
    if name in NOT_MISSPELT:
        return
    if close := difflib.get_close_matches(name, known, n=1, cutoff=0.85):
        raise ConfigurationError(f"{owner} has no {name}=; did you mean {close[0]}=?")


def with_extras(
    model: type[BaseModel], values: Mapping[str, Any], key_names: Collection[str] = ()
) -> dict[str, Any]:
    """Move options that the model does not know into its `model_kwargs`, but for misspelt ones.

    `key_names` are the partner packages' names for `api_key`, such as `groq_api_key`.
    """
    known = _accepted(model)
    kept = {name: value for name, value in values.items() if name in known}
    extra: dict[str, Any] = {}
    for name, value in values.items():
        if ALIASES.get(name, name) == "base_url":
            check_address(value, model.__name__)
        if name in known:
            continue
        if name in key_names:
            kept["api_key"] = value
        elif name not in LANGCHAINS_OWN:
            if ALIASES.get(name) == "extra":
                extra |= value or {}
                continue
            check_body_field(name, model.__name__)
            check_spelling(name, known, model.__name__)
            extra[name] = value
    return {**kept, "model_kwargs": {**extra, **(kept.get("model_kwargs") or {})}}


@cache
def _accepted(cls: type[BaseModel]) -> frozenset[str]:
    """Return every name under which a field may be given."""
    names: set[str] = set()
    for name, field in cls.model_fields.items():
        names.add(name)
        if isinstance(field.validation_alias, AliasChoices):
            names.update(str(choice) for choice in field.validation_alias.choices)
        elif isinstance(field.alias, str):
            names.add(field.alias)
    return frozenset(names)
