"""Files of routes that change: each version is taken over between calls when it is complete."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from scout_adapters import ScoutRouterChatModel
from scout_adapters.chat_models.route_loading import load_file
from scout_adapters.chat_models.route_watch import RouteWatch
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import Emulator, Overloaded
from tests.chat_models.route_parts import emulator, entry, keys_of_routes, path, write
from tests.support.verbs import ASYNC, SYNC, run_model
from tests.support.waiting import HANG

__all__ = ["emulator", "keys_of_routes", "path"]


class Followed:
    """A model that follows a file, which the test looks at instead of a thread."""

    def __init__(self, path: Path, **options: Any) -> None:
        self.model, source = load_file(ScoutRouterChatModel, path, None, options)
        self._watch = RouteWatch(self.model, source, 1.0)

    def look(self) -> None:
        self._watch.look()


def test_a_changed_file_is_taken_over_when_it_is_complete(path: Path, emulator: Emulator) -> None:
    write(path, models=[entry(emulator, "groq", "m-1")], options={"max_tokens": 5})
    followed = Followed(path)
    write(path, models=[entry(emulator, "groq", "m-2")], options={"max_tokens": 66})
    followed.look()
    assert followed.model.candidates == ["groq/m-1"]
    followed.look()
    assert followed.model.candidates == ["groq/m-2"]
    assert followed.model.max_tokens == 66
    followed.model.invoke("Hello")
    assert emulator.log[-1].body["model"] == "m-2"


def test_a_change_within_a_step_of_the_file_systems_clock_is_taken_over(
    path: Path, emulator: Emulator
) -> None:
    """Time, size and inode stay the same, as those of two changes in a millisecond may."""
    times = write(path, models=[entry(emulator, "groq", "m-1")]).stat()
    followed = Followed(path)
    for number in (2, 3):
        write(path, models=[entry(emulator, "groq", f"m-{number}")])
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        followed.look()
        assert followed.model.candidates == [f"groq/m-{number}"]


def test_a_file_that_is_away_is_reported_once(
    path: Path, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    followed = Followed(write(path, models=[entry(emulator, "groq", "m-1")]))
    for _ in range(3):
        path.unlink()
        for _ in range(4):
            followed.look()
        write(path, models=[entry(emulator, "groq", "m-2")])
        for _ in range(3):
            followed.look()
    assert len([record for record in caplog.records if "not taken over" in record.message]) == 3
    assert followed.model.candidates == ["groq/m-2"]


def test_a_broken_file_is_reported_once_and_the_old_routes_stay(
    path: Path, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, models=[entry(emulator, "groq", "m-1")])
    followed = Followed(path)
    path.write_text("models: [groq/x]\nstrategy: best\n")
    for _ in range(5):
        followed.look()
    assert followed.model.candidates == ["groq/m-1"]
    assert [record.getMessage() for record in caplog.records].count(caplog.messages[-1]) == 1
    assert "line 2: strategy" in caplog.text
    path.unlink()
    followed.look()
    followed.look()
    followed.model.invoke("Hello")
    assert emulator.log[-1].body["model"] == "m-1"


def test_a_stream_that_has_begun_ends_on_the_old_route(path: Path, emulator: Emulator) -> None:
    write(path, models=[entry(emulator, "groq", "m-1")])
    followed = Followed(path)
    stream = followed.model.stream("Hello")
    next(stream)
    write(path, models=[entry(emulator, "openai", "m-2")])
    followed.look()
    followed.look()
    rest = list(stream)
    assert rest[-1].response_metadata["scout"]["model"] == "m-1"


def test_a_copy_keeps_its_own_fields(path: Path, emulator: Emulator) -> None:
    write(path, models=[entry(emulator, "groq", "m-1")], options={"max_tokens": 5})
    followed = Followed(path)
    copy = followed.model.model_copy(update={"max_tokens": 77})
    write(path, models=[entry(emulator, "groq", "m-2")])
    followed.look()
    followed.look()
    copy.invoke("Hello")
    assert emulator.log[-1].body["model"] == "m-1"
    assert emulator.log[-1].body["max_tokens"] == 77


def test_an_unchanged_budget_keeps_its_balance(path: Path, emulator: Emulator) -> None:
    budgets = [{"limit_usd": "5", "per": "total"}]
    write(path, models=[entry(emulator, "groq", "openai/gpt-oss-120b")], budgets=budgets)
    followed = Followed(path)
    followed.model.invoke("Hello")
    (before,) = followed.model.callbacks
    write(path, models=[entry(emulator, "openai", "gpt-4.1")], budgets=budgets)
    followed.look()
    followed.look()
    assert followed.model.callbacks == [before]
    spent = before.spent_usd
    followed.model.invoke("Hello")
    assert before.spent_usd > spent > 0


def test_prices_that_the_file_no_longer_has_are_removed(path: Path, emulator: Emulator) -> None:
    model = entry(emulator, "groq", "mine")
    write(path, models=[model], prices={"groq": {"mine": {"input": 1.0}, "other": {"input": 2.0}}})
    followed = Followed(path)
    write(path, models=[model], prices={"groq": {"mine": {"input": 3.0}}})
    followed.look()
    followed.look()
    assert PRICING["groq"] == {"mine": {"input": 3.0}}


def test_a_file_changed_a_hundred_times_under_load_loses_no_call(
    path: Path, emulator: Emulator
) -> None:
    """Every version names itself in both of its models: no call mixes two versions."""

    def version(number: int) -> str:
        models = [
            entry(emulator, "groq", f"v{number}-a"),
            entry(emulator, "openai", f"v{number}-b"),
        ]
        return json.dumps({"models": models, "options": {"max_tokens": number + 1}})

    emulator.down = {"groq": Overloaded()}
    path.write_text(version(0))
    followed = Followed(path, max_retries=0)
    ended, answers = threading.Event(), []

    def call(verb: str) -> None:
        while not ended.is_set():
            answers.append(run_model(followed.model, verb))

    threads = [threading.Thread(target=call, args=(verb,)) for verb in (*SYNC, *ASYNC)]
    for thread in threads:
        thread.start()
    for number in range(1, 101):
        text = version(number) if number % 5 else version(number)[: -number - 5]
        path.write_text(text[: len(text) // 2])
        followed.look()
        path.write_text(text)
        followed.look()
        followed.look()
    ended.set()
    for thread in threads:
        thread.join(HANG)
    assert len(answers) == len([e for e in emulator.log if e.body["model"].endswith("-b")])
    for answer in answers:
        attempts = answer.response_metadata["scout"]["attempts"]
        versions = {attempt["model"].split("-")[0] for attempt in attempts}
        assert len(versions) == 1
    for exchange in emulator.log:
        limit = exchange.body.get("max_tokens") or exchange.body.get("max_completion_tokens")
        assert exchange.body["model"].startswith(f"v{limit - 1}-")
    assert followed.model.candidates == ["groq/v99-a", "openai/v99-b"]


async def test_nothing_blocks_the_loop_of_a_model_that_follows_a_file(
    path: Path, emulator: Emulator
) -> None:
    write(path, models=[entry(emulator, "groq", "m-1")])
    model = ScoutRouterChatModel.from_file(path, watch=0.01)
    write(path, models=[entry(emulator, "groq", "m-2")])
    async with asyncio.timeout(HANG):
        while model.candidates != ["groq/m-2"]:  # noqa: ASYNC110  # the file is what changes
            await asyncio.sleep(0.01)
    await model.ainvoke("Hello")
    assert emulator.log[-1].body["model"] == "m-2"
