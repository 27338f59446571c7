"""In every state of keys and circuits, the next call uses the candidate that `explain` names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scout_adapters.errors import ScoutError
from scout_adapters.llm.health.key_texts import fingerprint
from scout_adapters.llm.health.quota_left import QuotaLeft
from scout_adapters.llm.router.explain import UNLESS_INVALID
from scout_adapters.testing import Emulator, Fault, OutOfCredit, Revoked
from tests.llm.router.explain_routes import MODELS, NOW, endpoint, health, routed

MOMENTS = st.sampled_from([0.0, NOW - 40.0, NOW, NOW + 0.5, NOW + 20.0, NOW + 3000.0])
COUNTS = st.sampled_from(["requests", "tokens"])
KEY = st.fixed_dictionaries(
    {
        "failures": st.integers(0, 3),
        "in_flight": st.integers(0, 2),
        "last_used": st.floats(0.0, NOW),
        "cooldown_until": MOMENTS,
        "for_model": MOMENTS,
        "left": st.none()
        | st.builds(QuotaLeft, counts=COUNTS, left=st.integers(0, 2), until=MOMENTS),
        "permanently_failed": st.booleans(),
        "quarantined_until": MOMENTS,
    }
)
PROVIDER = st.fixed_dictionaries(
    {
        "keys": st.lists(KEY, min_size=1, max_size=4),
        "open_until": st.none() | MOMENTS,
        "probed_since": st.none() | st.sampled_from([NOW - 1.0, NOW - 700.0]),
        "aside_until": MOMENTS,
    }
)
WORLD = st.fixed_dictionaries(dict.fromkeys(MODELS, PROVIDER))


def built(emulator: Emulator, world: Any, **options: Any) -> Any:
    """Return a route whose keys and circuits are in the states of `world`."""
    keys = {name: [f"{name}-{n}" for n in range(len(p["keys"]))] for name, p in world.items()}
    model = routed(emulator, keys, max_retries=0, **options)
    for name, condition in world.items():
        at = endpoint(model, name)
        for state, like in zip(at.pool, condition["keys"], strict=True):
            state.model_cooldowns[MODELS[name]] = like["for_model"]
            state.quotas.clear()
            if like["left"]:
                state.quotas.store(MODELS[name], (like["left"],))
            for field in like.keys() - {"for_model", "left"}:
                setattr(state, field, like[field])
        at.circuit.open_until = condition["open_until"]
        at.circuit._aside_until = condition["aside_until"]
        if condition["open_until"] is not None:
            at.circuit._probe_since = condition["probed_since"]
    return model


def requested(emulator: Emulator) -> list[tuple[str, str]]:
    return [(exchange.provider, fingerprint(exchange.key)) for exchange in emulator.log]


@given(WORLD, st.sampled_from(["priority", "cheapest", "fastest", "least_busy", "weighted"]))
@settings(max_examples=100, deadline=None)
def test_the_next_call_uses_the_first_row(world: Any, strategy: str) -> None:
    emulator = Emulator()
    model = built(emulator, world, strategy=strategy)
    for pace, name in enumerate(reversed(MODELS)):
        endpoint(model, name).load(MODELS[name]).record(pace)
        endpoint(model, name).load(MODELS[name]).in_flight = pace
    chosen = model.explain("hi").chosen
    if chosen is None:
        with pytest.raises(ScoutError):
            model.invoke("hi")
        assert requested(emulator) == []
    else:
        model.invoke("hi")
        assert requested(emulator) == [(chosen.provider, chosen.key_id)]


def key(**changes: Any) -> dict[str, Any]:
    """Return a healthy key, with changes."""
    healthy = dict.fromkeys(("failures", "in_flight"), 0)
    times = dict.fromkeys(("last_used", "cooldown_until", "for_model", "quarantined_until"), 0.0)
    return healthy | times | {"left": None, "permanently_failed": False} | changes


def provider(*keys: dict[str, Any]) -> dict[str, Any]:
    return {"keys": list(keys), "open_until": None, "probed_since": None, "aside_until": 0.0}


ONE_DUE = dict.fromkeys(MODELS, provider(key(), key(), key(permanently_failed=True)))
"""At each provider two healthy keys, and a refused one that is due for another try."""


@example(ONE_DUE, Revoked())
@example(ONE_DUE, OutOfCredit())
@given(WORLD, st.sampled_from([Revoked(), OutOfCredit()]))
@settings(max_examples=60, deadline=None)
def test_a_call_whose_keys_are_all_refused_uses_the_other_rows(world: Any, fault: Fault) -> None:
    """Keys without credit are refused one by one; invalid ones may be the provider's fault."""
    emulator = Emulator(keys={n: {f"{n}-{i}": fault for i in range(4)} for n in MODELS})
    model = built(emulator, world)
    foreseen = model.explain("hi")
    with pytest.raises(ScoutError):
        model.invoke("hi")
    rows = [row for row in foreseen if row.outcome != "skipped"]
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    invalid = isinstance(fault, Revoked)
    used = [row for row in rows if not (invalid and UNLESS_INVALID in (row.reason or ""))]
    assert requested(emulator) == [(row.provider, row.key_id) for row in used]


def test_a_key_that_is_not_tried_after_a_mass_refusal_has_a_row_that_says_so() -> None:
    rows = built(Emulator(), ONE_DUE).explain("hi")
    noted = [UNLESS_INVALID in (row.reason or "") for row in rows]
    assert noted == [False, False, True] * len(MODELS)


@given(WORLD)
@settings(max_examples=60, deadline=None)
def test_every_key_has_one_row_and_nothing_is_changed_or_sent(world: Any) -> None:
    emulator = Emulator()
    model = built(emulator, world)
    before = health(model)
    foreseen = model.explain("hi")
    assert health(model) == before
    assert emulator.log == []
    keys = [(n, fingerprint(f"{n}-{i}")) for n, p in world.items() for i in range(len(p["keys"]))]
    assert sorted((row.provider, row.key_id) for row in foreseen) == sorted(keys)
    assert all(row.reason for row in foreseen if row.outcome == "skipped")


@given(WORLD)
@settings(max_examples=60, deadline=None)
def test_a_candidate_that_will_be_ready_later_is_used_then(world: Any) -> None:
    for provider in world.values():
        provider["probed_since"] = None  # the end of another call's probe is not known
        for key in provider["keys"]:
            key["in_flight"] = 0
    emulator = Emulator()
    model = built(emulator, world)
    foreseen = model.explain("hi")
    later = foreseen.ready_in_s
    if later is None:
        assert foreseen.chosen is None
        return
    clock = model.clock
    clock.sleep(later)
    now = model.explain("hi").chosen
    assert now is not None
    model.invoke("hi")
    assert requested(emulator) == [(now.provider, now.key_id)]
