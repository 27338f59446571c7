"""Decides what kind of failure an answer is: by code, then by message, then by status.

The order: the provider's own table, codes that mean the same everywhere, the patterns that the user
added, beginnings of messages, coarse types, the status.
"""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from scout_adapters.errors import ErrorKind as K
from scout_adapters.llm.failures import common_rules, error_body, retry_after
from scout_adapters.llm.failures.error_body import ErrorBody
from scout_adapters.llm.failures.permanent import user_pattern_in
from scout_adapters.llm.failures.provider_rules import IDLE_WAITS, PROVIDERS, STATUSES
from scout_adapters.llm.failures.rule import Rule, plain, rule

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

READ = 2048
"""Characters of a message that are looked at."""

WORTH_WAITING = frozenset({K.RATE_LIMIT, K.QUOTA_WINDOW, K.CAPACITY, K.SERVER_ERROR})
_OF_THE_ACCOUNT = frozenset({K.RATE_LIMIT, K.QUOTA_WINDOW})
_NOT_OUR_KEY = _OF_THE_ACCOUNT | {
    K.AUTH_INVALID,
    K.AUTH_SUSPENDED,
    K.BILLING,
    K.PERMISSION,
    K.REGION_BLOCKED,
}
_SHORT = 300.0
"""Seconds: a longer wait than this is a used-up quota to Gemini's own CLI."""

_SPENT = re.compile(
    r"You have reached your (?:specified )?(?:workspace )?API usage limits"
    r"[^.]{0,200}\. (?:You will regain access|Access resumes) (?:on|at) [\d-]{10}[\w :+-]{0,30}",
    re.IGNORECASE,
)
"""Anthropic's own words up to the date: what stands elsewhere may be a prompt's."""

_LIMIT = re.compile(
    r"(?:Rate limit reached|Request too large) for \S{1,200}(?: \S{1,200}){0,14}? on [a-z ]{5,60}"
    r" per (?P<per>\w+)(?: \(\w{1,8}\))?: Limit (?P<limit>\d{1,15})(?:, Used \d{1,15})?"
    r"(?:, Requested ~?(?P<asked>\d{1,15}))?",
    re.IGNORECASE,
)


def classify(
    provider: str, status: int, headers: Mapping[str, str], report: ErrorBody, clock: datetime
) -> tuple[K, float | None]:
    """Return the kind of failure, and the seconds after which trying again is worth it."""
    if status < HTTPStatus.BAD_REQUEST and provider in IDLE_WAITS:
        headers = {name: said for name, said in headers.items() if name != "retry-after"}
    verdict = _refined(_verdict(provider, status, headers, report), provider, report, clock)
    return verdict.kind, _wait(verdict, provider, headers, report, clock)


def _verdict(provider: str, status: int, headers: Mapping[str, str], report: ErrorBody) -> Rule:
    words = frozenset(plain(word) for word in report.words)
    if headers.get("retry-after"):
        words |= {"header:retry_after"}
    if report.page is not None and status == HTTPStatus.FORBIDDEN:
        return rule(K.REGION_BLOCKED)  # by a gate in front of the API, which never saw the key
    house = "minimax" if report.base_resp else provider
    # A 401 is the key's, however its message ends: it may repeat a prompt that ends like a code.
    coded = report.base_resp or status != HTTPStatus.UNAUTHORIZED
    if house == "minimax" and report.number and coded:
        words |= {report.number}
    said = report.message[:READ]
    real = status if status >= HTTPStatus.BAD_REQUEST else report.status
    if found := _first(PROVIDERS.get(house, ()), words, said, real):
        return found
    if report.upstream:
        return _upstream(real or status, report)
    if found := _first(common_rules.CODES, words, said, real):
        return found
    if real and real < HTTPStatus.INTERNAL_SERVER_ERROR and user_pattern_in(said):
        return rule(K.AUTH_INVALID)
    found = _first(common_rules.PHRASES, words, said, real) or _first(
        common_rules.COARSE, words, said, real
    )
    return found or rule(_by_status(provider, status, real, report))


def _first(
    table: tuple[Rule, ...], words: frozenset[str], said: str, status: int | None
) -> Rule | None:
    return next((rule for rule in table if rule.fits(words, said, status)), None)


def _upstream(status: int, report: ErrorBody) -> Rule:
    """Judge what a provider behind OpenRouter said; what it has against OpenRouter is not ours."""
    inner = (
        error_body.read_error_body(report.upstream_body) if report.upstream_body else ErrorBody()
    )
    kind = _verdict(report.upstream, status, {}, replace(inner, upstream="")).kind
    return rule(K.CAPACITY if kind in _NOT_OUR_KEY else kind)


def _by_status(provider: str, status: int, real: int | None, report: ErrorBody) -> K:
    if real is not None:
        return STATUSES.get(provider, {}).get(real) or common_rules.by_status(real)
    return K.UNKNOWN if report.error else common_rules.by_status(status)


def _refined(verdict: Rule, provider: str, report: ErrorBody, clock: datetime) -> Rule:
    """Tell limits apart that share a code: of a minute or a day, and those that never fit."""
    if verdict.kind is K.BILLING and verdict.until == "said":
        spent = _SPENT.match(report.message[:READ])
        ends = retry_after.reset(report.error, spent[0] if spent else "", clock)
        return rule(K.QUOTA_WINDOW) if ends is not None else verdict
    if verdict.kind is not K.RATE_LIMIT:
        return verdict
    limit = _LIMIT.match(report.message[:READ])
    if limit and limit["asked"] and int(limit["asked"]) > int(limit["limit"]):
        return rule(K.REQUEST_TOO_LARGE)
    if limit and limit["per"].lower() == "day":
        return rule(K.QUOTA_WINDOW)
    if provider == "google" and (retry_after.reset(report.error, "", clock) or 0) > _SHORT:
        return rule(K.QUOTA_WINDOW)
    return verdict


def _wait(
    verdict: Rule, provider: str, headers: Mapping[str, str], report: ErrorBody, clock: datetime
) -> float | None:
    if verdict.kind not in WORTH_WAITING or verdict.until == "never":
        return None
    if verdict.kind not in _OF_THE_ACCOUNT:
        return retry_after.demanded(headers, report.error, report.message, clock)
    said = retry_after.retry_after(provider, headers, report.error, report.message, clock)
    if verdict.until == "month" and said is None:
        return retry_after.next_month(clock)
    # The `RetryInfo` of a spent day names the next minute.
    if verdict.until == "pacific_day" and (said or 0) <= _SHORT:
        return retry_after.pacific_midnight(clock)
    return said
