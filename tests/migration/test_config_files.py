"""Each setting of LiteLLM's documented configurations does something, or a note names it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from scout_adapters import ScoutRouterChatModel
from scout_adapters._internal.clock import Clock
from scout_adapters.errors import ScoutError
from scout_adapters.migration import migrate_litellm, read_litellm
from scout_adapters.testing import Emulator, reset
from tests.migration.config_files import CALLS, FOLDER, Situation, requests_of, variables

LABELS = {"credential_info"}
"""Settings that are for people alone."""

OTHER_VALUES: dict[str, Any] = {
    "num_retries": 3,
    "max_fallbacks": 1,
    "budget_duration": "7d",
    "order": 3,
    "enable_pre_call_checks": False,
    "routing_strategy": "cost-based-routing",
    "supported_environments": ["staging"],
}
"""Values of settings that LiteLLM's default or another setting equals in some file."""

Steps = tuple[Any, ...]
"""The names and numbers that lead to a setting."""


@pytest.fixture(scope="module")
def serving() -> Iterator[Emulator]:
    emulator = Emulator()
    with emulator.serve():
        yield emulator


@pytest.fixture
def emulator(serving: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    serving.down = {}
    serving.clear()
    for name, value in variables(serving).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LITELLM_ENVIRONMENT", "production")
    return serving


def settings_in(value: Any, steps: Steps = ()) -> Iterator[Steps]:
    """Yield the steps to each setting: sections are entered, settings are not."""
    depth = {"model_list": 4, "credential_list": 3, "router_settings": 2, "litellm_settings": 2}
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        found = (*steps, key)
        if len(found) < depth.get(str(found[0]), 1):
            if isinstance(inner, dict | list):
                yield from settings_in(inner, found)
        else:
            yield found


def changed(name: str, steps: Steps) -> Iterator[Any]:
    """Yield the configuration without a setting, then with another value of it."""
    for values in ([], [OTHER_VALUES[steps[-1]]] if steps[-1] in OTHER_VALUES else []):
        config = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
        place = config
        for step in steps[:-1]:
            place = place[step]
        if values:
            place[steps[-1]] = values[0]
        elif steps[-1] in OTHER_VALUES:
            continue
        else:
            del place[steps[-1]]
        yield config


def behaviour(path: Path, emulator: Emulator, calls: list[Situation]) -> list[Any]:
    """Return what the router of a file does: requests, outcomes, prices and limits of time."""
    seen: list[Any] = []
    for situation in calls:
        reset()
        emulator.clear()
        emulator.down = situation.down
        try:
            clock = Clock(random=Random(7).random, sleep=lambda _: None)
            model = ScoutRouterChatModel.from_litellm(path, model=situation.called, clock=clock)
            seen.append(model.timeout)
            seen += [{name: entry.get(name) for name in FIELDS} for entry in model.models]
            for _ in range(situation.calls):
                scout = model.invoke("Hello").response_metadata["scout"]
                seen.append((scout["cost_usd"], scout["attempts"][-1].get("price")))
        except ScoutError as error:
            seen.append(type(error).__name__)
        seen += requests_of(emulator)
        seen += [exchange.output_tokens for exchange in emulator.log]
    return seen


FIELDS = ("timeout", "profile", "placeholders", "limits")
"""Fields of entries whose effect the emulator's log does not show without waiting."""


def places() -> dict[str, list[tuple[str, Steps]]]:
    """Return the settings by name, each with the files and places where it stands."""
    found: dict[str, list[tuple[str, Steps]]] = {}
    for name in CALLS:
        for steps in settings_in(yaml.safe_load((FOLDER / f"{name}.yaml").read_text())):
            words = [str(step) for step in steps if isinstance(step, str)]
            if words[-1] not in LABELS:
                found.setdefault(".".join(words), []).append((name, steps))
    return found


PLACES = places()


@pytest.fixture(scope="module")
def known() -> dict[str, list[Any]]:
    """Return what the files do as they are, for the tests to fill."""
    return {}


@pytest.mark.parametrize("setting", PLACES)
def test_a_setting_changes_what_is_sent_or_is_named(
    setting: str, emulator: Emulator, tmp_path: Path, known: dict[str, list[Any]]
) -> None:
    shutil.copytree(FOLDER / "parts", tmp_path / "parts")
    other = tmp_path / "config.yaml"
    for name, steps in PLACES[setting]:
        path = FOLDER / f"{name}.yaml"
        if is_named(setting, path):
            return
        if name not in known:
            known[name] = behaviour(path, emulator, CALLS[name])
        for config in changed(name, steps):
            other.write_text(yaml.safe_dump(config))
            if is_named(setting, other) or behaviour(other, emulator, CALLS[name]) != known[name]:
                return
    pytest.fail(f"{setting} changes nothing, and no note names it: {PLACES[setting]}")


def is_named(setting: str, path: Path) -> bool:
    """Return whether a note has the last word of a setting."""
    try:
        notes = migrate_litellm(read_litellm(path)).notes
    except ScoutError:  # without it, the file cannot be used
        return False
    return any(setting.rpartition(".")[2] in note.setting for note in notes)


def test_every_file_is_played() -> None:
    assert sorted(CALLS) == sorted(path.stem for path in FOLDER.glob("*.yaml"))
    assert len(CALLS) >= 15
