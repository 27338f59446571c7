"""Money never runs backwards: no hold, bill or balance is below zero, whatever figures come."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from langchain_core.messages import AIMessage, HumanMessage

from scout_adapters import (
    ScoutAnthropicChatModel,
    ScoutAuditCallbackHandler,
    ScoutBudgetCallbackHandler,
    ScoutCostCallbackHandler,
    ScoutGoogleChatModel,
    ScoutGroqChatModel,
    ScoutOpenAIChatModel,
    ScoutOpenRouterChatModel,
    ScoutRouterChatModel,
)
from scout_adapters.audit import read_rows
from scout_adapters.audit.retention import open_intents
from scout_adapters.budget import Account, Balance, BudgetStore, Hold, MemoryBudgets
from scout_adapters.callbacks.open_calls import OtherModelCall
from scout_adapters.callbacks.other_model_proposal import OtherModelProposal
from scout_adapters.errors import ScoutError
from scout_adapters.llm.adapters.results import ProviderResult
from scout_adapters.llm.engine.cost_bound import cost_bound_at
from scout_adapters.llm.engine.record import run_of
from scout_adapters.llm.pricing.price_list import PRICING, estimate_cost_usd
from scout_adapters.llm.providers import ProviderClient, registry
from scout_adapters.testing import Emulator
from tests.budget.conftest import store
from tests.callbacks.budgets import LARGE, SMALL, Ask, groq
from tests.support.fake_http import GROQ, FakeAnswers, FakeProviders
from tests.support.redis_server import redis, shared_server

__all__ = ["redis", "shared_server", "store"]

pytestmark = pytest.mark.usefixtures("prices")

ABSURD = ["-100", "-0.0001", "9.3e9", "1e18", "1e400", "-1e400", "NaN", "1" + "0" * 400]
STATED = [
    '{"cost": %s}',
    '{"cost_in_usd_ticks": %s0000000000}',
    '{"cost": {"total_cost": %s}}',
    '{"cost": %s, "is_byok": true, "cost_details": {"upstream_inference_cost": 1000}}',
    '{"cost": 0.01, "is_byok": true, "cost_details": {"upstream_inference_cost": %s}}',
]


class Stating:
    """Answers like Groq, with further fields of `usage` as JSON text."""

    def __init__(self, usage: str, counts: dict[str, int] | None = None) -> None:
        counted = counts or FakeAnswers.USAGE
        self._usage = json.dumps(counted)[:-1] + (", " + usage[1:] if len(usage) > 2 else "}")

    def __call__(self, request: httpx.Request) -> httpx.Response:
        streams = json.loads(request.content).get("stream")
        message = {"role": "assistant", "content": "hello"}
        choice = {"index": 0, "delta" if streams else "message": message, "finish_reason": "stop"}
        body = json.dumps({"id": "c1", "choices": [choice]})[:-1] + f', "usage": {self._usage}}}'
        if not streams:
            return httpx.Response(200, content=body, headers={"content-type": "application/json"})
        return httpx.Response(
            200,
            content=f"data: {body}\n\ndata: [DONE]\n\n",
            headers={"content-type": "text/event-stream"},
        )


@pytest.fixture
def providers() -> FakeProviders:
    return FakeProviders()


def answer_of(providers: FakeProviders, ask: Ask, handlers: list[Any], **options: Any) -> AIMessage:
    transport = providers.transport
    fields = {"model": SMALL, "api_key": "k", "max_tokens": 9, "transport": transport}
    model = ScoutGroqChatModel(**fields | options)
    answer: AIMessage = ask(model, "hi", {"callbacks": handlers})
    return answer


@pytest.mark.parametrize("figure", ABSURD)
@pytest.mark.parametrize("stated", STATED)
def test_an_absurd_cost_is_no_cost_and_takes_no_answer_away(
    stated: str,
    figure: str,
    ask: Ask,
    providers: FakeProviders,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if "ticks" in stated and figure in {"NaN", "1e400", "-1e400", "9.3e9", "1e18", "-0.0001"}:
        pytest.skip("no number with zeros behind it")
    providers.on(GROQ, Stating(stated % figure))
    path = tmp_path / "audit.jsonl"
    budget = ScoutBudgetCallbackHandler(5, path=tmp_path / "budgets.db")
    costs = ScoutCostCallbackHandler()
    audit = ScoutAuditCallbackHandler(path)
    with caplog.at_level(logging.WARNING):
        answer = answer_of(providers, ask, [audit, budget, costs])
    assert answer.text == "hello"
    assert answer.response_metadata["scout"]["cost_usd"] == pytest.approx(0.015)  # by its tokens
    assert costs.total_cost == budget.spent_usd == pytest.approx(0.015)
    (balance,) = budget.balances
    assert (balance.held, balance.uncertain, balance.overage) == (0, 0, 0)
    assert not open_intents(path)
    assert "is refused" in [row for row in read_rows(path) if "cost" in row][-1]["reason"]
    assert "is refused" in caplog.text


@pytest.mark.parametrize(
    "counts",
    [
        {"prompt_tokens": -(10**6), "completion_tokens": 5},
        {"prompt_tokens": 10, "completion_tokens": -(10**6)},
        {"prompt_tokens": -5, "completion_tokens": -5, "total_tokens": -10},
        {"prompt_tokens": 10**14, "completion_tokens": 10**14},
        {"prompt_tokens": 10, "completion_tokens": 5, "prompt_cache_hit_tokens": -(10**9)},
    ],
)
def test_absurd_tokens_credit_nothing_and_take_no_answer_away(
    counts: dict[str, int], ask: Ask, providers: FakeProviders, tmp_path: Path
) -> None:
    providers.on(GROQ, Stating("{}", counts))
    budget = ScoutBudgetCallbackHandler(5, path=tmp_path / "budgets.db")
    costs = ScoutCostCallbackHandler()
    answer = answer_of(providers, ask, [budget, costs])
    assert answer.text == "hello"
    usage = answer.usage_metadata
    assert (
        usage is None
        or min(usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) >= 0
    )
    (balance,) = budget.balances
    assert balance.held == 0
    assert balance.spent > 0
    assert costs.total_cost >= 0


@pytest.mark.parametrize("price", [-1.0, float("nan"), float("inf"), "much", None])
def test_a_price_that_is_no_amount_of_dollars_is_logged_and_not_used(
    price: Any, caplog: pytest.LogCaptureFixture
) -> None:
    PRICING["groq"] = {SMALL: {"input": price, "output": 1.0}}
    with caplog.at_level(logging.WARNING):
        cost = estimate_cost_usd(provider="groq", model=SMALL, input_tokens=10, output_tokens=10)
    assert cost is None
    assert "PRICING has a price that is no amount of dollars, 'input'" in caplog.text
    bound = cost_bound_at("groq", SMALL, input_tokens=10, output_tokens=10)
    assert bound.nano is None


class Amounts(MemoryBudgets):
    """A store that keeps the amounts that were held."""

    def __init__(self) -> None:
        super().__init__()
        self.amounts: list[int] = []

    def hold(
        self, accounts: Sequence[Account], amount: int, *, beyond: bool = False
    ) -> Hold | Balance:
        self.amounts.append(amount)
        return super().hold(accounts, amount, beyond=beyond)


def amount_held(make: Any, messages: Any = "hi", **options: Any) -> int:
    """Return the nano-dollars held for a request that the provider then refuses."""
    refuses = httpx.MockTransport(lambda _: httpx.Response(400, json={"error": {"message": "no"}}))
    store = Amounts()
    budget = ScoutBudgetCallbackHandler(10**6, store=store)
    model = make(api_key="sk-x", transport=refuses, **options)
    with pytest.raises(ScoutError):
        model.invoke(messages, {"callbacks": [budget]})
    assert [balance.held + balance.spent for balance in budget.balances] == [0]
    return store.amounts[0]


@pytest.mark.parametrize("bound", [-1, -(10**6), 0, "x", float("nan"), -(10**300)])
@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        (ScoutGroqChatModel, "llama-3.3-70b-versatile", "max_tokens"),
        (ScoutGroqChatModel, "llama-3.3-70b-versatile", "n"),
        (ScoutOpenAIChatModel, "gpt-4o-mini", "max_completion_tokens"),
        (ScoutGoogleChatModel, "gemini-2.5-flash", "maxOutputTokens"),
        (ScoutGoogleChatModel, "gemini-2.5-flash", "candidateCount"),
        (ScoutAnthropicChatModel, "claude-sonnet-4-5", "max_tokens"),
    ],
)
def test_a_bound_below_one_holds_no_less_than_none(
    make: Any, model: str, name: str, bound: Any
) -> None:
    plain = amount_held(make, model=model)
    assert amount_held(make, model=model, model_kwargs={name: bound}) >= plain * 0.99 > 0


@pytest.mark.parametrize(
    ("make", "model", "fields", "times"),
    [
        (ScoutOpenAIChatModel, "gpt-4o-mini", {"max_tokens": 10_000}, 20),
        (ScoutOpenAIChatModel, "gpt-4o-mini", {"max_completion_tokens": 10_000}, 20),
        (ScoutOpenAIChatModel, "gpt-4o-mini", {"model": "gpt-4"}, 100),
        (ScoutOpenAIChatModel, "gpt-4o-mini", {"tools": [{"type": "web_search"}]}, 50),
        (ScoutGoogleChatModel, "gemini-2.5-flash", {"maxOutputTokens": 60_000}, 50),
        (ScoutGoogleChatModel, "gemini-2.5-flash", {"tools": [{"googleSearch": {}}]}, 50),
        (ScoutAnthropicChatModel, "claude-sonnet-4-5", {"max_tokens": 60_000}, 8),
        (
            ScoutAnthropicChatModel,
            "claude-sonnet-4-5",
            {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
            5,
        ),
        (ScoutOpenRouterChatModel, "openai/gpt-4o-mini", {"models": ["openai/gpt-4"]}, 100),
        (ScoutOpenRouterChatModel, "openai/gpt-4o-mini", {"plugins": [{"id": "web"}]}, 160),
        (ScoutOpenRouterChatModel, "openai/gpt-4o-mini", {"preset": "mine"}, 50),
        (ScoutAnthropicChatModel, "claude-opus-5-5", {"speed": "fast"}, 1.9),
        (ScoutAnthropicChatModel, "claude-opus-4-6", {"inference_geo": "us"}, 1.09),
        (ScoutOpenAIChatModel, "gpt-4o-mini", {"service_tier": "PRIORITY"}, 1.6),
    ],
)
def test_the_hold_is_for_the_body_that_leaves(
    make: Any, model: str, fields: dict[str, Any], times: float
) -> None:
    plain = amount_held(make, model=model, max_tokens=100)
    assert amount_held(make, model=model, max_tokens=100, model_kwargs=fields) > plain * times


@pytest.mark.parametrize(
    "source",
    [
        {"type": "url", "url": "https://x.example/long.pdf"},
        {"type": "file", "file_id": "file_1"},
        {"type": "content", "content": [{"type": "document", "source": {"type": "url"}}]},
    ],
)
def test_a_document_elsewhere_is_held_for_by_the_model_s_window(source: dict[str, Any]) -> None:
    make, model = ScoutAnthropicChatModel, "claude-sonnet-4-5"
    plain = amount_held(make, model=model, max_tokens=100)
    message = HumanMessage([{"type": "document", "source": source}])  # type: ignore[list-item]  # a dict
    assert amount_held(make, [message], model=model, max_tokens=100) > plain * 30


@pytest.mark.parametrize(
    "options", [{"max_tokens": -(10**6)}, {"n": -1000}, {"max_completion_tokens": -1}]
)
def test_another_model_s_bound_below_one_holds_nothing_below_zero(options: dict[str, Any]) -> None:
    store = Amounts()
    budget = ScoutBudgetCallbackHandler(10**6, answer_tokens=50, store=store)
    run = run_of(uuid4(), None, None, None)
    call = OtherModelCall(run, "openai", SMALL, options.get("max_tokens"), [], options)
    budget.on_scout_attempt_admit(run, OtherModelProposal(call))
    assert store.amounts[0] > 0


def test_the_model_that_the_body_names_is_priced_and_recorded(
    ask: Ask, providers: FakeProviders
) -> None:
    providers.on(GROQ, Stating("{}"))
    costs = ScoutCostCallbackHandler()
    answer = answer_of(providers, ask, [costs], model_kwargs={"model": LARGE})
    assert providers.bodies[0]["model"] == LARGE
    assert answer.response_metadata["scout"]["cost_usd"] == pytest.approx(0.15)
    assert costs.by_model == {f"groq/{LARGE}": pytest.approx(0.15)}


@pytest.mark.parametrize("cost", [-1.0, float("nan"), float("inf"), 1e12, "much"])
async def test_a_function_s_absurd_cost_takes_no_answer_away(
    cost: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def call(**_: Any) -> ProviderResult:
        return ProviderResult("hello", cost, 10, 5, "m", "mine")

    monkeypatch.setenv("MINE_API_KEY", "k")
    registry.register("mine", ProviderClient(name="mine", call=call, env_key_name="MINE_API_KEY"))
    PRICING["mine"] = {"m": {"input": 1.0, "output": 1.0}}
    budget = ScoutBudgetCallbackHandler(5, answer_tokens=50, path=tmp_path / "b.db")
    model = ScoutRouterChatModel(models=["mine/m"])
    answer = await model.ainvoke("hi", {"callbacks": [budget]})
    assert answer.text == "hello"
    assert budget.spent_usd == pytest.approx(0.015)


def test_no_step_of_a_store_makes_an_amount_negative(store: BudgetStore) -> None:
    account = Account("b", "", "w", 100)
    hold = store.hold([account], -50)
    assert isinstance(hold, Hold)
    assert hold.amount == 0
    store.settle(hold, -70)
    (balance,) = store.balances("b")
    assert (balance.spent, balance.held) == (0, 0)
    late = store.hold([account], 30)
    assert isinstance(late, Hold)
    store.settle(late, 10)
    store.forget("b", "w")
    again = store.hold([account], 5)
    assert isinstance(again, Hold)
    store.settle(late, 10)
    (balance,) = store.balances("b")
    assert balance.held >= 0
    assert balance.spent >= 0


@pytest.mark.parametrize("amount", [1 << 63, 10**40])
def test_no_amount_is_too_large_for_a_store(store: BudgetStore, amount: int) -> None:
    hold = store.hold([Account("b", "", "w", 1 << 62)], amount, beyond=True)
    assert isinstance(hold, Hold)
    store.settle(hold, amount)
    store.settle(store.hold([Account("b", "", "w", 1 << 62)], amount, beyond=True), amount)  # type: ignore[arg-type]  # a hold
    (balance,) = store.balances("b")
    assert balance.spent >= 1 << 62
    assert balance.held == 0
    assert balance.left == 0


@pytest.mark.parametrize("limit", [1e10, "1e30", 10**20])
def test_a_limit_beyond_all_money_is_a_limit(
    limit: Any, emulator: Emulator, tmp_path: Path
) -> None:
    budget = ScoutBudgetCallbackHandler(limit, path=tmp_path / "b.db")
    assert groq(emulator).invoke("hi", {"callbacks": [budget]}).text
    assert budget.spent_usd > 0
