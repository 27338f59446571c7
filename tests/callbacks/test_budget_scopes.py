"""Limits for each call, each run and each value of a scope."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda

from scout_adapters import ScoutBudgetCallbackHandler, ScoutOpenAIChatModel
from scout_adapters.errors import BudgetExceeded, ConfigurationError
from scout_adapters.testing import Emulator, NotJson
from tests.callbacks.budgets import SMALL, both, groq, refused_in_the_end

pytestmark = pytest.mark.usefixtures("prices")


def test_a_limit_for_each_call_is_for_all_of_its_attempts_and_for_no_other_call(
    emulator: Emulator,
) -> None:
    budget = ScoutBudgetCallbackHandler(1.5, per="call")
    model, config = groq(emulator, max_retries=3), {"callbacks": [budget]}
    for _ in range(20):
        model.invoke("hi", config)
    assert budget.balances == []  # calls that ended keep no balance
    emulator.script("groq", [NotJson()])
    with pytest.raises(BudgetExceeded):  # the first answer may be on the bill
        both(emulator, model=SMALL).invoke("hi", config)
    assert [request.provider for request in emulator.log][-1] == "groq"


def test_a_limit_for_each_run_is_for_all_calls_of_a_chain(emulator: Emulator) -> None:
    budget = ScoutBudgetCallbackHandler(1.5, per="run")
    model = groq(emulator)
    thrice = RunnableLambda(lambda text: [model.invoke(text) for _ in range(30)])
    for _ in range(2):
        before = len(emulator.log)
        with pytest.raises(BudgetExceeded):
            thrice.invoke("hi", {"callbacks": [budget]})
        assert len(emulator.log) > before + 1
    assert budget.balances == []


def test_a_scope_has_a_limit_for_each_of_its_values(emulator: Emulator) -> None:
    config: Any = {"callbacks": [ScoutBudgetCallbackHandler(1.2, scope="user")]}
    model = groq(emulator)
    for user in ("ada", "bob"):
        config["metadata"] = {"user_id": user}
        error = refused_in_the_end(lambda: model.invoke("hi", config))
        assert f", user={user}: " in str(error)
    (budget,) = config["callbacks"]
    assert [balance.account.scope for balance in budget.balances] == ["user=ada", "user=bob"]


@pytest.mark.parametrize(
    ("scope", "counted"),
    [
        ("tag", {"tag=a", "tag=b"}),
        ({"tag": "a"}, {"tag=a"}),
        ({"tag": "c"}, set()),
        ("provider", {"provider=groq"}),
        ("model", {"model=groq/small"}),
        ({"provider": "openai"}, set()),
        ({"user": "ada"}, {"user=ada"}),
    ],
)
def test_a_budget_counts_the_calls_that_it_is_for(
    scope: Any, counted: set[str], emulator: Emulator
) -> None:
    budget = ScoutBudgetCallbackHandler(5, scope=scope)
    config: Any = {"callbacks": [budget], "tags": ["a", "b"], "metadata": {"user_id": "ada"}}
    groq(emulator).invoke("hi", config)
    assert {balance.account.scope for balance in budget.balances if balance.spent} == counted


def test_limits_may_differ_by_name(emulator: Emulator) -> None:
    budget = ScoutBudgetCallbackHandler({"groq": 5, "openai": "0.001"}, scope="provider")
    config: Any = {"callbacks": [budget]}
    groq(emulator).invoke("hi", config)
    openai = ScoutOpenAIChatModel(
        model=SMALL, api_key="sk", max_tokens=100, transport=emulator.transport()
    )
    with pytest.raises(BudgetExceeded, match=r"of \$0.001 "):
        openai.invoke("hi", config)


@pytest.mark.parametrize("path", [None, "budgets.db"])
@pytest.mark.parametrize("per", ["total", "thread"])
@pytest.mark.parametrize("name", ["\ud800", "u" * 10_000, "é" * 400, "a\0b"])
def test_a_name_from_a_request_is_kept_in_limited_length(
    name: str, per: Any, path: str | None, emulator: Emulator, tmp_path: Path
) -> None:
    file = tmp_path / path if path else None
    budget = ScoutBudgetCallbackHandler(5, scope="user", per=per, path=file)
    for user in (name, f"{name}2"):
        about = {"user_id": user, "thread_id": user}
        groq(emulator).invoke("hi", {"callbacks": [budget], "metadata": about})
    scopes = {balance.account.scope for balance in budget.balances if balance.spent}
    windows = {balance.account.window for balance in budget.balances}
    assert len(scopes) == 2
    assert max(map(len, scopes | windows)) < 1000


@pytest.mark.parametrize(
    "options",
    [
        {"scope": 5},
        {"scope": ["user"]},
        {"scope": {"user": ["ada"]}},
        {"scope": {"user": "ada", "tag": "a"}},
        {"per": []},
        {"on_exceeded": []},
        {"unpriced": "pass"},
    ],
)
def test_an_option_of_another_type_is_refused(options: Any) -> None:
    with pytest.raises(ConfigurationError):
        ScoutBudgetCallbackHandler(5, **options)
