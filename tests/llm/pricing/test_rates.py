"""Prices by kind of token, length, tier and fee: exact, from the user's table or the shipped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import genai_prices
import pytest
from genai_prices import data_snapshot
from genai_prices.types import (
    ClauseEquals,
    ConditionalPrice,
    ModelInfo,
    ModelPrice,
    Provider,
    StartDateConstraint,
    TimeOfDateConstraint,
)
from langchain_core.messages.ai import UsageMetadata

from scout_adapters.llm.pricing import catalog
from scout_adapters.llm.pricing.price_list import PRICING, cost_of, estimate_cost_usd, sum_usd
from scout_adapters.llm.pricing.rates import Rates, TokenCounts, requested_service

DETAILS: dict[str, Any] = {
    "cache_read": 300,
    "ephemeral_5m_input_tokens": 200,
    "ephemeral_1h_input_tokens": 100,
}


def used(input_tokens: int, output_tokens: int, into: Any = None, out: Any = None) -> UsageMetadata:
    usage = UsageMetadata(
        input_tokens=input_tokens,
        output_tokens=output_tokens,
        total_tokens=input_tokens + output_tokens,
    )
    if into:
        usage["input_token_details"] = into
    if out:
        usage["output_token_details"] = out
    return usage


@pytest.fixture(autouse=True)
def own() -> Iterator[dict[str, float]]:
    """Give the model `m` of `p` prices by the user."""
    PRICING["p"] = {"m": {"input": 0.001, "output": 0.01}}
    yield PRICING["p"]["m"]
    PRICING.pop("p", None)
    data_snapshot.set_custom_snapshot(None)


def usd(usage: UsageMetadata, /, **metadata: Any) -> Decimal:
    cost = cost_of("p", "m", usage, metadata=metadata)
    return Decimal(repr(cost.usd))


@pytest.mark.parametrize("size", [1000, 250_000])
@pytest.mark.parametrize("details", [{}, DETAILS])
def test_every_shipped_price_comes_to_what_genai_prices_makes_of_it(
    size: int, details: Any
) -> None:
    compared = 0
    for provider in data_snapshot.get_snapshot().providers:
        for model in provider.models:
            theirs = _theirs(provider, model, size, details)
            thoughts = {"reasoning": 60}
            mine = cost_of(
                "-", model.id, used(size, 100, details, thoughts), prices=provider.id
            ).usd
            if mine is not None and theirs is not None:
                assert mine == float(theirs), (provider.id, model.id)
                compared += 1
    assert compared > 1500


def _theirs(provider: Provider, model: ModelInfo, size: int, details: Any) -> Decimal | None:
    hour = details.get("ephemeral_1h_input_tokens", 0)
    usage = genai_prices.Usage(
        input_tokens=size,
        output_tokens=100,
        output_reasoning_tokens=60,
        cache_read_tokens=details.get("cache_read", 0),
        cache_write_tokens=details.get("ephemeral_5m_input_tokens", 0) + hour,
        cache_write_1h_tokens=hour,
    )
    try:
        price = genai_prices.calc_price(usage, model.id, provider_id=provider.id)
    except (LookupError, ValueError):
        return None
    return price.total_price


def test_each_kind_of_token_has_its_price(own: dict[str, float]) -> None:
    own |= {"cache_read": 0.0001, "cache_write": 0.002, "cache_write_1h": 0.003, "reasoning": 0.02}
    usage = used(1000, 100, DETAILS, {"reasoning": 40})
    assert usd(usage) == Decimal("0.4") / 1000 + Decimal("0.00003") + Decimal("0.0004") + Decimal(
        "0.0003"
    ) + Decimal("0.0006") + Decimal("0.0008")


def test_kinds_without_a_price_cost_what_the_rest_costs() -> None:
    sounds = used(1000, 100, {"cache_read": 400, "audio": 100}, {"audio": 50, "reasoning": 10})
    assert usd(sounds) == usd(used(1000, 100)) == Decimal("0.002")


def test_sound_and_pictures_have_their_prices(own: dict[str, float]) -> None:
    own |= {"input_audio": 0.004, "output_audio": 0.08, "output_image": 0.03, "input_image": 0.002}
    usage = used(1000, 100, {"audio": 100, "image": 200}, {"audio": 10, "image": 20})
    assert usd(usage) == Decimal("0.0007") + Decimal("0.0008") + Decimal("0.0021")


def test_fees_are_for_each_request_and_search(own: dict[str, float]) -> None:
    own |= {"request": 0.005, "web_search": 0.01}
    assert usd(used(0, 0)) == Decimal("0.005")
    usage = {"server_tool_use": {"web_search_requests": 3}}
    assert usd(used(0, 0), usage=usage) == Decimal("0.035")


def test_a_longer_prompt_costs_more_from_its_first_token_on(own: dict[str, float]) -> None:
    own |= {"input@1000": 0.002, "output@1000": 0.02}
    assert usd(used(1000, 100)) == Decimal("0.002")
    assert usd(used(1001, 100)) == Decimal("0.004002")


@pytest.mark.parametrize("tier", ["flex", "priority", "batch"])
def test_a_tier_has_its_prices_where_the_answer_names_it(tier: str, own: dict[str, float]) -> None:
    own |= {f"{tier}_input": 0.0005, "input@5000": 0.01, f"{tier}_input@5000": 0.02}
    assert usd(used(1000, 0), service_tier=tier) == Decimal("0.0005")
    assert usd(used(1000, 0), service_tier="default") == Decimal("0.001")
    assert usd(used(10_000, 0), service_tier=tier) == Decimal("0.2")


def test_the_tier_is_also_read_from_the_names_of_the_counts() -> None:
    """As ChatOpenAI names them: `flex` counts what is in no other kind."""
    into, out = {"flex": 600, "flex_cache_read": 400}, {"flex": 60, "flex_reasoning": 40}
    cost = cost_of("openai", "gpt-5", used(1000, 100, into, out))
    assert cost.usd == pytest.approx((600 * 0.625 + 400 * 0.0625 + 100 * 5) / 1e6, rel=1e-12)
    assert cost.priced_by == f"genai-prices {genai_prices.__version__} flex"


def test_a_tier_that_is_on_no_list_costs_an_unknown_amount(
    caplog: pytest.LogCaptureFixture,
) -> None:
    for _ in range(2):
        cost = cost_of("openai", "gpt-5", used(10, 10), metadata={"service_tier": "unheard-of"})
        assert (cost.usd, cost.source, cost.priced_by) == (None, None, None)
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_missing_price_is_unknown_and_not_zero(own: dict[str, float]) -> None:
    del own["output"]
    assert cost_of("p", "m", used(10, 0)).usd == pytest.approx(1e-5)
    assert cost_of("p", "m", used(10, 10)).usd is None


def test_a_key_that_means_nothing_is_named_once(
    own: dict[str, float], caplog: pytest.LogCaptureFixture
) -> None:
    own["cached_reed"] = 0.5
    assert usd(used(1000, 100)) == usd(used(1000, 100)) == Decimal("0.002")
    assert [record.message for record in caplog.records if "cached_reed" in record.message] != []
    assert len(caplog.records) == 1


def test_anthropic_s_surcharge_for_one_country_is_on_all_tokens() -> None:
    usage = used(1000, 1000)
    usual = cost_of("anthropic", "claude-sonnet-4-5", usage)
    metadata = {"usage": {"inference_geo": "us"}}
    more = cost_of("anthropic", "claude-sonnet-4-5", usage, metadata=metadata)
    assert (usual.usd, more.usd) == (0.018, 0.0198)


def test_costs_add_up_to_the_last_digit() -> None:
    costs = [cost_of("openai", "gpt-5-nano", used(7, 3)).usd or 0.0] * 1000
    assert sum_usd(costs) == Decimal("0.001550")
    assert sum(costs) != float(sum_usd(costs))


def _snapshot(prices: Any) -> data_snapshot.DataSnapshot:
    model = ModelInfo(id="m2", match=ClauseEquals("m2"), prices=prices)
    provider = Provider(id="q", name="q", api_pattern="q", models=[model])
    return data_snapshot.DataSnapshot(providers=[provider], from_auto_update=True)


def _flat(price: str) -> ModelPrice:
    return ModelPrice(input_mtok=Decimal(price), output_mtok=Decimal(price))


def test_prices_that_are_fetched_anew_hold_at_once() -> None:
    for price in ("1", "2"):
        snapshot = _snapshot(_flat(price))
        data_snapshot.set_custom_snapshot(snapshot)
        cost = cost_of("q", "m2", used(1_000_000, 0))
        assert cost.usd == float(price)
        assert cost.priced_by == f"genai-prices {snapshot.timestamp:%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize("kind", ["day", "hour"])
def test_a_price_holds_from_its_hour_on(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime(2027, 1, 2, tzinfo=UTC)
    constraint: Any = StartDateConstraint(start.date())
    if kind == "hour":
        constraint = TimeOfDateConstraint(time(0, 0), time(1, 0))
    prices = [ConditionalPrice(prices=_flat("1")), ConditionalPrice(constraint, prices=_flat("3"))]
    data_snapshot.set_custom_snapshot(_snapshot(prices))
    for moment, price in ((start - timedelta(seconds=30), 1), (start + timedelta(seconds=30), 3)):
        monkeypatch.setattr(catalog, "clock", moment.timestamp)
        assert cost_of("q", "m2", used(1_000_000, 0)).usd == price


@pytest.mark.parametrize("write", ["0.0833", "0.375", None])
def test_tokens_that_were_read_and_written_are_subtracted_once_from_other_input(
    write: str | None,
) -> None:
    prices = {"input": Decimal("0.3"), "output": Decimal(1), "cache_read": Decimal("0.03")}
    if write is not None:
        prices["cache_write"] = Decimal(write)
    counts = TokenCounts(input=2168, cache_read=2161, cache_write=2161)
    expected = 7 * prices["input"] + 2161 * prices["cache_read"]
    expected += 2161 * Decimal(write or 0) if write else 0
    billed = Rates(prices).usd(counts, Decimal(1))
    assert billed is not None
    assert abs(billed - expected) <= 7 * Decimal("0.3")
    assert billed > 0


class SecondThread(logging.Handler):
    """While a warning is handled, prices the same model in another thread."""

    def __init__(self, price: Callable[[], None]) -> None:
        super().__init__()
        self.price = price
        self.messages: list[str] = []

    def filter(self, record: logging.LogRecord) -> bool:  # it holds no lock, as `emit` does
        self.messages.append(record.getMessage())
        if len(self.messages) == 1:
            thread = threading.Thread(target=self.price)
            thread.start()
            thread.join()
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Show nothing."""


def price_of_nobody() -> None:
    usd = estimate_cost_usd(provider="nobody", model="unheard-of", input_tokens=1, output_tokens=1)
    assert usd is None


def price_of_an_unknown_kind() -> None:
    PRICING["p"]["m"]["typo-of-two-threads"] = 1.0
    cost_of("p", "m", used(1, 1))


def price_below_zero() -> None:
    PRICING["p"]["m"]["web_search"] = -0.25
    cost_of("p", "m", used(1, 1))


@pytest.mark.parametrize("price", [price_of_nobody, price_of_an_unknown_kind, price_below_zero])
def test_two_threads_at_once_warn_once_of_a_price(price: Callable[[], None]) -> None:
    logger, handler = logging.getLogger("scout_adapters"), SecondThread(price)
    logger.addHandler(handler)
    try:
        price()
    finally:
        logger.removeHandler(handler)
    assert len(handler.messages) == 1


@pytest.mark.parametrize(
    ("body", "tier"),
    [
        ({"serviceTier": {"type": "default"}}, ""),
        ({"serviceTier": {"type": "priority"}}, "priority"),
        ({"service_tier": "flex"}, "flex"),
        ({"serviceTier": {"type": None}}, ""),
    ],
)
def test_the_tier_of_a_request_is_a_text_or_an_object(body: dict[str, Any], tier: str) -> None:
    assert requested_service(body).tier == tier
