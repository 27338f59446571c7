"""Fields of a route file's entries that name an environment variable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scout_adapters import ScoutRouterChatModel
from scout_adapters.cli import app
from scout_adapters.errors import ConfigurationError
from scout_adapters.testing import Emulator

ROUTE = """\
models:
  - model: openai/gpt-5-mini
    api_key: env:GATEWAY_KEY
    base_url: env:GATEWAY_URL
    organization: env:GATEWAY_ORG
    default_headers: {X-Team: env:GATEWAY_TEAM, X-Text: "env: a text"}
"""
VALUES = {
    "GATEWAY_KEY": "k",
    "GATEWAY_URL": "https://gateway.example/openai/v1",
    "GATEWAY_ORG": "org-blue",
    "GATEWAY_TEAM": "red",
}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in VALUES.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "route.yaml"
    path.write_text(ROUTE)
    return path


def test_an_address_an_organization_and_headers_come_from_variables(path: Path) -> None:
    emulator = Emulator()
    ScoutRouterChatModel.from_file(path, transport=emulator.transport()).invoke("Hello")
    headers = emulator.log[-1].headers
    names = ("host", "openai-organization", "x-team", "x-text")
    assert [headers.get(name) for name in names] == [
        "gateway.example",
        *("org-blue", "red", "env: a text"),
    ]


@pytest.mark.parametrize(
    "name", ["gateway-url", "GATEWAY.URL", "2ND_URL", "Gateway(x86)", "URL_\u00c4"]
)
def test_a_variable_may_have_any_name(
    path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(ROUTE.replace("GATEWAY_URL", name))
    with pytest.raises(ConfigurationError, match=rf"the variable {re.escape(name)} is not set"):
        ScoutRouterChatModel.from_file(path)
    monkeypatch.setenv(name, VALUES["GATEWAY_URL"])
    emulator = Emulator()
    ScoutRouterChatModel.from_file(path, transport=emulator.transport()).invoke("Hello")
    assert emulator.log[-1].headers.get("host") == "gateway.example"


@pytest.mark.parametrize("name", ["GATEWAY_URL", "GATEWAY_ORG", "GATEWAY_TEAM"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_variable_that_is_not_set_is_an_error_with_its_line(
    path: Path, name: str, value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(name) if value is None else monkeypatch.setenv(name, value)
    line = next(at for at, text in enumerate(ROUTE.splitlines(), 1) if name in text)
    message = rf"route\.yaml, line {line}: `[a-zA-Z_-]+`: the variable {name} is not set"
    with pytest.raises(ConfigurationError, match=message):
        ScoutRouterChatModel.from_file(path)
    shown = CliRunner().invoke(app, ["route", str(path)])
    assert shown.exit_code == 1
    assert f"the variable {name} is not set" in shown.stderr


def test_a_key_under_a_providers_name_is_read_at_each_use(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_text(ROUTE.replace("    api_key:", "    openai_api_key:"))
    emulator = Emulator()
    model = ScoutRouterChatModel.from_file(path, transport=emulator.transport())
    monkeypatch.setenv("GATEWAY_KEY", "rotated")
    model.invoke("Hello")
    assert emulator.log[-1].headers["authorization"] == "Bearer rotated"
