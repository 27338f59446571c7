"""LiteLLM configurations that cannot be used are refused in one line, with their place."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import ConfigurationError, ScoutError
from scout_adapters.migration import migrate_litellm, read_litellm
from scout_adapters.migration.litellm_entries import HANDLED, PASSED, RENAMED
from scout_adapters.migration.litellm_settings import MAPPED
from scout_adapters.migration.unmapped_settings import PARAMETERS, SETTINGS

MODEL = "model_list: [{{model_name: a, litellm_params: {{model: groq/x{}}}}}]\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("model_list: []", "has no `model_list`"),
        ("model_list: [{litellm_params: {model: a}}]", r"line 1: an item .* no `model_name`"),
        ("model_list: [{model_name: a}]", r"line 1: 'a' has no `litellm_params.model`"),
        ("include: [../x.yaml]\nmodel_list: []", r"line 1: '../x.yaml' is outside its folder"),
        ("include: [config.yaml]\nmodel_list: []", r"line 1: 'config.yaml' includes itself"),
        ("include: [none.yaml]\nmodel_list: []", r"none.yaml cannot be read"),
        ("model_list: !!python/name:os.system ''", "line 1: the tag"),
        (MODEL.format("").replace("groq", "gorq"), "no provider is registered as 'gorq'"),
        (
            MODEL.format("") + "router_settings: {fallbacks: [{a: [b]}]}",
            "the fallback 'b' of 'a' is no group; there are a",
        ),
        (MODEL.format(", litellm_credential_name: c"), "credential_list has no 'c'"),
        (MODEL.format(", api_base: os.environ/NOT_SET"), "set NOT_SET"),
        ("- 1", "is a mapping with `model_list`"),
        (MODEL.format("") + "router_settings: [1]", "router_settings must be a mapping"),
        (MODEL.format(", order: first"), "line 1: order must be a number"),
        (MODEL.format(", timeout: [1]"), "line 1: timeout must be a number"),
        (MODEL.format(", input_cost_per_token: cheap"), "input_cost_per_token must be a number"),
        (MODEL.format("") + "router_settings: {fallbacks: {a: [b]}}", "fallbacks must be a list"),
        (MODEL.format("") + "router_settings: {num_retries: some}", "num_retries must be a number"),
        (MODEL.format("") + "credential_list: 1", "credential_list must be a list"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message) as refusal:
        ScoutRouterChatModel.from_litellm(path)
    assert "\n" not in str(refusal.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=4,
)
NAMES = sorted(
    {*MAPPED, *SETTINGS, *PARAMETERS, *PASSED, *HANDLED, *RENAMED, "weight", "extra_body"}
)


@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=4), st.sampled_from(NAMES), JSON)
def test_any_value_of_a_setting_is_converted_or_refused(
    settings: dict[str, Any], name: str, value: Any
) -> None:
    params = {"api_key": "k", name: value, "model": "groq/x"}
    config = {
        "model_list": [{"model_name": "a", "litellm_params": params, "model_info": settings}],
        "router_settings": settings,
    }
    with suppress(ScoutError):
        migrate_litellm(read_litellm(config))
