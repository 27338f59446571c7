"""What one process finds of a key applies in all others at once; all spend one budget."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scout_adapters.testing import AccountLimits, Revoked
from tests.support.redis_server import LocalRedis, redis, shared_server
from tests.support.warm_process import WarmProcess
from tests.system.shared_health import shared_caller
from tests.system.shared_health.processes import billed, callers, pool
from tests.system.shared_health.shared_caller import KEYS

__all__ = ["redis", "shared_server"]


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmProcess]:
    with WarmProcess(shared_caller.__name__) as process:
        yield process


@pytest.mark.parametrize("is_shared", [True, False])
def test_a_revoked_key_is_tried_by_one_process_for_all(
    redis: LocalRedis, warm: WarmProcess, is_shared: bool
) -> None:
    emulator, bad = pool(), KEYS[3]
    with emulator.serve(), callers(warm, emulator, 2, redis.url if is_shared else "") as running:
        emulator.keys["groq"][bad] = Revoked()
        (first, *others) = running.children
        first.stdin.write(b"calls 40 10\n")
        assert running.answer(first)["outcomes"] == {"ok": 40}
        asked = len(emulator.requests("groq", bad))
        assert asked >= 1
        if is_shared:
            running.run(f"refused {bad}")
        for other in others:
            other.stdin.write(b"calls 40 10\n")
            assert running.answer(other)["outcomes"] == {"ok": 40}
        assert (len(emulator.requests("groq", bad)) == asked) is is_shared


@pytest.mark.parametrize("quotas", ["on", "off"])
def test_a_key_whose_minute_one_process_has_used_up_is_not_tried_by_the_others(
    redis: LocalRedis, warm: WarmProcess, quotas: str
) -> None:
    """Ten keys have one request a minute, ten have many; the first process calls each key once."""
    emulator = pool()
    for number, key in enumerate(KEYS):  # the minute does not end during the test
        rpm = 1 if number < len(KEYS) // 2 else 100
        emulator.keys["groq"][key] = AccountLimits(rpm=rpm, window="minute", clock=lambda: 0.0)
    with emulator.serve(), callers(warm, emulator, 2, f"{redis.url}&quotas={quotas}") as running:
        first, second = running.children
        first.stdin.write(b"calls 20 1\n")
        assert running.answer(first)["outcomes"] == {"ok": 20}
        if quotas == "on":
            second.stdin.write(b"used_up 10\n")
            running.answer(second)
        second.stdin.write(b"calls 10 1\n")
        assert running.answer(second)["outcomes"] == {"ok": 10}
    refused = [exchange for exchange in emulator.log if exchange.status == 429]
    assert bool(refused) is (quotas == "off")


def test_a_budget_of_three_processes_is_not_exceeded(redis: LocalRedis, warm: WarmProcess) -> None:
    emulator = pool()
    with emulator.serve():
        with callers(warm, emulator, 3, redis.url, "0.02") as running:
            answers = running.run("calls 100 1")  # of which one alone could not pay all
        assert all(answer["outcomes"]["exceeded"] for answer in answers)
        assert 0 < billed(emulator) <= 0.02 * 10**9
