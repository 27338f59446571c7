"""The reasons of `explain` for each candidate and key are those that calls report."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from scout_adapters import ScoutGroqChatModel, ScoutRouterChatModel, registry
from scout_adapters.errors import CircuitOpenError, NoWorkingKey
from scout_adapters.llm.engine.record import AttemptRecord
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.llm.health.quota_left import QuotaLeft
from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.llm.providers import ProviderClient
from scout_adapters.testing import Emulator
from tests.llm.router.explain_routes import MODELS, NOW, endpoint, routed

KEYS = {"groq": ["groq-key-aaaa", "groq-key-bbbb"], "google": ["google-key-a"]}


@pytest.fixture
def model(emulator: Emulator) -> ScoutRouterChatModel:
    return routed(emulator, KEYS)


def reasons(explanation: Any) -> list[tuple[Any, ...]]:
    return [(r.provider, r.key_id, r.outcome, r.reason, r.ready_in_s) for r in explanation]


def test_keys_come_in_turn_and_candidates_after_one_another(model: Any) -> None:
    ids = [fingerprint(key) for key in (*KEYS["groq"], *KEYS["google"])]
    assert reasons(model.explain("hi")) == [
        ("groq", ids[0], "chosen", None, 0.0),
        ("groq", ids[1], "next", None, 0.0),
        ("google", ids[2], "next", None, 0.0),
    ]


def test_an_open_circuit_is_named_with_its_time_for_each_of_its_keys(model: Any) -> None:
    endpoint(model, "groq").circuit.open_until = NOW + 7
    rows = reasons(model.explain("hi"))
    assert [row[2:] for row in rows[:2]] == [("skipped", "circuit open", 7.0)] * 2
    assert rows[2][0::2] == ("google", "chosen", 0.0)


def test_a_resting_and_a_refused_key_have_different_reasons_with_their_ends(model: Any) -> None:
    rests, refused = endpoint(model, "groq").pool
    rests.model_cooldowns[MODELS["groq"]] = NOW + 12
    refused.permanently_failed, refused.quarantined_until = True, NOW + 900
    explained = model.explain("hi")
    assert reasons(explained)[:2] == [
        ("groq", rests.id, "skipped", "the key rests for this model", 12.0),
        ("groq", refused.id, "skipped", "the provider refused this key", 900.0),
    ]
    until = (explained.at + timedelta(seconds=12)).astimezone()
    assert f"ready in 12.0 s, at {until:%H:%M:%S}" in str(explained)


def test_a_limit_with_nothing_left_puts_the_key_last_and_is_named(model: Any) -> None:
    spent, fresh = endpoint(model, "groq").pool
    left = QuotaLeft(counts="requests", left=0, until=NOW + 9)
    spent.quotas[MODELS["groq"]] = (left,)
    first, second, _ = model.explain("hi")
    assert (first.key_id, second.key_id) == (fresh.id, spent.id)
    assert second.reason == "0 requests are left of its limit for 9.0 s"


def test_a_provider_without_a_key_names_the_variable_to_set(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XAI_API_KEY", raising=False)
    monkeypatch.delenv("XAI_API_KEYS", raising=False)
    (row,) = ScoutRouterChatModel(models=["xai/grok-4.3"]).explain("hi")
    assert (row.outcome, row.key_id, row.ready_in_s) == ("skipped", None, None)
    assert "XAI_API_KEYS or XAI_API_KEY" in str(row.reason)


def test_content_that_a_provider_cannot_take_is_named(model: Any) -> None:
    audio = {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"}
    google, *groq = model.explain([HumanMessage([audio])])
    assert {(row.outcome, "cannot send audio" in row.reason) for row in groq} == {("skipped", True)}
    assert google.outcome == "chosen"


def test_a_provider_that_was_set_aside_comes_last_with_a_reason(model: Any) -> None:
    endpoint(model, "groq").circuit.set_aside(NOW)
    google, groq, _ = model.explain("hi")
    assert (google.provider, google.outcome) == ("google", "chosen")
    assert "does not serve this place" in groq.reason


def test_what_a_strategy_leaves_out_is_listed(emulator: Emulator) -> None:
    model = routed(emulator, KEYS, strategy=lambda candidates, _request: candidates[1:])
    first, *others = model.explain("hi")
    assert first.provider == "google"
    assert {row.reason for row in others} == {"the strategy leaves it out"}


def test_the_guides_limit_of_keys_in_one_call_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    async def call(**arguments: Any) -> str:
        return "never"

    monkeypatch.setenv("LIMITED_API_KEYS", "l-1,l-2,l-3")
    client = ProviderClient("limited", call, "LIMITED_API_KEYS", max_key_attempts=2)
    monkeypatch.setitem(registry._clients, "limited", client)
    rows = list(ScoutRouterChatModel(models=["limited/any"]).explain("hi"))
    assert [row.outcome for row in rows] == ["chosen", "next", "skipped"]
    assert rows[2].reason == "one call tries no more than 2 keys here"


def test_the_changes_foretold_are_those_that_the_call_reports(model: Any) -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "c2ln"}
    history = [
        HumanMessage("hi"),
        AIMessage([thought, "hello"], response_metadata={"model_provider": "anthropic"}),
        HumanMessage("and now?"),
    ]
    foretold = model.explain(history).chosen
    answer = model.invoke(history)
    assert foretold.changes
    assert list(foretold.changes) == answer.response_metadata["scout"]["changes"]


def test_the_cost_is_of_the_users_price_and_none_where_it_is_unknown(
    model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices = {MODELS["groq"]: {"input": 1.0, "output": 2.0}}
    monkeypatch.setitem(PRICING, "groq", prices)
    row = model.explain("x" * 400, max_tokens=10).chosen
    assert 100 <= row.input_tokens <= 110
    assert row.cost_usd == pytest.approx((row.input_tokens + 2 * 10) / 1000)
    unknown = model.explain("hi", model="groq/of-nobody").rows[0]
    assert (unknown.model, unknown.cost_usd) == ("of-nobody", None)


def test_rows_are_in_the_words_of_attempts_and_show_no_key(model: Any) -> None:
    explained = model.explain("hi")
    words = {*AttemptRecord._fields, "changes"}
    assert all(row.keys() <= words for row in explained.as_dicts())
    assert not any(key in f"{explained}{explained!r}" for keys in KEYS.values() for key in keys)
    assert len(str(explained).splitlines()) == len(explained) == 3


def test_an_explanation_writes_nothing_to_the_log(
    model: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCOUT_AUDIT_PATH", str(tmp_path / "audit.jsonl"))
    model.explain("hi")
    assert list(tmp_path.iterdir()) == []


def test_a_single_provider_explains_itself_with_tools_bound(emulator: Emulator) -> None:
    model = ScoutGroqChatModel(api_key="lonely-key-1", transport=emulator.transport())
    bound: Any = model.bind_tools([ask_weather])
    alone = model.explain("hi").chosen
    row = model.explain("hi", **bound.kwargs).chosen
    assert row.key_id == fingerprint("lonely-key-1")
    assert row.input_tokens > alone.input_tokens


def ask_weather(city: str) -> str:
    """Return the weather in a city."""
    return city


def test_a_call_notes_the_candidate_it_skips_in_the_same_words(model: Any) -> None:
    endpoint(model, "groq").circuit.open_until = NOW + 7
    foretold = model.explain("hi").as_dicts()[0]
    noted = model.invoke("hi").response_metadata["scout"]["attempts"][0]
    for word in ("provider", "model", "outcome", "reason", "ready_in_s"):
        assert noted[word] == foretold[word]


@pytest.mark.parametrize(("what", "error"), [("circuit", CircuitOpenError), ("key", NoWorkingKey)])
def test_a_failed_call_notes_all_that_it_skipped_and_when_they_are_ready(
    emulator: Emulator, what: str, error: type[Exception]
) -> None:
    model = routed(emulator, {"groq": ["only-groq"], "google": ["only-google"]}, max_retries=0)
    for name in ("groq", "google"):
        at = endpoint(model, name)
        if what == "circuit":
            at.circuit.open_until = NOW + 50
        else:
            at.pool.states[0].cooldown_until = NOW + 50
    foretold = model.explain("hi")
    with pytest.raises(error) as raised:
        model.invoke("hi")
    noted = [(r["provider"], r["outcome"], r["ready_in_s"]) for r in raised.value.attempts]
    assert noted == [(row.provider, row.outcome, row.ready_in_s) for row in foretold]
    assert str(foretold).splitlines()[-1].startswith("no candidate is ready now; ready in 50.0 s")


def test_a_key_that_another_call_is_trying_is_not_asked_for_every_millisecond(
    emulator: Emulator,
) -> None:
    model = routed(emulator, {"groq": ["probed-elsewhere"]}, max_wait=5.0)
    (state,) = endpoint(model, "groq").pool
    state.permanently_failed, state.in_flight = True, 1
    (row,) = model.explain("hi")
    assert "another call is trying it" in str(row.reason)
    looks: list[float] = []
    clock = model.clock
    patient = model.model_copy(update={"clock": noting(clock, looks)})
    with pytest.raises(Exception, match="refused"):
        patient.invoke("hi")
    assert looks == [1.0] * 5


def noting(clock: Any, looks: list[float]) -> Any:
    def sleep(seconds: float) -> None:
        looks.append(seconds)
        clock.sleep(seconds)

    return type(clock)(now=clock.now, sleep=sleep, asleep=clock.asleep, random=clock.random)
