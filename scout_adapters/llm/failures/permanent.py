"""Permanent errors: a later call with the same key would get the same error."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from scout_adapters.errors import ErrorKind
from scout_adapters.llm.failures.quoted_prompt import without_prompt

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
"""Phrases by category, matched as whole words, case-insensitively. Add your own with
`.update({…})`: a refusal (4xx) whose message contains one counts as the key's fault."""

_SHIPPED_PHRASES = frozenset(phrase for phrases in _SHIPPED.values() for phrase in phrases)
_RATE_LIMIT = re.compile(r"rate[ _-]?limit|too many requests", re.IGNORECASE)


def permanent_text(text: str) -> bool:
    """Return whether the text of an unknown exception means that the key is permanently bad."""
    text = without_prompt(text)
    return user_pattern_in(text) or (
        _contains_any(_current_phrases(), text) and not _RATE_LIMIT.search(text)
    )


def user_pattern_in(text: str) -> bool:
    """Return whether `text` contains a phrase that the user added."""
    return _contains_any(_current_phrases() - _SHIPPED_PHRASES, without_prompt(text))


def _current_phrases() -> frozenset[str]:
    groups = PERMANENT_ERROR_PATTERNS.values()
    # A user may set a string instead of a list; do not iterate over its letters.
    lists = ([group] if isinstance(group, str) else group for group in groups)
    return frozenset(phrase.strip() for group in lists for phrase in group if phrase.strip())


def _contains_any(phrases: frozenset[str], text: str) -> bool:
    return any(_word_pattern(phrase).search(text) for phrase in phrases)


@lru_cache(maxsize=256)
def _word_pattern(phrase: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(phrase)}(?!\w)", re.IGNORECASE)
