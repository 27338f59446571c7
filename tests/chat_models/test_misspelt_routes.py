"""A bare name in `model=` that is no route of a file or configuration is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import ConfigurationError
from scout_adapters.testing import Emulator
from tests.support.verbs import VERBS, run_model

MISSPELT = r"model='gpt-quick' is none of the routes smart, gpt-quik; did you mean 'gpt-quik'\?"


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


def at(emulator: Emulator, model: str) -> dict[str, Any]:
    return {"model": model, "api_key": "k", "transport": emulator.transport()}


@pytest.fixture
def router(emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A router of a file with the routes `smart` and `gpt-quik`."""
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    names = {"smart": "openai/gpt-5", "gpt-quik": "openai/gpt-5-mini"}
    entries = {
        name: [{"model": model, "api_key": "env:OPENAI_API_KEY"}] for name, model in names.items()
    }
    path = tmp_path / "route.yaml"
    path.write_text(json.dumps({"routes": {n: {"models": of} for n, of in entries.items()}}))
    return ScoutRouterChatModel.from_file(path, transport=emulator.transport())


@pytest.mark.parametrize("verb", VERBS)
def test_a_misspelt_route_is_refused_and_not_sent_as_a_model(
    router: Any, emulator: Emulator, verb: str
) -> None:
    with pytest.raises(ConfigurationError, match=MISSPELT):
        run_model(router.bind(model="gpt-quick"), verb)
    assert emulator.log == []


def test_a_model_with_its_provider_and_one_of_the_usual_route_still_answer(
    router: Any, emulator: Emulator
) -> None:
    for name in ("gpt-quik", "openai/gpt-4o", "openai:gpt-4o-mini", "gpt-5"):
        router.invoke("Hello", model=name)
    assert [e.body["model"] for e in emulator.log] == [
        "gpt-5-mini",
        "gpt-4o",
        "gpt-4o-mini",
        "gpt-5",
    ]


def test_a_configuration_of_one_group_called_like_its_model_takes_all_bare_names(
    emulator: Emulator,
) -> None:
    params = {"model": "openai/gpt-5", "api_key": "k"}
    config = {"model_list": [{"model_name": "gpt-5", "litellm_params": params}]}
    router = ScoutRouterChatModel.from_litellm(config, transport=emulator.transport())
    router.invoke("Hello", model="gpt-4o")
    assert [exchange.body["model"] for exchange in emulator.log] == ["gpt-4o"]


def test_a_misspelt_group_of_litellm_is_refused_in_calls_and_explanations() -> None:
    groups = [
        {"model_name": name, "litellm_params": {"model": "openai/gpt-5", "api_key": "k"}}
        for name in ("smart", "gpt-quik")
    ]
    router = ScoutRouterChatModel.from_litellm({"model_list": groups})
    with pytest.raises(ConfigurationError, match=MISSPELT):
        router.invoke("Hello", model="gpt-quick")
    with pytest.raises(ConfigurationError, match=MISSPELT):
        router.explain("Hello", model="gpt-quick")
