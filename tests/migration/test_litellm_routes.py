"""Routers of LiteLLM configurations do what their settings state, by the emulator's log."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest

from scout_adapters import ScoutRouterChatModel
from scout_adapters._internal.clock import Clock
from scout_adapters.errors import BudgetExceeded, ConfigurationError, NoKeyError, ScoutError
from scout_adapters.testing import BadRequest, ContextOverflow, Emulator, Overloaded
from tests.support.verbs import VERBS, run_model


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator()
    with emulator.serve():
        yield emulator


def at(emulator: Emulator, provider: str, model: str, **params: Any) -> dict[str, Any]:
    address = emulator.url(provider)
    own = {"model": f"{provider}/{model}", "api_key": f"k-{provider}", "api_base": address}
    return own | params


def groups(**deployments: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "model_list": [
            {"model_name": name, "litellm_params": params}
            for name, items in deployments.items()
            for params in items
        ]
    }


def served(emulator: Emulator) -> list[str]:
    return [exchange.body["model"] for exchange in emulator.log]


@pytest.mark.parametrize("verb", VERBS)
def test_fallbacks_are_tried_in_their_order(emulator: Emulator, verb: str) -> None:
    settings = groups(
        main=[at(emulator, "groq", "a")],
        second=[at(emulator, "openai", "b")],
        third=[at(emulator, "mistral", "c")],
    )
    settings["router_settings"] = {
        "fallbacks": [{"main": ["second"]}, {"second": ["third"]}],
        "num_retries": 0,
    }
    emulator.down = {"groq": Overloaded(), "openai": Overloaded()}
    model = ScoutRouterChatModel.from_litellm(settings)
    answer = run_model(model, verb)
    assert answer.response_metadata["scout"]["provider"] == "mistral"
    assert served(emulator) == ["a", "b", "c"]


def test_a_call_chooses_a_group_and_aliases_are_groups(emulator: Emulator) -> None:
    settings = groups(main=[at(emulator, "groq", "a")], other=[at(emulator, "openai", "b")])
    settings["router_settings"] = {"model_group_alias": {"gpt-4": "other"}}
    model = ScoutRouterChatModel.from_litellm(settings)
    model.invoke("Hello")
    model.invoke("Hello", model="other")
    model.invoke("Hello", model="gpt-4")
    ScoutRouterChatModel.from_litellm(settings, model="gpt-4").invoke("Hello")
    assert served(emulator) == ["a", "b", "b", "b"]


def test_a_pattern_is_a_group_of_every_name_that_it_matches(emulator: Emulator) -> None:
    settings = groups(
        **{
            "openai/*": [at(emulator, "openai", "*")],
            "openai/gpt-5*": [at(emulator, "groq", "gpt-5*")],
        }
    )
    model = ScoutRouterChatModel.from_litellm(settings, model="openai/x-1")
    model.invoke("Hello")
    model.invoke("Hello", model="openai/x-2")
    model.invoke("Hello", model="openai/gpt-5-mini")
    assert served(emulator) == ["x-1", "x-2", "gpt-5-mini"]
    assert emulator.log[-1].provider == "groq"
    with pytest.raises(ConfigurationError, match="no route 'openai/\\*' to begin with"):
        ScoutRouterChatModel.from_litellm(settings)


def test_deployments_that_differ_in_their_key_are_one_pool(emulator: Emulator) -> None:
    items = [at(emulator, "groq", "a") | {"api_key": f"k-{number}"} for number in range(3)]
    settings = groups(main=[*items, at(emulator, "openai", "b")])
    model = ScoutRouterChatModel.from_litellm(settings, key_affinity="off")
    assert model.candidates == ["groq/a", "openai/b"]
    assert model.models[0]["weight"] == 3
    for _ in range(30):
        model.invoke("Hello")
    assert {e.key for e in emulator.log if e.provider == "groq"} == {"k-0", "k-1", "k-2"}


@pytest.mark.parametrize("name", ["weight", "rpm", "tpm"])
def test_deployments_are_shuffled_by_their_weights(emulator: Emulator, name: str) -> None:
    settings = groups(
        main=[
            at(emulator, "groq", "a", **{name: 900_000}),
            at(emulator, "openai", "b", **{name: 100_000}),
        ]
    )
    model = ScoutRouterChatModel.from_litellm(settings, clock=Clock(random=Random(7).random))
    for _ in range(60):
        model.invoke("Hello")
    first = served(emulator).count("a")
    assert 40 < first < 60


@pytest.mark.parametrize("limit", [{"rpm": 2}, {"tpm": 60}])
def test_a_deployment_at_its_limit_is_passed_over(emulator: Emulator, limit: Any) -> None:
    first = at(emulator, "groq", "a", order=1, max_tokens=30, **limit)
    settings = groups(main=[first, at(emulator, "openai", "b", order=2)])
    model = ScoutRouterChatModel.from_litellm(settings)
    for _ in range(4):
        model.invoke("Hello")
    assert served(emulator)[0] == "a"
    assert served(emulator)[-1] == "b"
    assert served(emulator).count("a") in ((2,) if "rpm" in limit else (1, 2, 3))


def test_requests_at_once_are_limited() -> None:
    settings = groups(main=[{"model": "groq/a", "api_key": "k", "max_parallel_requests": 3}])
    settings["router_settings"] = {"default_max_parallel_requests": 9}
    settings["model_list"].append({"model_name": "b", "litellm_params": {"model": "groq/b"}})
    model = ScoutRouterChatModel.from_litellm(settings)
    routes = [model, model.file_routes["b"]]
    assert [route.models[0]["limits"]["concurrency"] for route in routes] == [3, 9]


def test_a_lower_order_comes_first(emulator: Emulator) -> None:
    settings = groups(
        main=[at(emulator, "groq", "a", order=2), at(emulator, "openai", "b", order=1)]
    )
    model = ScoutRouterChatModel.from_litellm(settings)
    for _ in range(10):
        model.invoke("Hello")
    assert set(served(emulator)) == {"b"}


def test_a_context_overflow_goes_to_its_fallback(emulator: Emulator) -> None:
    settings = groups(
        main=[at(emulator, "openai", "small")], long=[at(emulator, "google", "gemini-3.5-flash")]
    )
    settings["router_settings"] = {"context_window_fallbacks": [{"main": ["long"]}]}
    emulator.script("openai", [ContextOverflow()])
    answer = ScoutRouterChatModel.from_litellm(settings).invoke("Hello")
    assert answer.response_metadata["scout"]["provider"] == "google"


def test_retries_and_timeouts_of_the_router_hold(emulator: Emulator) -> None:
    settings = groups(main=[at(emulator, "groq", "a", stream_timeout=3)])
    settings["router_settings"] = {"num_retries": 0, "timeout": 8}
    emulator.down = {"groq": Overloaded()}
    model = ScoutRouterChatModel.from_litellm(settings)
    with pytest.raises(ScoutError):
        model.invoke("Hello")
    assert len(emulator.log) == 1
    assert model.timeout == 8
    assert model.models[0]["timeout"].first_token == 3


def test_options_prices_and_headers_of_a_deployment_hold(emulator: Emulator) -> None:
    params = {
        "temperature": 0.25,
        "seed": 7,
        "extra_headers": {"X-Team": "a"},
        "input_cost_per_token": 1e-3,
        "output_cost_per_token": 1e-3,
    }
    settings = groups(main=[at(emulator, "groq", "mine", **params)])
    answer = ScoutRouterChatModel.from_litellm(settings).invoke("Hello")
    (exchange,) = emulator.log
    assert (exchange.body["temperature"], exchange.body["seed"]) == (0.25, 7)
    assert exchange.headers["x-team"] == "a"
    tokens = answer.usage_metadata["total_tokens"]
    assert answer.response_metadata["scout"]["cost_usd"] == pytest.approx(tokens * 1e-3)


def test_the_budget_of_a_provider_holds(emulator: Emulator) -> None:
    prices = {"input_cost_per_token": 1e-5, "output_cost_per_token": 1e-5, "max_tokens": 10}
    settings = groups(main=[at(emulator, "groq", "mine", **prices)])
    budget = {"groq": {"budget_limit": 0.02, "time_period": "1d"}}
    settings["router_settings"] = {"provider_budget_config": budget}
    model = ScoutRouterChatModel.from_litellm(settings)
    spent = 0.0
    with pytest.raises(BudgetExceeded):  # noqa: PT012  # some call of many
        while True:
            spent += model.invoke("Hi").response_metadata["scout"]["cost_usd"]
    assert 0 < spent <= 0.02


def test_variables_credentials_and_included_files_are_read(
    tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_FROM_ENV", "k-env")
    shared = {"model": "openai/b", "litellm_credential_name": "shared"}
    included = groups(other=[shared | {"api_base": emulator.url("openai")}])
    (tmp_path / "models.yaml").write_text(json.dumps(included))
    settings = groups(
        main=[at(emulator, "groq", "a", api_key="os.environ/GROQ_FROM_ENV")],
        third=[at(emulator, "mistral", "c", api_key="os.environ/OF_FILE")],
    )
    credential = {"credential_name": "shared", "credential_values": {"api_key": "k-shared"}}
    settings["credential_list"] = [credential]
    settings["environment_variables"] = {"OF_FILE": "k-file"}
    settings["include"] = ["models.yaml"]
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(settings))
    model = ScoutRouterChatModel.from_litellm(path)
    for name in ("main", "other", "third"):
        model.invoke("Hello", model=name)
    assert [exchange.key for exchange in emulator.log] == ["k-env", "k-shared", "k-file"]


def test_fallbacks_in_a_circle_end(emulator: Emulator) -> None:
    settings = groups(main=[at(emulator, "groq", "a")], other=[at(emulator, "openai", "b")])
    settings["router_settings"] = {
        "fallbacks": [{"main": ["other"]}, {"other": ["main"]}],
        "num_retries": 0,
    }
    emulator.down = {"groq": BadRequest("no"), "openai": Overloaded()}
    assert ScoutRouterChatModel.from_litellm(settings, model="other").candidates == [
        "openai/b",
        "groq/a",
    ]


def test_a_pickle_has_the_routes_and_none_of_the_keys_of_the_file(emulator: Emulator) -> None:
    settings = groups(
        **{
            "main": [at(emulator, "groq", "a", api_key="k-secret-of-the-file")],
            "openai/*": [at(emulator, "openai", "*", extra_headers={"X-Team": "h-secret-team"})],
        }
    )
    model = ScoutRouterChatModel.from_litellm(settings)
    model.invoke("Hello", model="openai/b")
    dumped = pickle.dumps(model)
    assert b"k-secret" not in dumped
    assert b"h-secret" not in dumped
    copy = pickle.loads(dumped)
    assert (copy.candidates, list(copy.file_routes)) == (["groq/a"], ["main"])
    with pytest.raises(NoKeyError, match="without the api_keys of groq/a"):
        copy.invoke("Hello")


def test_a_deep_copy_has_the_routes(emulator: Emulator) -> None:
    settings = groups(main=[at(emulator, "groq", "a")], other=[at(emulator, "openai", "b")])
    copy = deepcopy(ScoutRouterChatModel.from_litellm(settings))
    copy.invoke("Hello")
    copy.invoke("Hello", model="other")
    assert served(emulator) == ["a", "b"]


def test_weights_are_of_one_kind_for_all_deployments(emulator: Emulator) -> None:
    settings = groups(
        main=[at(emulator, "groq", "a", rpm=3), at(emulator, "openai", "b", tpm=100_000)]
    )
    model = ScoutRouterChatModel.from_litellm(settings)
    assert [entry["weight"] for entry in model.models] == [3, 0]
