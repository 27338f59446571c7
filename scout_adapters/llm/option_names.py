"""Names of options: those of this library, those of a body, and those no body may contain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import parse_qsl

from scout_adapters.errors import ConfigurationError

StrategyName = Literal["priority", "weighted", "cheapest", "fastest", "least_busy"]

REQUEST_FIELDS = frozenset(
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
"""Call options that every wire converts to fields of its own."""

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
"""Names of options in LangChain's partner packages and LiteLLM, and our name."""

LANGCHAIN_OPTIONS = frozenset(
    {"stream", "stream_usage", "ls_structured_output_format", "structured_output_format"}
)
RETRY_OPTIONS = frozenset({"timeout", "max_retries", "max_wait", "deadline", "failover_on_refusal"})
"""Options that apply to a call with all its attempts."""

SECRET = re.compile(
    r"(.*_)?(api_?keys?|(access|auth|bearer)_token|secret|password)|token|key|authorization"
    r"|(default|extra)_headers",
    re.IGNORECASE,
)
"""Options that contain or may contain a key: bodies, traces and cache keys show their values."""

USER_INFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*@|[^/?#]*@")
"""An address with a user, and optionally a password."""

CONNECTION_OPTIONS = frozenset(
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
        *RETRY_OPTIONS,
    }
)
"""Options of the connection, its address and timeouts; no body may contain them."""


def check_body_field(name: str, owner: str) -> None:
    """Raise `ConfigurationError` for an option that must not become a field of a body."""
    if SECRET.fullmatch(name):
        raise ConfigurationError(
            f"{owner} takes no {name}=: keys and headers belong to the model (api_key=, api_keys=, "
            "default_headers=), where no trace shows them"
        )
    if ALIASES.get(name, name) in CONNECTION_OPTIONS:
        raise ConfigurationError(
            f"{owner} takes no {name}=: it is an option of a model or an entry, not of a request"
        )


def check_address(url: Any, owner: str) -> None:
    """Raise `ConfigurationError` for a `base_url` with a secret: logs and errors show addresses."""
    if not isinstance(url, str):
        return
    query = url.partition("?")[2].partition("#")[0]
    if USER_INFO.match(url) or any(SECRET.fullmatch(name) for name, _ in parse_qsl(query)):
        raise ConfigurationError(
            f"{owner}: an address with a user, a password or a key would appear in logs and "
            "traces; pass default_headers={'Authorization': …} or api_key= instead"
        )


def check_headers(headers: Mapping[str, Any], owner: str) -> None:
    """Raise `ConfigurationError` for invalid headers, before another error quotes their values."""
    for name, value in headers.items():
        is_text = isinstance(name, str) and isinstance(value, str) and value.isascii()
        if not is_text or not (name + value).isprintable():
            raise ConfigurationError(
                f"{owner}: the header {name!r} is not a text of printable ASCII characters"
            )
