"""Names of options: those of this library, those of a body, and those no body may contain."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote

from pydantic import SecretStr

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters._internal.redaction import mask_secrets
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.option_hints import HINTS

StrategyName = Literal["priority", "weighted", "cheapest", "fastest", "least_busy", "cache"]

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
        "prompt_cache",
    }
)
"""Call options that every wire converts to fields of its own."""

ALIASES = {
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "max_tokens_to_sample": "max_tokens",
    "num_predict": "max_tokens",
    "max_new_tokens": "max_tokens",
    "effort": "reasoning_effort",
    "stop_sequences": "stop",
    "api_base": "base_url",
    "api_url": "base_url",
    "api_endpoint": "base_url",
    "endpoint": "base_url",
    "model_name": "model",
    "request_timeout": "timeout",
    "default_request_timeout": "timeout",
    "num_retries": "max_retries",
    "retries": "max_retries",
    "additional_headers": "default_headers",
    "proxy": "proxies",
    "ssl_verify": "verify",
    "verify_ssl": "verify",
    "ssl_certificate": "cert",
    "safe_mode": "safe_prompt",
    "model_kwargs": "extra",
    "extra_body": "extra",
}
"""Names of options in LangChain's partner packages and LiteLLM, and our name."""

PREFIXED = frozenset(
    {
        "api_key",
        "api_keys",
        "api_base",
        "api_url",
        "api_endpoint",
        "base_url",
        "endpoint",
        "proxy",
        "organization",
        "project",
        "provider",
    }
)
"""Options that partner packages write after a provider's name, such as `openai_api_base`."""

PREFIXED_ENDINGS = tuple(
    f"_{name}" for name in sorted(PREFIXED - {"project", "endpoint", "provider"})
)

LANGCHAIN_OPTIONS = frozenset(
    {"stream", "stream_usage", "ls_structured_output_format", "structured_output_format"}
)
RETRY_OPTIONS = frozenset(
    {"timeout", "max_retries", "max_wait", "deadline", "failover_on_refusal", "key_affinity"}
)
"""Options that apply to a call with all its attempts."""

NETWORK_OPTIONS = ("verify", "cert", "proxies", "trust_env")
"""Options of the transport."""

SECRET = re.compile(
    r"(.*[_-])?(keys?|apikeys?|secrets?|password|passwd|passphrase|pwd|credentials?|authorization"
    r"|auth|bearer|cookies?|headers?|jwt|pat|private[_-]?pem|service_account)"
    r"([_-]?(id|file|files|path|json|pem|data|values?|b(ase)?64|text|string|bytes|info|content))?"
    r"|(.*[_-])?(access|ad|api|auth|authorization|bearer|bot|client|csrf|hf|hub|id|jwt|oauth"
    r"|personal|refresh|sas|secret|security|service|session|vault|xsrf)"
    r"[_-]?tokens?([_-]?(file|path|value))?"
    r"|(.*[_-])?(signature|sig|hmac|sas|client[_-]?cert(ificate)?s?|connection[_-]?string|dsn"
    r"|keystore|pem|pfx|pkcs12|p12)([_-]?(file|path|json|data|base64))?"
    r"|token|(?-i:[a-z]\w*(?:Key|Secret|Password|Credential)s?(?:Id|File|Path|Json)?)",
    re.IGNORECASE,
)
"""Options that contain or may contain a key, or name it: bodies, traces and cache keys show values.

These are names of options. In an answer some are something else, such as the `signature` of a
thought.
"""

QUERY_SECRET = re.compile(r"code|sig|signature|.*[_-]signature|tokens?|.*[_-]token", re.IGNORECASE)
"""Parameters of an address that contain a key, besides those that `SECRET` matches."""

USER_INFO = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*@|[^/?#]*@")
"""An address with a user, and optionally a password."""

FRAMING = frozenset({"transfer-encoding", "content-length", "trailer", "upgrade", "keep-alive"})
"""Headers about the connection: another value than its own makes servers wait for more."""

CODING = re.compile(r"(?:(?:gzip|deflate|identity)\s*(?:;\s*q=[\d.]+)?)?", re.IGNORECASE)
"""One of the codings in `accept-encoding`, without the blanks around it."""

MAX_HEADER = 1 << 15
"""Characters of a header; servers take 8 to 32 KiB, and close the connection for more."""

PATH_NAME = re.compile(r"[/;&?]([^/;&?=]+)=")
"""The name of a parameter that stands in a path: `/v1;token=...`."""

BAD_PORT = re.compile(r":(?![0-9]*$|\$?\{)[^\]]*$")
"""A port that is no number, such as a password without its `@`; `{port}` is a placeholder, and
`${PORT}` a variable that was not replaced."""

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""https://www.rfc-editor.org/rfc/rfc9110#name-tokens"""

CONNECTION_OPTIONS = frozenset(
    {
        "base_url",
        "transport",
        "http_client",
        "http_async_client",
        "client_args",
        "default_query",
        "organization",
        "project",
        "use_responses_api",
        "use_previous_response_id",
        "limits",
        "rate_limiter",
        *NETWORK_OPTIONS,
        *RETRY_OPTIONS,
    }
)
"""Options of a model, such as its address and timeouts; no body may contain them."""


@lru_cache(maxsize=2048)
def standard_name(name: str, prefixes: tuple[str, ...] = ()) -> str:
    """Return our name of an option; `prefixes` are the provider's names, such as `openai`."""
    for prefix in prefixes:
        if name.startswith(f"{prefix}_") and (rest := name[len(prefix) + 1 :]) in PREFIXED:
            name = rest
            break
    return ALIASES.get(name, name)


def prompt_cache_choice(value: Any, owner: str) -> str | None:
    """Return the choice `prompt_cache=`, also written `cache=`: "auto", "off", or None.

    Raises: `ConfigurationError` for anything else.
    """
    if value in (None, "auto", "off"):
        choice: str | None = value
        return choice
    raise ConfigurationError(f'{owner}: prompt_cache={value!r:.40} must be "auto" or "off"')


def check_body_field(name: str, owner: str) -> None:
    """Raise `ConfigurationError` for an option that must not become a field of a body."""
    if name in HINTS:
        raise ConfigurationError(f"{owner} takes no {name}=: {HINTS[name]}")
    if SECRET.fullmatch(name):
        raise ConfigurationError(
            f"{owner} takes no {name}=: keys and headers belong to the model (api_key=, api_keys=, "
            "default_headers=), where no trace shows them"
        )
    if name.endswith(PREFIXED_ENDINGS):
        ending = next(ending for ending in PREFIXED_ENDINGS if name.endswith(ending))
        raise ConfigurationError(
            f"{owner} takes no {name}=: it is an option of the models of "
            f"{name.removesuffix(ending)}; the option of any model or entry is "
            f"{ALIASES.get(ending[1:], ending[1:])}="
        )
    if ALIASES.get(name, name) in CONNECTION_OPTIONS:
        raise ConfigurationError(
            f"{owner} takes no {name}=: it is an option of a model or an entry, not of a request"
        )


def check_undocumented(
    name: str, owner: str, documented: Collection[str] | None, options: Collection[str]
) -> None:
    """Refuse an option that is neither ours nor a body field that the provider documents.

    `documented` is None where every field is taken; then only misspelt `options` are refused.

    Raises: `ConfigurationError`, which names the nearest option, or what to write instead.
    """
    if documented is not None and name in documented:
        return
    check_body_field(name, owner)
    cutoff = 0.85 if documented is None else 0.7
    names = {*options, *ALIASES, *(documented or ())} - {"extra"}
    close = difflib.get_close_matches(name, sorted(names), n=1, cutoff=cutoff)
    if documented is None and not close:
        return
    nearest = f"; did you mean {close[0]}=?" if close else ""
    raise ConfigurationError(
        f"{owner} has no {name}={nearest} (to send it in the body nevertheless, write "
        f"model_kwargs={{{name!r}: ...}})"
    )


def union(fields: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """Return the body fields that at least one provider documents; None if one takes all."""
    all_fields = [*fields]
    if len(all_fields) == 1:
        return all_fields[0]
    documented = [names for names in all_fields if names is not None]
    return frozenset().union(*documented) if len(documented) == len(all_fields) else None


def effort_of(name: str, value: Any, documented: Collection[str] | None) -> str | None:
    """Return the effort of a `reasoning={"effort": ...}` where an API has no such field.

    A provider with two APIs has one without it; every wire sends the effort in its own form.
    """
    if name != "reasoning" or documented is None:
        return None
    if name in documented and "use_responses_api" not in documented:
        return None
    alone = isinstance(value, Mapping) and value.keys() == {"effort"}
    return value["effort"] if alone else None


def check_extra(extra: Any, owner: str, documented: Collection[str] | None) -> Mapping[str, Any]:
    """Return the fields of `model_kwargs=` or `extra_body=`; none may hold a key."""
    if extra is None:
        return {}
    if not isinstance(extra, Mapping):
        raise ConfigurationError(f"{owner}: model_kwargs= and extra_body= must be dicts")
    if "stream" in extra:
        raise ConfigurationError(
            f"{owner}: model_kwargs= and extra_body= cannot set stream: call stream(), or pass "
            "streaming=True to the model"
        )
    for name in extra:
        may_be_secret = SECRET.fullmatch(str(name)) or name == "proxies"
        if may_be_secret and name not in (documented or ()):
            check_body_field(str(name), owner)
    return extra


MAX_ADDRESS = 2048
"""Characters of a `base_url`."""

_clean_addresses: BoundedDict[str, None] = BoundedDict(limit=256)
"""Addresses without a secret: the search for one takes longer than most other checks."""


def check_address(url: Any, owner: str) -> None:
    """Raise `ConfigurationError` for a `base_url` with a secret: logs and errors show addresses."""
    address = url.get_secret_value() if isinstance(url, SecretStr) else url
    if not isinstance(address, str) or address in _clean_addresses:
        return
    if len(address) > MAX_ADDRESS:
        del url, address  # as below
        raise ConfigurationError(f"{owner}: an address has at most {MAX_ADDRESS} characters")
    if not (found := _has_secret(address)):
        _clean_addresses.put(address, None)
    del url, address  # crash reports show the local variables of frames
    if found:
        raise ConfigurationError(
            f"{owner}: an address with a user, a password or a key would appear in logs and "
            "traces; pass default_headers={'Authorization': …} or api_key= instead"
        )


def _has_secret(url: str) -> bool:
    address, _, query = url.partition("#")[0].partition("?")
    pairs = parse_qsl(query, keep_blank_values=True) if query else []
    pairs += [(name, "") for name in PATH_NAME.findall(unquote(address))]
    named = any(SECRET.fullmatch(name) or QUERY_SECRET.fullmatch(name) for name, _ in pairs)
    beyond_host = address.partition("://")[2].partition("/")[0]
    is_port = BAD_PORT.search(beyond_host)
    return bool(named or is_port or USER_INFO.match(url) or mask_secrets(address) != address)


def check_headers(headers: Mapping[str, Any], owner: str) -> None:
    """Raise `ConfigurationError` for invalid headers, before another error quotes their values."""
    if fault := _header_fault(headers):
        raise ConfigurationError(f"{owner}: {fault}")


def _header_fault(headers: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the first wrong header, without keys."""
    for name in headers:
        if not isinstance(name, str) or not HEADER_NAME.fullmatch(name):
            return f"{mask_secrets(repr(name))} is not the name of a header"
        if fault := _value_fault(headers[name]):
            return f"the header {name[:40]!r} {fault}"
        if name.lower() in FRAMING:
            return f"the header {name!r} is set by the connection: leave it out"
        if name.lower() == "accept-encoding" and not _are_read(headers[name]):
            return f"the header {name!r} may offer gzip, deflate and identity, which can be read"
    return None


def _value_fault(value: Any) -> str:
    """Return what is wrong with a header's value, without the value; "" if nothing is."""
    if not (isinstance(value, str) and value.isascii() and value.isprintable()):
        return "is not a text of printable ASCII characters"
    if value != value.strip():
        return "begins or ends with a blank: remove it"
    return f"has more than {MAX_HEADER} characters" if len(value) > MAX_HEADER else ""


def _are_read(codings: str) -> bool:
    """Return whether answers in each of these codings can be read."""
    return all(CODING.fullmatch(coding.strip()) for coding in codings.split(","))
