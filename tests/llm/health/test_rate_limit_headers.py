"""The remaining quota in response headers, and its effect on the order of keys."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters import ScoutGroqChatModel
from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import KeyState, Lease
from scout_adapters.llm.health.quota_left import QuotaLeft
from scout_adapters.llm.health.rate_limit_headers import quota_left
from scout_adapters.llm.providers import registry
from scout_adapters.testing import Emulator, ExtraHeaders
from tests.support.verbs import VERBS, call_model

NOW = 1000.0
# https://platform.claude.com/docs/en/api/rate-limits and the others' pages: their own examples.
DOCUMENTED = {
    "groq": (
        {
            "x-ratelimit-remaining-requests": "14370",
            "x-ratelimit-remaining-tokens": "17997",
            "x-ratelimit-reset-requests": "2m59.56s",
            "x-ratelimit-reset-tokens": "7.66s",
        },
        [("requests", 14370, 179.56), ("tokens", 17997, 7.66)],
    ),
    "openai": (
        {
            "x-ratelimit-remaining-requests": "59",
            "x-ratelimit-remaining-tokens": "149984",
            "x-ratelimit-reset-requests": "1s",
            "x-ratelimit-reset-tokens": "6m0s",
        },
        [("requests", 59, 1.0), ("tokens", 149984, 360.0)],
    ),
    "anthropic": (
        {
            "date": "Fri, 02 Jan 2026 22:10:27 GMT",
            "anthropic-ratelimit-requests-remaining": "1",
            "anthropic-ratelimit-requests-reset": "2026-01-02T22:10:57Z",
            "anthropic-ratelimit-input-tokens-remaining": "126000",
            "anthropic-ratelimit-input-tokens-reset": "2026-01-02T22:11:27Z",
        },
        [("requests", 1, 30.0), ("tokens", 126000, 60.0)],
    ),
    "cerebras": (
        {
            "x-ratelimit-remaining-requests-day": "1439984",
            "x-ratelimit-reset-requests-day": "3555.864930868149",
            "x-ratelimit-remaining-tokens-minute": "996115",
            "x-ratelimit-reset-tokens-minute": "16.137348175048828",
        },
        [("requests", 1439984, 3555.864930868149), ("tokens", 996115, 16.137348175048828)],
    ),
    "mistral": (
        {"x-ratelimit-remaining-req-minute": "3", "x-ratelimit-remaining-tokens-minute": "98308"},
        [("requests", 3, 60.0), ("tokens", 98308, 60.0)],
    ),
    "mistral by size": (
        {"ratelimitbysize-remaining": "9", "ratelimitbysize-reset": "8"},
        [("tokens", 9, 8.0)],
    ),
    "together": (
        {"x-ratelimit-remaining": "1", "x-ratelimit-reset": "2"},
        [("requests", 1, 2.0)],
    ),
}
SPENT = ExtraHeaders(
    headers={"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2h"}
)


@pytest.mark.parametrize("provider", DOCUMENTED)
def test_what_is_left_is_read_in_each_providers_form(provider: str) -> None:
    headers, expected = DOCUMENTED[provider]
    quotas = quota_left(registry.spec(provider.split(maxsplit=1)[0]).limits, headers, NOW)
    assert [
        (quota.counts, quota.left, pytest.approx(quota.until - NOW)) for quota in quotas
    ] == expected


@pytest.mark.parametrize("remaining", ["", "-1", "many", "1e3", "9" * 30, "٣"])
def test_what_is_no_number_of_requests_is_no_limit(remaining: str) -> None:
    headers = {"x-ratelimit-remaining-requests": remaining, "x-ratelimit-reset-requests": "1s"}
    assert quota_left(registry.spec("groq").limits, headers, NOW) == ()


@pytest.mark.parametrize("verb", VERBS)
async def test_a_key_with_nothing_left_is_not_tried_first(verb: str) -> None:
    keys = {f"gsk_spent_{verb}": SPENT, f"gsk_full_{verb}": None}
    emulator = Emulator(keys={"groq": keys})
    model = ScoutGroqChatModel(api_keys=list(keys), transport=emulator.transport())
    for _ in range(5):
        await call_model(model, verb, "hello")
    spent, full = keys
    assert [request.key for request in emulator.log] == [spent, full, full, full, full]


def test_a_key_with_nothing_left_is_tried_where_there_is_no_other() -> None:
    emulator = Emulator(keys={"groq": {"gsk_only_spent": SPENT}})
    model = ScoutGroqChatModel(api_key="gsk_only_spent", transport=emulator.transport())
    model.invoke("hello")
    model.invoke("hello")
    assert len(emulator.log) == 2


def pool_of(*keys: str) -> KeyPool:
    return KeyPool("groq", [KeyState(key) for key in keys])


def left(counts: Any, number: int, until: float = NOW + 60) -> tuple[QuotaLeft, ...]:
    return (QuotaLeft(counts=counts, left=number, until=until),)


def used(pool: KeyPool, model: str, allowance: tuple[QuotaLeft, ...], account: str = "") -> str:
    lease = leased(pool, model)
    pool.record_quota(lease, model, allowance, account)
    pool.succeed(lease, model)
    return lease.key


def leased(pool: KeyPool, model: str, now: float = NOW, tokens: int = 10) -> Lease:
    lease = pool.lease(model, now, tokens=tokens)
    assert lease is not None
    return lease


def test_a_limit_is_one_of_the_model_that_was_asked() -> None:
    pool = pool_of("a", "b")
    first = used(pool, "large", left("requests", 0))
    other = leased(pool, "large")
    assert other.key != first
    pool.release(other)
    assert {leased(pool, "small").key, leased(pool, "small").key} == {"a", "b"}


def test_a_limit_is_full_again_when_its_time_has_come() -> None:
    pool = pool_of("a", "b")
    first = used(pool, "m", left("requests", 0, until=NOW + 5))
    assert leased(pool, "m", NOW + 4).key != first
    assert leased(pool, "m", NOW + 6).key == first


def test_a_request_larger_than_the_tokens_that_are_left_goes_to_another_key() -> None:
    pool = pool_of("a", "b")
    first = used(pool, "m", left("tokens", 500))
    second = used(pool, "m", left("tokens", 900_000))
    assert first != second
    lease = leased(pool, "m", tokens=600)
    assert lease.key == second
    pool.release(lease)
    assert leased(pool, "m", tokens=400).key == first


def test_requests_under_way_count_against_what_is_left() -> None:
    pool = pool_of("a", "b")
    first = used(pool, "m", left("requests", 1))
    used(pool, "m", left("requests", 100))
    keys = [leased(pool, "m").key for _ in range(4)]
    assert keys.count(first) == 1


def test_keys_of_one_account_share_its_limits() -> None:
    pool = pool_of("a", "b", "c")
    first = used(pool, "m", left("requests", 50), account="org-1")
    other = used(pool, "m", left("requests", 0), account="org-1")
    used(pool, "m", left("requests", 50), account="org-2")
    assert leased(pool, "m").key not in {first, other}


def test_a_key_that_goes_over_to_another_account_leaves_the_limits_of_the_first_one() -> None:
    pool = pool_of("mover", "stayer")
    mover, stayer = pool.states
    for state, account, number in ((mover, "org-A", 5), (stayer, "org-A", 5), (mover, "org-B", 0)):
        pool.record_quota(Lease(state, NOW, probe=False), "m", left("requests", number), account)
    assert stayer.insufficient_quota("m", 1, NOW) is None
    assert mover.insufficient_quota("m", 1, NOW) is not None


def test_a_refusal_for_its_rate_is_one_of_all_keys_of_the_account() -> None:
    pool = pool_of("a", "b", "c")
    used(pool, "m", left("requests", 50), account="org-limited-1")
    used(pool, "m", left("requests", 50), account="org-limited-1")
    third = used(pool, "m", left("requests", 50), account="org-limited-2")
    lease = leased(pool, "m")
    pool.fail(lease, "cooldown", now=NOW, model="m", retry_after=30.0)
    assert leased(pool, "m").key == third


@pytest.mark.parametrize(
    ("provider", "header", "expected"),
    [
        ("cerebras", "x-ratelimit-remaining-requests-minute", ("requests", 60)),
        ("cerebras", "x-ratelimit-remaining-requests-hour", ("requests", 3600)),
        ("cerebras", "x-ratelimit-remaining-tokens-day", ("tokens", 86400)),
        ("mistral", "x-ratelimit-remaining-req-60-second", ("requests", 60)),
        ("mistral", "x-ratelimit-remaining-req-10-second", ("requests", 10)),
        ("mistral", "x-ratelimit-remaining-tokens-5-minute", ("tokens", 300)),
        ("mistral", "x-ratelimit-remaining-req-1-hour", ("requests", 3600)),
        ("mistral", "x-ratelimit-remaining-tokens-month", ("tokens", 86_400)),
    ],
)
def test_a_limit_without_a_reset_header_has_the_window_of_its_name(
    provider: str, header: str, expected: tuple[str, int]
) -> None:
    (quota,) = quota_left(registry.get(provider).spec.limits, {header: "3"}, NOW)
    assert (quota.counts, quota.left, quota.until - NOW) == (expected[0], 3, expected[1])
