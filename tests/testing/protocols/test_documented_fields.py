"""The emulator accepts the fields that a provider's card documents, and refuses others."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters import init_scout_model
from scout_adapters.errors import NotSupported
from scout_adapters.testing import Emulator

DOCUMENTED: list[tuple[str, dict[str, Any]]] = [
    ("alibaba/qwen3-max", {"enable_thinking": True}),
    ("moonshot/kimi-k3", {"thinking": {"type": "disabled"}}),
    ("nvidia/x/y", {"chat_template_kwargs": {"thinking": False}}),
    ("perplexity/sonar-pro", {"search_domain_filter": ["example.org"]}),
    ("vercel/openai/gpt-5-mini", {"providerOptions": {"gateway": {"order": ["azure"]}}}),
    ("zai/glm-5.2", {"thinking": {"type": "enabled"}}),
]


@pytest.mark.parametrize(("name", "fields"), DOCUMENTED)
def test_a_documented_field_is_accepted_and_an_unknown_one_refused(
    name: str, fields: dict[str, Any], emulator: Emulator
) -> None:
    model = init_scout_model(name, api_key="k", transport=emulator.transport())
    assert model.invoke("hi", **fields).text
    assert emulator.log[-1].body.items() >= fields.items()
    with pytest.raises(NotSupported, match="temprature"):
        model.invoke("hi", extra_body={"temprature": 1})


def test_a_server_without_a_card_has_the_fields_of_vllm(emulator: Emulator) -> None:
    fields = {"chat_template_kwargs": {"enable_thinking": False}, "top_k": 5}
    with emulator.serve():
        model = init_scout_model("openai_compatible/m", base_url=emulator.url("vllm"))
        assert model.invoke("hi", **fields).text
    assert emulator.log[-1].body.items() >= fields.items()
