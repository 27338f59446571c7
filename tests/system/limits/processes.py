"""Callers in several processes that share their limits, against an emulator on the loopback.

Real time, because a store uses its own clock. Run as a module it is one of the processes.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any

from scout_adapters import Limits, ScoutGroqChatModel
from scout_adapters.errors import ScoutError
from scout_adapters.testing import AccountLimits, Emulator
from tests.support.redis_server import LocalRedis
from tests.system.limits.crowd import GIVES_UP_SECONDS, MODEL, Load, Throughput

STARTS_IN = 120
"""Seconds in which all processes must be ready."""


def play_processes(load: Load, kind: str) -> Throughput:
    """Let the callers of each process call until the time is over.

    `kind` of the store: "redis", "sqlite", or "" for none. `load.models` is the number of
    processes.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = _store(kind, folder, stack)
        account = AccountLimits(rpm=load.rpm, tpm=load.tpm, window=load.window)
        accounts = [account, *(_another(account) for _ in range(load.keys - 1))]
        keys = {f"key-{number}": limits for number, limits in enumerate(accounts)}
        emulator, first = Emulator(keys={"groq": keys}), time.monotonic()
        stack.enter_context(emulator.serve())
        plan = {
            "url": emulator.url("groq"),
            "keys": [*keys],
            "limits": {"rpm": load.rpm, "tpm": load.tpm} if load.reserves else None,
            "store": store,
            "callers": load.callers,
            "seconds": load.minutes * 60,
            "words": load.words,
        }
        callers = [_start(plan, number) for number in range(load.models)]
        for each in callers:
            assert each.stdout is not None
            assert each.stdout.readline().strip() == "ready"
        began, start = len(emulator.log), time.monotonic() - first
        for each in callers:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        failed = sum(json.loads(each.communicate(timeout=600)[0]) for each in callers)
        end = start + load.minutes * 60
        sent = [each for each in emulator.log[began:] if each.at < end]
    answered = [each for each in sent if each.status == 200]
    return Throughput(
        load=load,
        answered=len(answered),
        refused=sum(each.status == 429 for each in sent),
        tokens=sum(each.input_tokens + each.output_tokens for each in answered),
        failed=failed,
    )


def _another(account: AccountLimits) -> AccountLimits:
    return AccountLimits(rpm=account.rpm, tpm=account.tpm, window=account.window)


def _store(kind: str, folder: Path, stack: ExitStack) -> str | None:
    if kind == "redis":
        server = LocalRedis(folder)
        stack.callback(server.kill)
        return server.url
    return f"sqlite://{folder / 'limits.db'}" if kind else None


def _start(plan: dict[str, Any], number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", __name__, json.dumps({**plan, "seed": number})]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )


async def call_all(plan: dict[str, Any]) -> int:
    """Make the calls of one process; return how many raised."""
    limits = plan["limits"]
    model = ScoutGroqChatModel(
        model=MODEL,
        api_keys=plan["keys"],
        base_url=plan["url"],
        limits=Limits(**limits) if limits else None,
        store=plan["store"],
        max_wait=300,
    )
    random, failed = Random(plan["seed"]), 0
    prompts = ["word " * random.randint(1, 2 * plan["words"]) for _ in range(50)]
    model._route()  # imports what a call needs
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    end = time.monotonic() + plan["seconds"]

    async def call_on() -> None:
        nonlocal failed
        while time.monotonic() < end:
            try:
                await model.ainvoke(random.choice(prompts))
            except ScoutError:
                failed += 1
                await asyncio.sleep(GIVES_UP_SECONDS)

    tasks = [asyncio.ensure_future(call_on()) for _ in range(plan["callers"])]
    await asyncio.wait(tasks, timeout=plan["seconds"])
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return failed


if __name__ == "__main__":
    sys.stdout.write(str(asyncio.run(call_all(json.loads(sys.argv[1])))))
