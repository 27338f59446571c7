"""`route` and `migrate`: files are checked and converted without a request and without keys."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from scout_adapters import ScoutRouterChatModel
from tests.cli.shell import run
from tests.system.docs.pages import PAGES, write_files

CONFIG = """
model_list:
  - model_name: main
    litellm_params: {model: groq/openai/gpt-oss-120b, api_key: os.environ/GROQ_KEY, rpm: 10}
  - model_name: main
    litellm_params: {model: openai/gpt-4.1, api_key: sk-secret-of-the-file-0123456789}
  - model_name: backup
    litellm_params: {model: anthropic/claude-haiku-4-5, cooldown_time: 9}
router_settings: {fallbacks: [{main: [backup]}], num_retries: 1}
"""


def test_a_migrated_configuration_is_a_route_file(tmp_path: Path) -> None:
    config, route = tmp_path / "config.yaml", tmp_path / "route.yaml"
    config.write_text(CONFIG)
    done = run("migrate", config)
    assert done.code == 0
    assert (
        f"{config}, line 8: litellm_params.cooldown_time of backup: would have rested" in done.err
    )
    route.write_text(done.out)
    from_file = ScoutRouterChatModel.from_file(route)
    assert from_file.candidates == ScoutRouterChatModel.from_litellm(config).candidates
    assert list(from_file.file_routes) == ["main", "backup"]


def test_the_page_shows_the_route_and_the_notes_of_its_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = PAGES["docs/litellm.md"]
    monkeypatch.chdir(tmp_path)
    write_files(page, tmp_path)
    done = run("migrate", "config.yaml")
    assert done.out == page.blocks("yaml")[1]
    assert done.err == page.blocks("text")[0]


def test_all_variables_that_are_not_set_are_named_at_once_and_others_are_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "model_list:\n"
        "  - model_name: main\n"
        "    litellm_params:\n"
        "      model: openai/gpt-4.1\n"
        "      api_key: os.environ/MY_KEY\n"
        "      api_base: os.environ/MY_ADDRESS\n"
        "      organization: os.environ/MY_TEAM\n"
        "      rpm: os.environ/MY_RPM\n"
        "      temperature: os.environ/MY_HEAT\n"
    )
    done = run("migrate", config)
    assert done.code == 1
    for name, line in {"MY_ADDRESS": 6, "MY_TEAM": 7, "MY_HEAT": 9}.items():
        assert f"{name} ({config}, line {line})" in done.err
    assert "MY_RPM (" in done.err
    assert "MY_KEY" not in done.err
    values = {"ADDRESS": "https://g.example/v1", "TEAM": "t", "RPM": "5", "HEAT": "0.5"}
    for name, value in values.items():
        monkeypatch.setenv(f"MY_{name}", value)
    done = run("migrate", config)
    assert done.code == 0
    assert f"{config}, line 9: MY_HEAT: the route has the value of this" in done.err
    for setting in ("base_url: env:MY_ADDRESS", "organization: env:MY_TEAM"):
        assert setting in done.out
    assert "MY_ADDRESS" not in done.err


def test_secrets_of_clouds_are_not_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_SECRET", "very-secret-value")
    config = tmp_path / "config.yaml"
    config.write_text(
        "model_list:\n"
        "  - model_name: main\n"
        "    litellm_params: {model: bedrock/m, aws_region_name: us-east-1,\n"
        "      aws_access_key_id: AKID, aws_secret_access_key: os.environ/MY_SECRET}\n"
    )
    done = run("migrate", config)
    assert done.code == 0
    assert "very-secret" not in done.out + done.err
    assert "aws_secret_access_key of main: is a secret and not printed" in done.err


def test_keys_of_the_file_are_not_printed(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG)
    for done in (run("migrate", config), run("migrate", config, "--json")):
        assert done.code == 0
        assert "secret" not in done.out + done.err
        assert "env:OPENAI_API_KEY_1" in done.out
    assert "OPENAI_API_KEY_1: a key stands in the configuration" in run("migrate", config).err


def test_a_route_file_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "k")
    path = tmp_path / "route.yaml"
    path.write_text("routes: {a: {models: [ollama/x]}, b: {models: [groq/y]}}\n")
    done = run("route", path)
    assert done.code == 0
    assert "a: ollama/x" in done.out
    assert "groq/y" in done.out
    path.write_text("models: [ollama/x]\nstrategy: best\n")
    assert run("route", path) == (1, "", run("route", path).err)
    assert f"{path}, line 2: strategy" in run("route", path).err
    assert run("route").code == 2


def test_keys_that_are_not_set_are_named_with_their_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, secret = tmp_path / "route.yaml", tmp_path / "secret"
    path.write_text(
        "models:\n"
        "  - ollama/x\n"
        f"  - {{model: groq/y, api_keys: [env:MY_KEY, 'file:{secret}']}}\n"
        "  - {model: openai/z, api_keys: [{api_key: env:MY_KEY, base_url: 'http://h'}]}\n"
    )
    done = run("route", path)
    assert done.code == 1
    assert done.err.splitlines()[-3:] == [
        f"{path}, line 3: env:MY_KEY is not set",
        f"{path}, line 3: file:{secret} cannot be read: No such file or directory",
        f"{path}, line 4: env:MY_KEY is not set",
    ]
    assert "line 4: env:MY_KEY is not set" in run("route", path, "--json").out
    monkeypatch.setenv("MY_KEY", "k")
    secret.write_text("k")
    assert run("route", path).code == 0


def test_a_route_without_any_key_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GROQ_API_KEY", "GROQ_API_KEYS"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "route.yaml"
    path.write_text("models: [groq/y]\n")
    assert run("route", path).code == 1


def test_the_schema_is_that_of_the_files() -> None:
    schema = yaml.safe_load(run("route", "--schema").out)
    assert {"models", "routes", "budgets", "audit", "prices"} <= schema["properties"].keys()
