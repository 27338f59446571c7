"""Routes in files: what a file sets applies."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import get_args

import pytest

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import BudgetExceeded, ConfigurationError
from scout_adapters.llm.option_names import StrategyName
from scout_adapters.testing import Emulator, Overloaded
from tests.chat_models.route_parts import emulator, entry, keys_of_routes, path, write
from tests.support.verbs import VERBS, run_model

__all__ = ["emulator", "keys_of_routes", "path"]


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


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_a_time_between_looks_that_is_none_is_refused(path: Path, seconds: float) -> None:
    write(path, models=["ollama/a"])
    if seconds == 0.0:
        assert ScoutRouterChatModel.from_file(path, watch=seconds).candidates == ["ollama/a"]
        return
    with pytest.raises(ConfigurationError, match="watch="):
        ScoutRouterChatModel.from_file(path, watch=seconds)
