"""`route` and `migrate`: files are checked and converted without a request and without keys."""

from __future__ import annotations

from pathlib import Path

import yaml

from scout_adapters import ScoutRouterChatModel
from tests.cli.shell import run

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
    assert f"{config}, line 7: litellm_params.cooldown_time: would have rested" in done.err
    route.write_text(done.out)
    from_file = ScoutRouterChatModel.from_file(route)
    assert from_file.candidates == ScoutRouterChatModel.from_litellm(config).candidates
    assert list(from_file.file_routes) == ["main", "backup"]


def test_keys_of_the_file_are_not_printed(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG)
    for done in (run("migrate", config), run("migrate", config, "--json")):
        assert done.code == 0
        assert "secret" not in done.out + done.err
        assert "env:OPENAI_API_KEY_1" in done.out
    assert "OPENAI_API_KEY_1: a key stands in the configuration" in run("migrate", config).err


def test_a_route_file_is_checked(tmp_path: Path) -> None:
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


def test_the_schema_is_that_of_the_files() -> None:
    schema = yaml.safe_load(run("route", "--schema").out)
    assert {"models", "routes", "budgets", "audit", "prices"} <= schema["properties"].keys()
