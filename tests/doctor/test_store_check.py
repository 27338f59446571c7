"""What the doctor finds about the store of `SCOUT_STORE`."""

from __future__ import annotations

import pytest

from scout_adapters.doctor.store_check import check_store
from tests.support.redis_server import LocalRedis, redis, shared_server

__all__ = ["redis", "shared_server"]


def test_a_program_without_a_store_has_no_finding_about_it() -> None:
    assert list(check_store({})) == []


def test_a_server_that_may_lose_budgets_is_noted(redis: LocalRedis) -> None:
    redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    findings = list(check_store({"SCOUT_STORE": redis.url}))
    redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
    assert not any(finding.wrong for finding in findings)
    assert [("allkeys-lru" in f.what, "appendonly" in f.what) for f in findings] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("redis://ada:hunter2@127.0.0.1:1/0", "127.0.0.1:1 does not answer"),
        ("postgres://ada:hunter2@db", "none of the forms"),
        ("env:NO_SUCH_STORE", "env:NO_SUCH_STORE"),
    ],
)
def test_a_store_that_cannot_be_used_is_a_problem_and_no_password_is_shown(
    address: str, what: str
) -> None:
    (finding,) = check_store({"SCOUT_STORE": address})
    assert finding.wrong
    assert what in finding.what
    assert "hunter2" not in repr(finding)
