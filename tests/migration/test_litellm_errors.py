"""LiteLLM configurations that cannot be used are refused in one line, with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from scout_adapters import ScoutRouterChatModel
from scout_adapters.errors import ConfigurationError

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
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=message) as refusal:
        ScoutRouterChatModel.from_litellm(path)
    assert "\n" not in str(refusal.value)
