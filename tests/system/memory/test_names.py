"""What callers and providers can name is counted, cut and let go."""

from __future__ import annotations

import gc
import ssl
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from scout_adapters import ScoutCostCallbackHandler, ScoutGroqChatModel
from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters.callbacks import cost_handler
from scout_adapters.errors import ConfigurationError, InvalidKey, InvalidModelName
from scout_adapters.llm.engine import candidate
from scout_adapters.llm.engine.record import AttemptRecord, Run
from scout_adapters.llm.health import circuit_breaker, key_accounts
from scout_adapters.llm.health.circuit_breaker import circuit
from scout_adapters.llm.health.key_pool import KeyPool
from scout_adapters.llm.health.key_state import KeyState
from scout_adapters.llm.health.quota_left import QuotaLeft
from scout_adapters.llm.health.remembered_models import MAX_REMEMBERED
from scout_adapters.llm.pricing import catalog
from scout_adapters.llm.pricing.catalog import catalog_prices
from scout_adapters.llm.pricing.price_list import _warn_no_price, _warn_unknown_fee
from scout_adapters.llm.pricing.rates import ServiceTier
from scout_adapters.llm.profiles import limits
from scout_adapters.llm.profiles.limits import limits_of
from scout_adapters.llm.providers import registry
from scout_adapters.llm.router import retirement_notices
from scout_adapters.llm.router.retirement_notices import warn_of_retirements
from scout_adapters.llm.transport import pool as pools
from scout_adapters.llm.transport.network_options import NetworkOptions
from scout_adapters.llm.transport.over_h11 import H11Connection
from scout_adapters.llm.transport.pool import ConnectionPool
from tests.llm.transport.test_pool import exchange
from tests.system.memory.tenants import Tenants, play

LIMIT = 20


def test_circuits_of_addresses_are_bounded_but_those_in_use_are_shared() -> None:
    used = circuit("p", "https://used.example")
    own = id(circuit("p"))
    for number in range(circuit_breaker.MAX_UNUSED_CIRCUITS + 100):
        circuit("p", f"https://h{number}.example")
    gc.collect()
    assert len(circuit_breaker._breakers) <= circuit_breaker.MAX_UNUSED_CIRCUITS + 2
    assert circuit("p", "https://used.example") is used
    assert id(circuit("p")) == own, "a provider's own circuit is remembered without a client"


def test_what_is_known_of_models_at_a_key_is_bounded() -> None:
    state = KeyState("k")
    pool = KeyPool("p", [state])
    for number in range(MAX_REMEMBERED + 100):
        model = f"m-{number}"
        left = (QuotaLeft(counts="requests", left=1, until=9.0),)
        for turn, effect in enumerate(("mask", "cooldown", None)):
            lease = pool.lease(model, 1e9 * (3 * number + turn), crowd="never")
            assert lease is not None
            pool.record_quota(lease, model, left)
            if effect is None:
                pool.succeed(lease, model)
            else:
                pool.fail(lease, effect, now=0.0, model=model, retry_after=1.0)  # type: ignore[arg-type]  # a name of one
    newest = f"m-{MAX_REMEMBERED + 99}"
    for by_model in (state.ramps, state.model_cooldowns, state.quotas):
        assert len(by_model) <= MAX_REMEMBERED
    assert newest in state.ramps
    assert newest in state.quotas


def test_accounts_have_short_names() -> None:
    long = "org-" + "x" * 40_000
    assert len(key_accounts.account_name(long)) <= key_accounts.MAX_NAME
    assert key_accounts.account_name(long) != key_accounts.account_name(long + "y")
    assert key_accounts.account_name("org-1") == "org-1"


def test_prices_and_limits_of_models_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((catalog, "_cache"), (catalog, "_listed"), (limits, "_cache")):
        monkeypatch.setattr(module, name, BoundedDict(limit=LIMIT))
    spec = registry.spec("openai")
    before = {id(each): len(each) for each in kept_by_genai_prices()}
    for number in range(3 * LIMIT):
        limits_of(spec, f"m-{number}")
        catalog_prices("openai", f"gpt-4o-{number}", ServiceTier(f"tier-{number}", "", Decimal(1)))
    assert max(map(len, (catalog._cache, catalog._listed, limits._cache))) <= 2 * LIMIT
    assert all(len(each) - before[id(each)] <= 1 for each in kept_by_genai_prices())
    for function in (_warn_no_price, _warn_unknown_fee):
        assert function.cache_info().maxsize


def test_models_without_a_date_of_their_end_are_not_remembered() -> None:
    route = registry.get("openai").current_endpoint()
    for number in range(3 * LIMIT):
        warn_of_retirements([candidate.Candidate(endpoint=route, model=f"m-{number}")])
    assert not retirement_notices._noticed


def kept_by_genai_prices() -> list[Any]:
    snapshot = catalog._get_snapshot()()
    return [snapshot._lookup_cache, snapshot._provider_cache, snapshot._provider_misses]


def test_the_loads_of_an_endpoint_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate, "MAX_LOADS", LIMIT)
    endpoint = registry.get("groq").endpoint
    for number in range(3 * LIMIT):
        endpoint.load(f"m-{number}").record(1.0)
    assert len(endpoint.loads) == LIMIT
    assert endpoint.load(f"m-{3 * LIMIT - 1}").latency_s == 1.0


class UsesConnection:
    """What acquires a connection."""

    connection: Any = None


class OpenConnection(H11Connection):
    """A connection that its server does not close."""

    is_open = True

    def is_stale(self) -> bool:
        return False

    def close(self) -> None:
        self.is_open = False


def test_unused_connections_are_kept_to_a_bounded_number_of_servers() -> None:
    pool = ConnectionPool(None, max_concurrent=9, options=NetworkOptions(trust_env=False))
    connections, context = [], ssl.create_default_context()
    for number in range(pools.MAX_SERVERS + LIMIT):
        request = exchange(f"http://h{number}.example/v1")
        holder = UsesConnection()
        pool.acquire(request, holder)
        holder.connection = OpenConnection(context, 60.0)
        connections.append(holder.connection)
        pool.release(request, holder)
    assert len(pool._idle) == pools.MAX_SERVERS
    assert [each.is_open for each in connections] == [False] * LIMIT + [True] * pools.MAX_SERVERS


def test_costs_beyond_so_many_names_have_one_row_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost_handler, "MAX_ROWS", LIMIT)
    costs = ScoutCostCallbackHandler()
    for number in range(3 * LIMIT):
        record = AttemptRecord(1, "p", f"m-{number}", "ok", key_id=f"k{number}", cost_usd=0.25)
        costs.on_scout_attempt_end(Run(uuid4(), tags=(f"tag-{number}",)), record)
    assert len(costs.rows) == len(costs.by_tag) == LIMIT + 1
    assert costs.by_model["p/(others)"] == costs.by_tag["(others)"] == 2 * LIMIT * 0.25
    assert (costs.total_cost, costs.calls) == (3 * LIMIT * 0.25, 3 * LIMIT)


@pytest.mark.parametrize(
    ("options", "refusal"),
    [
        ({"api_key": "x" * 9000}, InvalidKey),
        ({"base_url": "https://" + "x" * 9000}, ConfigurationError),
        ({"model": "x" * 9000}, InvalidModelName),
    ],
)
def test_names_have_a_longest_length(
    options: dict[str, Any], refusal: type[ConfigurationError]
) -> None:
    with pytest.raises(refusal, match="characters") as caught:
        ScoutGroqChatModel(**{"model": "m", "api_key": "k", **options}).invoke("hi")
    assert len(str(caught.value)) < 200


def test_calls_with_new_names_are_answered() -> None:
    tenants = Tenants()
    play(tenants, range(50))
    assert tenants.names.requests == 99, "the one name that is too long is not sent"
    assert tenants.answered > 50
