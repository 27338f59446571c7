"""Which errors no later call with the same key will cure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from scout_adapters.errors import ErrorKind

if TYPE_CHECKING:
    from collections.abc import Mapping

PERMANENT_KINDS = frozenset(
    {
        ErrorKind.AUTH_INVALID,
        ErrorKind.AUTH_SUSPENDED,
        ErrorKind.BILLING,
        ErrorKind.REGION_BLOCKED,
    }
)

_SHIPPED: Mapping[str, tuple[str, ...]] = {
    "invalid_key": (
        "invalid api key",
        "incorrect api key",
        "invalid_api_key",
        "api_key_invalid",
        "api key not valid",
        "api key not found",
        "api key expired",
        "invalid x-api-key",
        "authentication fails",
    ),
    "suspended": (
        "api key was reported as leaked",
        "account has been deactivated",
        "account has been suspended",
        "organization has been disabled",
        "consumer_suspended",
    ),
    "out_of_credit": (
        "insufficient_quota",
        "insufficient balance",
        "insufficient credits",
        "credit balance is too low",
        "credit_balance_exhausted",
        "prepayment credits are depleted",
        "used all available credits",
    ),
    "geo_blocked": (
        "user location is not supported",
        "country, region, or territory not supported",
        "unsupported_country_region_territory",
    ),
}

PERMANENT_ERROR_PATTERNS: dict[str, list[str]] = {
    category: list(phrases) for category, phrases in _SHIPPED.items()
}
"""Phrases by category, matched as whole words in any case. Add your own with `.update({…})`:
a refusal (4xx) whose message holds one of yours counts as the key's fault."""

_KNOWN = frozenset(phrase for phrases in _SHIPPED.values() for phrase in phrases)
_RATE_LIMIT = re.compile(r"rate[ _-]?limit|too many requests", re.IGNORECASE)


def permanent_text(text: str) -> bool:
    """Tell whether an error of unknown make, read as text, is the key's for good."""
    return user_pattern_in(text) or (_holds(_listed(), text) and not _RATE_LIMIT.search(text))


def user_pattern_in(text: str) -> bool:
    """Tell whether a phrase that the user added stands in `text`."""
    return _holds(_listed() - _KNOWN, text)


def _listed() -> frozenset[str]:
    groups = PERMANENT_ERROR_PATTERNS.values()
    # A lone string where a list belongs would otherwise count as its letters.
    lists = ([group] if isinstance(group, str) else group for group in groups)
    return frozenset(phrase.strip() for group in lists for phrase in group if phrase.strip())


def _holds(phrases: frozenset[str], text: str) -> bool:
    return any(_whole(phrase).search(text) for phrase in phrases)


@lru_cache(maxsize=256)
def _whole(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)", re.IGNORECASE)
