"""Measures what a store changes for eight processes: bad keys, a budget, and the time of a call."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from scout_adapters.testing import RateLimited, Revoked, Slow
from tests.support.redis_server import LocalRedis
from tests.support.warm_process import WarmProcess
from tests.system.shared_health.processes import NANO, Spread, billed, callers, pool
from tests.system.shared_health.shared_caller import KEYS, Caller

PROCESSES = 8
REVOKED, LIMITED = KEYS[3], KEYS[7]


SECONDS = 2.0
"""Of an answer, as of a provider; keys differ by a little, so that calls do not come in waves."""


def play_keys(warm: WarmProcess, store: str, calls: int, *, slow: bool = False) -> str:
    """Revoke a key and limit another while eight processes make 50 calls at once each.

    `slow`: answers take as long as a provider's, so that the processes have time to read them.
    """
    emulator = pool()
    if slow:
        for number, key in enumerate(KEYS):
            emulator.keys["groq"][key] = Slow(first=SECONDS + number / 20)
    with emulator.serve(), callers(warm, emulator, PROCESSES, store) as running:
        running.run("calls 50 50")  # connections are open
        emulator.clear()
        running.send(f"calls {calls} 50")
        while len(emulator.log) < PROCESSES * (calls // 2 if slow else 50):
            time.sleep(0.005)
        emulator.keys["groq"][REVOKED] = Revoked()
        emulator.keys["groq"][LIMITED] = RateLimited(seconds=30.0)
        outcomes = sum((Counter(answer["outcomes"]) for answer in running.answers()), Counter())
    rows = [f"  {dict(outcomes)}"]
    for name, key in (("revoked", REVOKED), ("limited", LIMITED)):
        spread = Spread.of(emulator, key)
        rows.append(
            f"  {name} key: {spread.requests} refused requests of {spread.processes} processes, "
            f"{spread.late} of them sent more than 100 ms after the first"
        )
    return "\n".join(rows)


def play_news(warm: WarmProcess, store: str) -> str:
    """Revoke a key while all processes but one are idle; return when they have learned of it."""
    emulator = pool()
    with emulator.serve(), callers(warm, emulator, PROCESSES, store) as running:
        first, *others = running.children
        emulator.keys["groq"][REVOKED] = Revoked()
        for other in others:
            other.stdin.write(f"refused {REVOKED}\n".encode())
        first.stdin.write(f"calls 40 1\nrefused {REVOKED}\n".encode())
        running.answer(first)
        began = running.answer(first)["refused_at"]
        last = max(running.answer(other)["at"] for other in others)
    return f"  known to all {len(others)} others after {1000 * (last - began):.1f} ms"


def play_budget(warm: WarmProcess, folder: Path, calls: int) -> str:
    """Spend a dollar in eight processes while the server is killed and started again twice."""
    server = LocalRedis(folder, "--appendonly", "yes", "--appendfsync", "no")
    emulator = pool()

    def restart() -> None:
        for share in (0.15, 0.3):
            while len(emulator.log) < calls * share:
                time.sleep(0.01)
            server.kill()
            time.sleep(0.5)
            server.start()

    killer = threading.Thread(target=restart, daemon=True)
    with emulator.serve():
        with callers(warm, emulator, PROCESSES, server.url, "1.00") as running:
            killer.start()
            answers = running.run(f"calls {calls // PROCESSES} 5")
        killer.join(60)
    server.kill()
    outcomes = sum((Counter(answer["outcomes"]) for answer in answers), Counter())
    bill = billed(emulator) / NANO
    assert bill <= 1.0, bill
    return f"  billed ${bill:.6f} of $1.00, killed twice: {dict(outcomes)}"


def measure(store: str, limit: str, calls: int) -> tuple[float, float, float]:
    """Return median and 99th percentile of a call in milliseconds, and calls in a second."""
    emulator = pool()
    with emulator.serve():
        caller = Caller("0", emulator.url("groq"), store, limit)
        asyncio.run(_measured(caller, 100, 1))
        one = asyncio.run(_measured(caller, calls, 1))
        many = asyncio.run(_measured(caller, calls, 100))
        caller.close()
    times = sorted(one["latencies"])
    last = times[int(len(times) * 0.99)]
    return statistics.median(times) * 1e3, last * 1e3, calls / many["seconds"]


async def _measured(caller: Caller, calls: int, at_once: int) -> dict[str, Any]:
    answer = await caller.calls(calls, at_once)
    assert answer["outcomes"] == {"ok": calls}, answer["outcomes"]
    return {**answer, "latencies": [*answer["latencies"]]}


def play_latency(server: LocalRedis, calls: int, rounds: int) -> str:
    """Measure the same calls in turn: alone, with shared health, with a budget in the store."""
    kinds = {
        "alone": ("", ""),
        "shared health": (server.url, ""),
        "budget in memory": ("", "1000"),
        "budget in the store": (server.url, "1000"),
    }
    results: dict[str, list[tuple[float, float, float]]] = {name: [] for name in kinds}
    for _ in range(rounds):
        for name, (store, limit) in kinds.items():
            results[name].append(measure(store, limit, calls))
    rows = []
    for name, runs in results.items():
        median, p99, rate = (statistics.median(column) for column in zip(*runs, strict=True))
        rows.append(f"  {name:20} median {median:7.3f} ms  p99 {p99:7.3f} ms  {rate:6.0f} calls/s")
    return "\n".join(rows)
