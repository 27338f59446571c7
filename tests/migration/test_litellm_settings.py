"""A LiteLLM configuration as routes: each setting changes something, or is named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from scout_adapters.migration import Migration, migrate_litellm, read_litellm

ROUTER_SETTINGS: dict[str, Any] = {
    "num_retries": 7,
    "max_fallbacks": 0,
    "timeout": 9,
    "stream_timeout": 3,
    "default_litellm_params": {"temperature": 0.3},
    "default_max_parallel_requests": 5,
    "default_fallbacks": ["other"],
    "fallbacks": [{"main": ["other"]}],
    "context_window_fallbacks": [{"main": ["other"]}],
    "content_policy_fallbacks": [{"main": ["other"]}],
    "model_group_alias": {"alias": "main"},
    "enable_tag_filtering": True,
    "retry_after": 2,
    "retry_policy": {"RateLimitErrorRetries": 3},
    "model_group_retry_policy": {"main": {"RateLimitErrorRetries": 3}},
    "allowed_fails": 2,
    "allowed_fails_policy": {"RateLimitErrorAllowedFails": 3},
    "cooldown_time": 30,
    "disable_cooldowns": True,
    "routing_strategy": "latency-based-routing",
    "routing_strategy_args": {"ttl": 10},
    "optional_pre_call_checks": ["prompt_caching"],
    "routing_groups": [{"group": "main"}],
    "provider_budget_config": {"openai": {"budget_limit": 1.0, "time_period": "1d"}},
    "redis_url": "redis://localhost",
    "redis_host": "localhost",
    "cache_responses": True,
    "caching_groups": [["main"]],
    "client_ttl": 60,
    "polling_interval": 1,
    "alerting_config": {"webhook_url": "x"},
    "deployment_affinity_ttl_seconds": 60,
    "enable_weighted_failover": True,
    "set_verbose": True,
    "debug_level": "DEBUG",
    "a_setting_of_next_year": 1,
}

PARAMETERS: dict[str, Any] = {
    "api_key": "sk-other",
    "api_base": "https://gateway.example/v1",
    "organization": "org-1",
    "extra_headers": {"X-Team": "a"},
    "rpm": 5,
    "tpm": 5000,
    "weight": 3,
    "order": 2,
    "timeout": 4,
    "stream_timeout": 2,
    "temperature": 0.2,
    "top_p": 0.5,
    "max_tokens": 9,
    "max_completion_tokens": 9,
    "seed": 4,
    "some_field_of_the_provider": 1,
    "extra_body": {"other_field": 2},
    "input_cost_per_token": 1e-6,
    "output_cost_per_token": 1e-6,
    "cache_read_input_token_cost": 1e-7,
    "max_budget": 1.0,
    "max_retries": 4,
    "num_retries": 4,
    "cooldown_time": 4,
    "tags": ["a"],
    "tag_regex": ["a"],
    "max_parallel_requests": 4,
    "itpm": 4,
    "otpm": 4,
    "mock_response": "hi",
    "drop_params": True,
    "timeout_by_service_tier": {"flex": 1},
    "litellm_trace_id": "x",
    "auto_router_config": "x",
    "merge_reasoning_content_in_choices": True,
    "use_in_pass_through": True,
}

INFO: dict[str, Any] = {
    "base_model": "openai/gpt-4o",
    "blocked": True,
    "allowed_fails": 3,
    "cooldown_time": 3,
    "max_input_tokens": 1000,
    "tier": "free",
    "team_id": "t",
    "version": "2",
    "supports_vision": True,
    "input_cost_per_token": 1e-6,
}


def config(
    router_settings: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    info: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    first = {"model": "openai/gpt-4.1", "api_key": "sk-1", **(params or {})}
    return {
        "model_list": [
            {"model_name": "main", "litellm_params": first, "model_info": dict(info or {})},
            {
                "model_name": "main",
                "litellm_params": {"model": "groq/openai/gpt-oss-120b", "api_key": "gsk-1"},
            },
            {
                "model_name": "other",
                "litellm_params": {"model": "anthropic/claude-haiku-4-5", "api_key": "sk-ant"},
            },
        ],
        "router_settings": dict(router_settings or {}),
    }


def migrated(config: Any) -> Migration:
    return migrate_litellm(read_litellm(config))


PLAIN = migrated(config()).document


@pytest.mark.parametrize("name", ROUTER_SETTINGS)
def test_a_setting_of_the_router_changes_the_routes_or_is_named(name: str) -> None:
    around = {"default_fallbacks": ["other"]} if name == "max_fallbacks" else {}
    before = migrated(config(around)).document
    after = migrated(config({**around, name: ROUTER_SETTINGS[name]}))
    named = any(name in note.setting for note in after.notes)
    assert (after.document != before) or named


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_of_a_deployment_changes_its_entry_or_is_named(name: str) -> None:
    after = migrated(config(params={name: PARAMETERS[name]}))
    named = any(name in note.setting for note in after.notes)
    assert (after.document != PLAIN) or named


@pytest.mark.parametrize("name", INFO)
def test_a_fact_about_a_deployment_changes_its_entry_or_is_named(name: str) -> None:
    after = migrated(config(info={name: INFO[name]}))
    named = any(name in note.setting for note in after.notes)
    assert (after.document != PLAIN) or named


@pytest.mark.parametrize("name", [*ROUTER_SETTINGS, "set_verbose"])
def test_settings_of_litellm_itself_count_where_the_router_has_none(name: str) -> None:
    value = ROUTER_SETTINGS.get(name, True)
    of_router = migrated(config({name: value}))
    as_own = migrated({**config(), "litellm_settings": {name: value}})
    if name != "default_litellm_params":  # of the router alone
        assert as_own.document == of_router.document
    both = migrated({**config({name: value}), "litellm_settings": {name: None}})
    assert both.document == of_router.document


def test_settings_at_their_default_have_no_note() -> None:
    settings = {"set_verbose": False, "debug_level": "INFO"}
    params = {"merge_reasoning_content_in_choices": False, "use_in_pass_through": False}
    assert migrated(config(settings, params, {"db_model": False})).notes == ()


def test_each_note_has_the_line_of_its_setting_and_the_groups_that_have_it(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "model_list:\n"
        "  - model_name: main\n"
        "    litellm_params:\n"
        "      model: groq/a\n"
        "      cooldown_time: 3\n"
        "    model_info:\n"
        "      version: 2\n"
        "  - model_name: other\n"
        "    litellm_params: {model: groq/b, cooldown_time: 4}\n"
        "router_settings:\n"
        "  routing_strategy: usage-based-routing\n"
        "  context_window_fallbacks: [{main: [other]}]\n"
        "  content_policy_fallbacks: [{main: [other]}]\n"
        "  redis_url: redis://localhost\n"
    )
    notes = {note.setting: str(note) for note in migrated(path).notes}
    lines = {
        name: text.removeprefix(f"{path}, line ").partition(": ") for name, text in notes.items()
    }
    assert {name: (line, of) for name, (line, _, of) in lines.items()} == {
        name: (line, f"{named}: {notes[name].partition(named + ': ')[2]}")
        for name, line, named in (
            ("litellm_params.cooldown_time", "5", "litellm_params.cooldown_time of main, other"),
            ("model_info.version", "7", "model_info.version of main"),
            ("routing_strategy", "11", "routing_strategy"),
            ("context_window_fallbacks", "12", "context_window_fallbacks"),
            ("content_policy_fallbacks", "13", "content_policy_fallbacks"),
            ("router_settings.redis_url", "14", "router_settings.redis_url"),
        )
    }
    assert (
        "weights do not: calls one after the other all go to the first" in notes["routing_strategy"]
    )
    assert "store: env:REDIS_URL" in notes["router_settings.redis_url"]


def test_a_setting_without_an_equal_has_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    text = json.dumps(config()["model_list"])
    path.write_text(f"model_list: {text}\nrouter_settings:\n  num_retries: 1\n  cooldown_time: 3\n")
    notes = migrated(path).notes
    keys = ("openai/gpt-4.1", "groq/openai/gpt-oss-120b", "anthropic/claude-haiku-4-5")
    named = [f"litellm_params.api_key of {name}" for name in keys]
    assert [note.setting for note in notes] == ["router_settings.cooldown_time", *named]
    in_file = "a key stands in the file: write os.environ/NAME"
    assert str(notes[1]) == f"{path}, line 1: {named[0]}: {in_file}"
    note = notes[0]
    assert str(note).startswith(f"{path}, line 4: router_settings.cooldown_time: would have rested")
