"""One run in one process: epochs of calls, a look at the books after each, then the blackout."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler

from scout_adapters import ScoutAuditCallbackHandler, ScoutCostCallbackHandler
from scout_adapters.audit import AuditLog
from scout_adapters.errors import (
    CannotConnect,
    CircuitOpenError,
    MalformedResponse,
    NoWorkingKey,
    ProviderUnavailable,
)
from scout_adapters.testing import NotJson, Overloaded, ServerError
from tests.support.waiting import HANG
from tests.system.chaos.books import Books, by_call
from tests.system.chaos.calls import Caller, Result
from tests.system.chaos.plan import Call, Plan
from tests.system.chaos.stage import Stage
from tests.system.chaos.stories import Log, Story
from tests.system.chaos.tally import Sample, Tally

BLACKOUT = {
    "groq": ServerError(),
    "anthropic": Overloaded(),
    "google": NotJson(502),
    "openrouter": ServerError(503),
}
EXPECTED = (ProviderUnavailable, CircuitOpenError, CannotConnect, MalformedResponse, NoWorkingKey)
PAGE = os.sysconf("SC_PAGE_SIZE")


class Runs(BaseCallbackHandler):
    """Counts the runs that LangChain begins and ends."""

    run_inline = True

    def __init__(self) -> None:
        self.begun: list[Any] = []
        self.ended: list[Any] = []

    def on_chat_model_start(self, *args: Any, run_id: Any, **kwargs: Any) -> None:
        self.begun.append(run_id)

    def on_llm_end(self, response: Any, *, run_id: Any, **kwargs: Any) -> None:
        self.ended.append(run_id)

    def on_llm_error(self, error: Any, *, run_id: Any, **kwargs: Any) -> None:
        self.ended.append(run_id)


class Chaos:
    """A run of a plan; `tally` has what came of it."""

    def __init__(self, plan: Plan, folder: Path, tell: Callable[[str], None]) -> None:
        self.plan = plan
        self.tell = tell
        self.tally = Tally()
        self.stage = Stage(plan)
        self.audit = AuditLog(folder / f"audit-{plan.first}.jsonl")
        self.costs = ScoutCostCallbackHandler()
        self.runs = Runs()
        self.handlers = [self.costs, ScoutAuditCallbackHandler(self.audit), self.runs]
        self.log = Log(self.audit.path)
        self.books = Books(plan, self.tally)
        self.until = float("inf")

    def run(self, seconds: float = float("inf")) -> Tally:
        """Play all epochs, or as many as begin within so many seconds, and then the blackout."""
        threads, self.until = {*threading.enumerate()}, time.monotonic() + seconds
        level = logging.root.manager.disable
        logging.disable(logging.CRITICAL)
        try:
            with self.stage.open():
                for epoch in range(self.plan.epochs):
                    if time.monotonic() < self.until:
                        self._epoch(epoch)
                self._blackout()
                self._nothing_left()
        finally:
            logging.disable(level)
            self.audit.close()
        if left := {*threading.enumerate()} - threads:  # one of an earlier test may end meanwhile
            self.tally.blame("threads left", str(left))
        return self.tally

    def _epoch(self, epoch: int) -> None:
        calls, stage, began = self.plan.of_epoch(epoch), self.stage, time.monotonic()
        stage.emulator.expect(calls, epoch)
        caller = Caller(stage, self.handlers)
        caller.play(calls)
        for story in self._stories(caller, calls):
            self.books.judge(story, stage.emulator)
        self.books.balance(sum((row.cost for row in self.costs.rows), Decimal(0)))
        for name in stage.rest():
            self.tally.blame("closed when a month has gone by", name)
        self._measure()
        self._progress(epoch, time.monotonic() - began)

    def _stories(self, caller: Caller, calls: Sequence[Call]) -> list[Story]:
        """Join results, audit rows and exchanges by call; check that no resource stays held."""
        tally, emulator = self.tally, self.stage.emulator
        if not emulator.settle(HANG):
            tally.blame("answers that are still being given")
        for task in caller.tasks_left:
            tally.blame("tasks left", task)
        for resource in self.stage.held_resources():
            tally.blame("held by nobody", resource)
        audited = self.log.news()
        by_number = by_call(emulator.log)
        indexes = {call.index for call in calls}
        if strange := audited.calls.union(by_number) - indexes:
            tally.blame("requests of no call", str(strange))
        if Counter(result.call.index for result in caller.results) != Counter(indexes):
            tally.blame("calls that came to no end")
        self._one_run_each(caller.results)
        all_rows = (audited.intents, audited.outcomes, audited.skips, audited.ends, by_number)
        return [
            Story(
                result,
                *(rows.get(result.call.index, []) for rows in all_rows),
                emulator.unheard[result.call.index],
            )
            for result in caller.results
        ]

    def _one_run_each(self, results: Sequence[Result]) -> None:
        """One call is one LangChain run, which ends once; one that was left may not have begun."""
        begun, ended = Counter(self.runs.begun), Counter(self.runs.ended)
        for one in results:
            counted = (begun[one.call.run_id], ended[one.call.run_id])
            if counted != (1, 1) and not (one.left and max(counted) <= 1):
                self.tally.blame("calls that are not one run", f"{one.call} {counted}")
        self.runs.begun, self.runs.ended = [], []

    def _measure(self) -> None:
        self.stage.emulator.clear()
        gc.collect()
        with Path("/proc/self/statm").open() as statm:
            resident = int(statm.read().split()[1]) * PAGE
        descriptors = len(list(Path("/proc/self/fd").iterdir()))
        self.tally.samples[0].append(Sample(resident, descriptors, threading.active_count()))

    def _progress(self, epoch: int, seconds: float) -> None:
        now, calls = self.tally.samples[0][-1], self.tally.counts["calls"]
        self.tell(
            f"{calls:>7,} calls, the last {epoch + 1}/{self.plan.epochs} in {seconds:.1f} s;"
            f" {now.resident / 2**20:.0f} MiB, {now.descriptors} descriptors"
        )

    def _blackout(self) -> None:
        """All providers are down: few requests, quick errors of the right classes."""
        stage, tally = self.stage, self.tally
        plan = self.plan
        many = max(plan.calls // 10, 200)
        planned = (plan.call(plan.first + plan.calls + at) for at in range(many))
        calls = [replace(call, end="") for call in planned]
        stage.emulator.blackout = BLACKOUT
        stage.emulator.expect(calls, plan.epochs)
        caller = Caller(stage, self.handlers, as_model="fast")
        caller.play(calls)
        for story in self._stories(caller, calls):
            self.books._pairs(story)
            tally.counts["blackout: calls"] += 1
            tally.counts["blackout: requests"] += len(story.exchanges)
            tally.failing.append(sum(story.result.waits))
            tally.errors[f"blackout: {type(story.result.error).__name__}"] += 1
            if not isinstance(story.result.error, EXPECTED):
                tally.blame("blackout: not the right error", str(story))
        if tally.counts["blackout: requests"] > 1.5 * many:
            tally.blame("blackout: more than 1.5 requests a call")

    def _nothing_left(self) -> None:
        stage, tally = self.stage, self.tally
        stage.network.close()
        began = time.monotonic()
        while stage.emulator.connections and time.monotonic() - began < HANG:
            time.sleep(0.01)
        if stage.emulator.connections:
            tally.blame("connections left", str(stage.emulator.connections))
        tally.played = stage.emulator.played
