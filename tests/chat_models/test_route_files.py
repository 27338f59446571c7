"""Routes in files: what a file says holds, and a changed file is taken over between calls."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from scout_adapters import ScoutRouterChatModel
from scout_adapters.chat_models.route_loading import load_file
from scout_adapters.chat_models.route_watch import RouteWatch
from scout_adapters.errors import BudgetExceeded, ConfigurationError
from scout_adapters.llm.option_names import StrategyName
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.testing import Emulator, Overloaded
from tests.support.verbs import ASYNC, SYNC, VERBS, run_model
from tests.support.waiting import HANG


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator(keys={"groq": {"k-groq": None}, "openai": {"k-openai": None}})
    with emulator.serve():
        yield emulator


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_OF_GROQ", "k-groq")
    monkeypatch.setenv("KEY_OF_OPENAI", "k-openai")


def entry(emulator: Emulator, provider: str, model: str, **options: Any) -> dict[str, Any]:
    key = f"env:KEY_OF_{provider.upper()}"
    return {
        "model": f"{provider}/{model}",
        "api_key": key,
        "base_url": emulator.url(provider),
        **options,
    }


def write(path: Path, **sections: Any) -> Path:
    path.write_text(json.dumps(sections))
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "route.yaml"


@pytest.mark.parametrize("verb", VERBS)
def test_a_file_is_a_router(path: Path, emulator: Emulator, verb: str) -> None:
    models = [entry(emulator, "groq", "m-1"), entry(emulator, "openai", "m-2")]
    write(path, models=models, options={"max_tokens": 7})
    emulator.script("groq", [Overloaded()] * 3)
    model = ScoutRouterChatModel.from_file(path, max_retries=0)
    answer = run_model(model, verb)
    assert answer.response_metadata["scout"]["provider"] == "openai"
    assert [exchange.body["model"] for exchange in emulator.log] == ["m-1", "m-2"]
    assert emulator.log[0].body["max_tokens"] == 7


def test_a_call_chooses_a_route_by_name(path: Path, emulator: Emulator) -> None:
    routes = {
        "fast": {"models": [entry(emulator, "groq", "m-1")]},
        "deep": {"models": [entry(emulator, "openai", "m-2")], "options": {"max_tokens": 9}},
    }
    write(path, routes=routes)
    model = ScoutRouterChatModel.from_file(path)
    model.invoke("Hello")
    model.invoke("Hello", model="deep")
    model.bind(model="deep").invoke("Hello")
    ScoutRouterChatModel.from_file(path, route="deep").invoke("Hello")
    bodies = [(exchange.body["model"], exchange.output_tokens <= 9) for exchange in emulator.log]
    assert [name for name, _ in bodies] == ["m-1", "m-2", "m-2", "m-2"]
    assert all(short for name, short in bodies if name == "m-2")
    assert model.explain("Hello", model="deep").rows[0].model == "m-2"
    with pytest.raises(ConfigurationError, match=r"no route 'other' .* it has fast, deep"):
        ScoutRouterChatModel.from_file(path, route="other")


def test_entries_of_a_lower_order_come_first_whatever_the_strategy(emulator: Emulator) -> None:
    names = ["b", "a", "c"]
    orders = {"a": 1, "b": 2, "c": 2}
    models = [entry(emulator, "groq", name, order=orders[name], weight=1) for name in names]
    for strategy in get_args(StrategyName):
        model = ScoutRouterChatModel(models=models, strategy=strategy)
        assert model.explain("Hello").rows[0].model == "a"
    with pytest.raises(ConfigurationError, match="order=0 of an entry must be a whole number"):
        ScoutRouterChatModel(models=[entry(emulator, "groq", "a", order=0)])


@pytest.mark.parametrize("strategy", get_args(StrategyName))
def test_a_file_may_have_every_strategy(path: Path, strategy: str) -> None:
    write(path, models=["ollama/a", "ollama/b"], strategy=strategy)
    assert ScoutRouterChatModel.from_file(path).strategy == strategy


def test_prices_budgets_and_log_of_the_file_hold(path: Path, emulator: Emulator) -> None:
    log = path.with_name("audit.jsonl")
    write(
        path,
        models=[entry(emulator, "groq", "mine")],
        options={"max_tokens": 10},
        prices={"groq": {"mine": {"input": 0.1, "output": 0.1}}},
        budgets=[{"limit_usd": "0.30", "per": "day"}],
        audit={"path": str(log)},
    )
    model = ScoutRouterChatModel.from_file(path)
    with pytest.raises(BudgetExceeded):  # noqa: PT012  # some call of many
        while True:
            model.invoke("Hi")
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert {row["model"] for row in rows if "model" in row} == {"mine"}
    answered = [row for row in rows if row["event"] == "llm_attempt" and row["outcome"] == "ok"]
    assert 0 < sum(row["cost"] for row in answered) <= 0.30


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models:\n- groq/a\n- nobody/b\n", "line 3: no provider is registered as 'nobody'"),
        ("models:\n- model: groq/a\n  wieght: 1\n", "line 2: .*did you mean weight="),
        ("models:\n- model: groq/a\n  weight: -1\n", "line 3: models.0.weight"),
        ("models: [groq/a]\nstrategy: best\n", "line 2: strategy: "),
        ("models: [groq/a]\noptions: {max_retries: many}\n", "line 2: .*max_retries"),
        ("models: [groq/a]\noptions:\n  temprature: 1\n", "line 3: .*temperature="),
        ("models: []\n", "line 1: models: "),
        ("models: [groq/a]\nbudgets:\n- limit_usd: 1\n  per: week\n", "line 4: budgets.0.per"),
        ("models: [groq/a]\nroutes: {a: {models: [groq/a]}}\n", "either `models` or `routes`"),
        ("models: [groq/a]\nprices: {groq: {a: {input: -1}}}\n", "line 2: prices.groq.a.input"),
        ("models: [groq/a]\nprices: {groq: {a: {input: .nan}}}\n", "line 2: prices.groq.a.input"),
        ("models:\n- gsk_CANARY0123456789\n", r"line 2: no provider has a model '\[redacted\]'"),
        ("", "a route file is a mapping"),
    ],
)
def test_errors_have_their_line(path: Path, text: str, message: str) -> None:
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message) as refusal:
        ScoutRouterChatModel.from_file(path)
    assert str(refusal.value).startswith(str(path))


def test_a_file_that_cannot_be_read_is_named(path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"route\.yaml cannot be read: No such file"):
        ScoutRouterChatModel.from_file(path)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="is no text in UTF-8"):
        ScoutRouterChatModel.from_file(path)
    with pytest.raises(ConfigurationError, match="null byte"):
        ScoutRouterChatModel.from_file("route\0.yaml")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no file without an end")
def test_a_file_without_an_end_is_not_read_to_its_end() -> None:
    with pytest.raises(ConfigurationError, match=r"/dev/zero has more than 1,000,000 characters"):
        ScoutRouterChatModel.from_file("/dev/zero")


def test_a_key_in_the_file_is_taken_and_its_line_named(
    path: Path, emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    path.write_text(
        f"models:\n- model: groq/a\n  base_url: {emulator.url('groq')}\n  api_key: k-groq\n"
    )
    ScoutRouterChatModel.from_file(path).invoke("Hello")
    warnings = [record for record in caplog.records if "a key stands" in record.getMessage()]
    assert [record.levelno for record in warnings] == [logging.WARNING]
    assert "line 4: a key stands in the file" in warnings[0].getMessage()
    assert "k-groq" not in caplog.text


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


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_a_time_between_looks_that_is_none_is_refused(path: Path, seconds: float) -> None:
    write(path, models=["ollama/a"])
    if seconds == 0.0:
        assert ScoutRouterChatModel.from_file(path, watch=seconds).candidates == ["ollama/a"]
        return
    with pytest.raises(ConfigurationError, match="watch="):
        ScoutRouterChatModel.from_file(path, watch=seconds)
