"""Route files and LiteLLM configurations on an emulator: `transport=` is that of every entry."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import ConfigurationError
from scout_adapters.testing import Emulator

ENTRIES = ("openai/gpt-5", "groq/openai/gpt-oss-120b")


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(down=["openai"])


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "GROQ_API_KEY", "MY_KEY"):
        monkeypatch.setenv(name, "k")


def write(path: Path, models: Any, **options: Any) -> Path:
    path.write_text(json.dumps({"routes": {"main": {"models": models, "options": options}}}))
    return path


def served(emulator: Emulator) -> list[str]:
    return [exchange.provider for exchange in emulator.log]


def test_a_route_file_fails_over_on_an_emulator(tmp_path: Path, emulator: Emulator) -> None:
    path = write(tmp_path / "route.yaml", ENTRIES, max_retries=1)
    model = ScoutRouterChatModel.from_file(path, transport=emulator.transport(), max_retries=0)
    assert model.invoke("Hello").response_metadata["scout"]["provider"] == "groq"
    assert served(emulator) == ["openai", "groq"]


def test_a_configuration_of_litellm_fails_over_on_an_emulator(emulator: Emulator) -> None:
    groups = [
        {"model_name": name, "litellm_params": {"model": model, "api_key": "os.environ/MY_KEY"}}
        for name, model in zip(("main", "next"), ENTRIES, strict=True)
    ]
    config = {"model_list": groups, "router_settings": {"fallbacks": [{"main": ["next"]}]}}
    model = ScoutRouterChatModel.from_litellm(config, transport=emulator.transport(), max_retries=0)
    assert model.invoke("Hello").response_metadata["scout"]["provider"] == "groq"
    model.invoke("Hello", model="next")
    assert served(emulator) == ["openai", "groq", "groq"]


def test_a_model_of_another_package_refuses_the_transport(
    tmp_path: Path, emulator: Emulator
) -> None:
    path = write(tmp_path / "route.yaml", ["langchain:openai:gpt-5"])
    with pytest.raises(ConfigurationError, match=r"of langchain:openai:gpt-5: .* scout_emulator"):
        ScoutRouterChatModel.from_file(path, transport=emulator.transport())


def test_an_option_of_the_caller_is_not_blamed_on_a_line_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "route.yaml", ENTRIES)
    with pytest.raises(ConfigurationError, match=r"^ScoutRouterChatModel has no temprature="):
        ScoutRouterChatModel.from_file(path, temprature=1)
    write(path, ENTRIES, temprature=1)
    with pytest.raises(ConfigurationError, match=r"route\.yaml, line 1: .* temprature="):
        ScoutRouterChatModel.from_file(path, max_tokens=9)
