"""Classify a refusal: the kind of failure, by code, then by message, then by status.

The order: the provider's own rules, codes that mean the same everywhere, the user's patterns,
beginnings of messages, coarse types, the status.
"""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from scout_adapters.errors import ErrorKind as K
from scout_adapters.llm.failures import common_rules, error_body, retry_after
from scout_adapters.llm.failures.error_body import ErrorBody
from scout_adapters.llm.failures.permanent import PERMANENT_KINDS, user_pattern_in
from scout_adapters.llm.failures.provider_rules import IDLE_WAITS, PROVIDERS, STATUSES
from scout_adapters.llm.failures.quoted_prompt import without_prompt
from scout_adapters.llm.failures.rule import Rule, normalize_code, rule, unwrap

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MAX_MESSAGE_CHARS = 2048
"""Characters of a message that rules and patterns are matched against."""

WORTH_WAITING = frozenset({K.RATE_LIMIT, K.QUOTA_WINDOW, K.CAPACITY, K.SERVER_ERROR})
_ACCOUNT_LIMITS = frozenset({K.RATE_LIMIT, K.QUOTA_WINDOW})
_UPSTREAM_KEY_FAULTS = _ACCOUNT_LIMITS | {
    K.AUTH_INVALID,
    K.AUTH_SUSPENDED,
    K.BILLING,
    K.PERMISSION,
    K.REGION_BLOCKED,
}
_LONGEST_MINUTE_WAIT = 300.0
"""Seconds: a longer wait means an exhausted daily quota, as in Gemini's own CLI."""

_USAGE_LIMIT_REACHED = re.compile(
    r"You have reached your (?:specified )?(?:workspace )?API usage limits"
    r"[^.]{0,200}\. (?:You will regain access|Access resumes) (?:on|at) [\d-]{10}[\w :+-]{0,30}",
    re.IGNORECASE,
)
"""Anthropic's message up to the date. Other positions are not matched: they may be a prompt."""

_STATED_STATUS = re.compile(r"[\[<]([45]\d\d)[\]>] ", re.ASCII)

_LIMIT = re.compile(
    r"(?:Rate limit reached|Request too large) for \S{1,200}(?: \S{1,200}){0,14}? on [a-z ]{5,60}"
    r" per (?P<per>\w+)(?: \(\w{1,8}\))?: Limit (?P<limit>\d{1,15})(?:, Used \d{1,15})?"
    r"(?:, Requested ~?(?P<requested>\d{1,15}))?",
    re.IGNORECASE,
)


def classify(
    provider: str, status: int, headers: Mapping[str, str], body: ErrorBody, server_now: datetime
) -> tuple[K, float | None]:
    """Return the kind of failure, and the seconds until a retry may succeed, or None."""
    if status < HTTPStatus.BAD_REQUEST and provider in IDLE_WAITS:
        headers = {name: value for name, value in headers.items() if name != "retry-after"}
    own, message = without_prompt(body.own_message), without_prompt(body.message)
    body = replace(body, message=message, own_message=own)
    matched = _refine(_matching_rule(provider, status, headers, body), provider, body, server_now)
    return matched.kind, _wait_seconds(matched, provider, headers, body, server_now)


def _matching_rule(provider: str, status: int, headers: Mapping[str, str], body: ErrorBody) -> Rule:
    words = frozenset(normalize_code(word) for word in body.words)
    if headers.get("retry-after"):
        words |= {"header:retry_after"}
    if body.page is not None and status == HTTPStatus.FORBIDDEN:
        return rule(K.REGION_BLOCKED)  # a proxy in front of the API refused: not the key's fault
    source = "minimax" if body.base_resp else provider
    # Not for a 401, which is the key's fault: its message may repeat a prompt that ends in a code.
    code_counts = body.base_resp or status != HTTPStatus.UNAUTHORIZED
    if source == "minimax" and body.number and code_counts:
        words |= {body.number}
    messages = _messages(body)
    actual = status if status >= HTTPStatus.BAD_REQUEST else body.status or _stated_status(messages)
    if match := _first_match(PROVIDERS.get(source, ()), words, messages, actual):
        return match
    if body.upstream:
        return _upstream(actual or status, body)
    if match := _first_match(common_rules.CODES, words, messages, actual):
        return match
    if actual and actual < HTTPStatus.INTERNAL_SERVER_ERROR and user_pattern_in(messages[0]):
        return rule(K.AUTH_INVALID)
    match = _by_message(words, messages, actual)
    return match or rule(_by_status(provider, status, actual, body))


def _by_message(
    words: frozenset[str], messages: tuple[str, ...], status: int | None
) -> Rule | None:
    """Return the rule of a message, or of a coarse code.

    A code for a fault of the request counts more than words about the key or its account: the
    message may begin with the prompt. A type that counts only without a status is no such code:
    Anthropic's `invalid_request_error` may mean an account without credit.
    """
    coarse = _first_match(common_rules.COARSE, words, messages, status)
    match = _first_match(common_rules.PHRASES, words, messages, status)
    is_fault = coarse and coarse.kind is K.INVALID_REQUEST and not coarse.status
    return coarse if match and match.kind in PERMANENT_KINDS and is_fault else match or coarse


def _messages(body: ErrorBody) -> tuple[str, ...]:
    """Return the texts that patterns are matched against, the whole message first."""
    messages = unwrap(body.message[:MAX_MESSAGE_CHARS])
    if body.own_message not in {"", body.message}:  # for patterns that end with the message
        messages += (body.own_message[:MAX_MESSAGE_CHARS],)
    return messages


def _first_match(
    table: tuple[Rule, ...], words: frozenset[str], messages: tuple[str, ...], status: int | None
) -> Rule | None:
    return next((rule for rule in table if rule.matches(words, messages, status)), None)


def _upstream(status: int, body: ErrorBody) -> Rule:
    """Return the rule for an error of the provider behind OpenRouter; its key is OpenRouter's."""
    upstream_body = (
        error_body.read_error_body(body.upstream_body) if body.upstream_body else ErrorBody()
    )
    kind = _matching_rule(body.upstream, status, {}, replace(upstream_body, upstream="")).kind
    return rule(K.CAPACITY if kind in _UPSTREAM_KEY_FAULTS else kind)


def _by_status(provider: str, status: int, actual: int | None, body: ErrorBody) -> K:
    if actual is not None:
        return STATUSES.get(provider, {}).get(actual) or common_rules.by_status(actual)
    return K.CAPACITY if body.error else common_rules.by_status(status)


def _stated_status(messages: tuple[str, ...]) -> int | None:
    """Return the HTTP status in brackets at the start of a message, as vLLM writes it; or None."""
    matches = (_STATED_STATUS.match(message) for message in messages)
    return next((int(stated[1]) for stated in matches if stated), None)


def _refine(matched: Rule, provider: str, body: ErrorBody, server_now: datetime) -> Rule:
    """Return a more precise rule for a limit: per minute, per day, or request too large."""
    if matched.kind is K.BILLING and matched.until == "stated":
        limit_text = _USAGE_LIMIT_REACHED.match(body.message[:MAX_MESSAGE_CHARS])
        ends = retry_after.reset_wait(body.error, limit_text[0] if limit_text else "", server_now)
        return rule(K.QUOTA_WINDOW) if ends is not None else matched
    if matched.kind is not K.RATE_LIMIT:
        return matched
    limit = _LIMIT.match(body.message[:MAX_MESSAGE_CHARS])
    if limit and limit["requested"] and int(limit["requested"]) > int(limit["limit"]):
        return rule(K.REQUEST_TOO_LARGE)
    if limit and limit["per"].lower() == "day":
        return rule(K.QUOTA_WINDOW)
    if (
        provider == "google"
        and (retry_after.reset_wait(body.error, "", server_now) or 0) > _LONGEST_MINUTE_WAIT
    ):
        return rule(K.QUOTA_WINDOW)
    return matched


def _wait_seconds(
    matched: Rule, provider: str, headers: Mapping[str, str], body: ErrorBody, server_now: datetime
) -> float | None:
    if matched.kind not in WORTH_WAITING or matched.until == "never":
        return None
    if matched.kind not in _ACCOUNT_LIMITS:
        return retry_after.requested_wait(headers, body.error, body.message, server_now)
    seconds = retry_after.retry_after(provider, headers, body.error, body.message, server_now)
    if matched.until == "month" and seconds is None:
        return retry_after.next_month(server_now)
    # The `RetryInfo` of an exhausted day contains the next minute.
    if matched.until == "pacific_day" and (seconds or 0) <= _LONGEST_MINUTE_WAIT:
        return retry_after.pacific_midnight(server_now)
    return seconds
