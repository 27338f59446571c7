"""Which hosts are those of providers: calls to them cost money, or need a key."""

from __future__ import annotations

import re
from functools import cache

from scout_adapters.llm.providers.card_summaries import CARD_SUMMARIES
from scout_adapters.testing.emulated_providers import HOSTS

_CLOUDS = re.compile(
    r"[\w-]+\.(openai|services\.ai|cognitiveservices)\.azure\.com"
    r"|bedrock-(runtime|mantle)\.[\w-]+\.(amazonaws\.com|api\.aws)"
    r"|([\w-]+-)?aiplatform(\.(us|eu)\.rep)?\.googleapis\.com"
)
"""Hosts of clouds, of which users choose a part."""

_OF_TRACES = re.compile(
    r"([\w-]+\.)?api\.smith\.langchain\.com|([\w-]+\.)?cloud\.langfuse\.com|app\.phoenix\.arize\.com"
    r"|api\.traceloop\.com|([\w-]+\.)*(i\.posthog|app\.posthog|posthog)\.com|[\w.-]+\.sentry\.io"
)
"""Hosts that receive traces: their requests are no part of a test."""

LOCAL = re.compile(r"localhost|127\.|0\.0\.0\.0|\[?::1|[^.]*$")
"""Hosts of this machine, and those of test clients, which have no dot (`testserver`)."""


@cache
def _hosts() -> frozenset[str]:
    hosts = {*HOSTS, *(card.host for card in CARD_SUMMARIES.values())}
    return frozenset(host for host in hosts if host and not LOCAL.match(host))


def is_provider_host(host: str) -> bool:
    """Return whether a host is that of a provider; False for servers on this machine."""
    return host in _hosts() or _CLOUDS.fullmatch(host) is not None


def receives_traces(host: str) -> bool:
    """Return whether a host is that of a tracing service."""
    return _OF_TRACES.fullmatch(host) is not None
