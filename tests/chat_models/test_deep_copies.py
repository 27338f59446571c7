"""Deep copies share what holds sockets, locks or counts, used or not, in every place of a model."""

from __future__ import annotations

import copy
import ssl
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from langchain_core.rate_limiters import InMemoryRateLimiter

from scout_adapters import (
    ScoutAuditCallbackHandler,
    ScoutBudgetCallbackHandler,
    ScoutCostCallbackHandler,
    ScoutEmbeddings,
    ScoutRouterChatModel,
    init_scout_model,
)
from scout_adapters.chat_models.configurable import ScoutConfigurableChatModel
from scout_adapters.llm.transport import Transport
from scout_adapters.testing import Emulator
from tests.support.verbs import VERBS, Verb, run_model

MODEL = "groq/openai/gpt-oss-120b"


class LockedKey:
    """A source of a key, or a strategy, with a lock of its own, as clients of vaults have."""

    def __init__(self) -> None:
        self.lock = threading.Lock()

    def __call__(self, *_: Any) -> Any:
        return "k-good"


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "a transport": lambda: {"transport": Transport(trust_env=False)},
    "an httpx transport": lambda: {"transport": httpx.HTTPTransport()},
    "an emulator": lambda: {"transport": Emulator().transport()},
    "a source of keys": lambda: {"api_key": LockedKey()},
    "sources of keys": lambda: {"api_keys": ["k", LockedKey()]},
    "certificates": lambda: {"verify": ssl.create_default_context()},
}


def part_of(model: Any, name: str) -> Any:
    """Return a field of a model or of its first entry, where a single key is in a list."""
    if isinstance(model, ScoutConfigurableChatModel):
        return model.options[name]
    if not isinstance(model, ScoutRouterChatModel):
        return getattr(model, name)
    entry = model.models[0]
    return entry[name] if name in entry else entry[f"{name}s"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("where", ["a model", "an entry", "embeddings", "a configurable model"])
def test_a_deep_copy_shares_what_cannot_be_copied(part: str, where: str) -> None:
    options = PARTS[part]()
    (name,) = options
    model: Any
    if where == "a model":
        model = init_scout_model(MODEL, **options)
    elif where == "a configurable model":
        model = init_scout_model(MODEL, configurable_fields="any", **options)
    elif where == "an entry":
        model = ScoutRouterChatModel(models=[{"model": MODEL, **options}])
    else:
        model = ScoutEmbeddings(model="openai/text-embedding-3-small", **options)
    for other in (copy.deepcopy(model), model.model_copy(deep=True)):
        assert part_of(other, name) is part_of(model, name)


def test_a_deep_copy_of_a_router_shares_limiters_and_strategies() -> None:
    limiter, strategy = InMemoryRateLimiter(), LockedKey()
    entry = {"model": MODEL, "rate_limiter": limiter}
    other = copy.deepcopy(ScoutRouterChatModel(models=[entry], strategy=strategy))
    assert part_of(other, "rate_limiter") is limiter
    assert other.strategy is strategy


@pytest.mark.parametrize("verb", VERBS)
def test_a_copy_of_a_used_model_answers_over_the_same_transport(
    emulator: Emulator, verb: Verb
) -> None:
    with emulator.serve():
        transport = Transport(trust_env=False)
        model = init_scout_model(
            MODEL, base_url=emulator.url("groq"), api_key="k", transport=transport
        )
        for _ in range(2):
            assert run_model(model, verb).text
            assert run_model(copy.deepcopy(model), verb).text
    assert len(emulator.log) == 4


def test_deep_copies_of_models_and_chains_report_to_the_same_handlers(
    emulator: Emulator, tmp_path: Any
) -> None:
    costs = ScoutCostCallbackHandler()
    budget = ScoutBudgetCallbackHandler(limit_usd=1)
    audit = ScoutAuditCallbackHandler(tmp_path / "audit.jsonl")
    entry = {"model": MODEL, "api_key": "k", "transport": emulator.transport()}
    model = ScoutRouterChatModel(models=[entry], callbacks=[costs, budget, audit])
    copy.deepcopy(model).invoke("Hello")
    bare = ScoutRouterChatModel(models=[entry])
    copy.deepcopy(bare.with_config(callbacks=[costs, budget, audit])).invoke("Hello")
    assert costs.calls == 2
    assert budget.spent_usd == pytest.approx(costs.total_cost)
    assert (tmp_path / "audit.jsonl").read_text().count("llm_attempt") == 2
