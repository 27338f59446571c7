"""Which requests belong on cassettes, and which provider and model they call."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import orjson

from scout_adapters.llm.providers.card_summaries import CARD_SUMMARIES
from scout_adapters.llm.types.variable_names import address_names, prefixes
from scout_adapters.testing.emulated_providers import provider_at
from scout_adapters.testing.isolation.provider_hosts import LOCAL, receives_traces

if TYPE_CHECKING:
    from vcr.request import Request as Recorded

_API = re.compile(
    r"/(chat/completions|completions|responses|embeddings|messages|converse(-stream)?)$"
    r"|:(stream)?[gG]enerateContent$|:(batch)?[eE]mbedContents?$|:(stream)?[rR]awPredict$"
    r"|/api/(chat|generate|embed)$"
)
"""Paths of the APIs of models."""

_MODEL_IN_PATH = re.compile(r"/(?:models?|deployments)/([^/:]+)")


def is_recorded(url: str) -> bool:
    """Return whether a request belongs on cassettes: neither traces nor the user's application.

    A server on this machine counts if its path is that of an API of models, as Ollama's.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not LOCAL.match(host):
        return not receives_traces(host)
    return _API.search(parts.path) is not None


def _provider_of(url: str) -> str:
    """Return the provider at an address: by its host, or by the variable that contains the address.

    For others, return the host; `localhost` for this machine, whose ports differ between runs.
    """
    parts = urlsplit(url)
    if provider := provider_at(parts.netloc, parts.path):
        return provider.name
    for card in CARD_SUMMARIES.values():
        for name in address_names(prefixes(card.name, card.variables), None):
            base = os.environ.get(name, "").rstrip("/")
            if base and f"{url}/".startswith(f"{base}/"):
                return card.name
    return "localhost" if LOCAL.match(parts.hostname or "") else parts.netloc


def model_of(request: Recorded) -> str:
    """Return provider and model that a request calls, as `provider/model`; "" if unclear."""
    parts = urlsplit(request.uri)
    name = _provider_of(request.uri)
    try:
        body = orjson.loads(request.body or b"")
    except (orjson.JSONDecodeError, TypeError):
        body = None
    model = body.get("model") if isinstance(body, dict) else None
    if not isinstance(model, str):
        match = _MODEL_IN_PATH.search(parts.path)
        model = match[1] if match else None
    return f"{name}/{model}" if model else ""
