"""LiteLLM's Router and ours, made of the same files, call the same deployments in one order."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import litellm
import openai
import pytest
import yaml
from litellm.types.router import GenericLiteLLMParams
from litellm.types.utils import CredentialItem

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import ScoutError
from scout_adapters.migration import migrate_litellm, read_litellm
from scout_adapters.migration.litellm_settings import MAPPED
from scout_adapters.migration.unmapped_settings import SETTINGS
from scout_adapters.testing import Emulator
from tests.migration.config_files import CALLS, FOLDER, Situation, requests_of, variables

pytestmark = pytest.mark.filterwarnings("ignore")  # LiteLLM's own

CASES = [
    pytest.param(name, situation, id=f"{name}-{number}")
    for name, situations in CALLS.items()
    for number, situation in enumerate(situations)
    if not situation.only_ours
]


@pytest.fixture(scope="module")
def serving() -> Iterator[Emulator]:
    emulator = Emulator()
    with emulator.serve():
        yield emulator


@pytest.fixture
def emulator(serving: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    serving.clear()
    for name, value in variables(serving).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LITELLM_ENVIRONMENT", "production")
    return serving


def litellms_router(path: Path, monkeypatch: pytest.MonkeyPatch) -> litellm.Router:
    """Return the Router of a file, made as LiteLLM's proxy makes it."""
    config = yaml.safe_load(path.read_text())
    for name in config.get("include", ()):
        for section, value in yaml.safe_load((path.parent / name).read_text()).items():
            config[section] = config[section] + value if section in config else value
    for name, value in config.get("environment_variables", {}).items():
        monkeypatch.setenv(name, value)
    items = [CredentialItem(**resolved(item)) for item in config.get("credential_list", ())]
    monkeypatch.setattr(litellm, "credential_list", items)
    given = {**config.get("litellm_settings", {}), **config.get("router_settings", {})}
    taken = inspect.signature(litellm.Router.__init__).parameters
    settings = {
        name: value
        for name, value in given.items()
        if name in taken and not name.startswith("redis")
    }
    return litellm.Router(model_list=config["model_list"], **settings)


def resolved(item: dict[str, Any]) -> dict[str, Any]:
    values = {name: litellm.get_secret(value) for name, value in item["credential_values"].items()}
    return {**item, "credential_values": values}


@pytest.mark.parametrize(("name", "situation"), CASES)
def test_both_ask_the_same_deployments(
    name: str, situation: Situation, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = FOLDER / f"{name}.yaml"
    random.seed(1)  # both choose by chance, and each deployment must be chosen at least once
    emulator.down = situation.down
    router = litellms_router(path, monkeypatch)
    ours = ScoutRouterChatModel.from_litellm(path, model=situation.called)
    question: dict[str, Any] = {
        "model": situation.called,
        "messages": [{"role": "user", "content": "Hello"}],
    }

    def of_litellm() -> Any:
        if situation.only_async:
            return asyncio.run(router.acompletion(**question))
        return router.completion(**question)

    seen = [
        requests_by(call, situation, emulator)
        for call in (of_litellm, lambda: ours.invoke("Hello"))
    ]
    assert seen[0] == seen[1]


def requests_by(call: Callable[[], Any], situation: Situation, emulator: Emulator) -> Any:
    """Return how the calls ended, and their requests, each when it was first sent."""
    emulator.clear()
    outcomes = []
    for _ in range(situation.calls):
        try:
            call()
        except (ScoutError, openai.OpenAIError) as error:  # LiteLLM's errors are of the latter
            outcomes.append("failed" if emulator.log else repr(error))
        else:
            outcomes.append("answered")
    requests = list(dict.fromkeys(requests_of(emulator)))
    return outcomes, sorted(requests, key=str) if situation.shuffled else requests


def test_no_parameter_of_litellm_itself_is_sent_to_a_provider() -> None:
    sent = []
    for name in GenericLiteLLMParams.model_fields.keys() - {"api_key"}:
        params = {"model": "openai/gpt-4.1", "api_key": "k", name: 1}
        config = {"model_list": [{"model_name": "a", "litellm_params": params}]}
        with suppress(ScoutError):  # some must be of another form
            (entry,) = migrate_litellm(read_litellm(config)).document["routes"]["a"]["models"]
            if name in entry.get("model_kwargs", {}):
                sent.append(name)
    assert sent == []


def test_every_setting_of_the_router_is_converted_or_has_a_message() -> None:
    settings = set(inspect.signature(litellm.Router.__init__).parameters) - {"self"}
    assert settings <= {*MAPPED, *SETTINGS}
