"""Options of partner packages that this library has not: refused with what to write instead."""

from __future__ import annotations

import pytest

from scout_adapters import (
    ScoutGroqChatModel,
    ScoutOllamaChatModel,
    ScoutRouterChatModel,
    init_scout_model,
)
from scout_adapters.errors import ConfigurationError
from scout_adapters.testing import Emulator

NAMES = [
    *("mirostat", "num_gpu", "num_thread", "repeat_last_n", "tfs_z", "keep_alive", "format"),
    *("sync_client_kwargs", "client_kwargs", "validate_model_on_init", "repo_id", "examples"),
    *("model_family", "perform_literal_eval_on_string_raw_content", "request_parallelism"),
    *("endpoint_version", "api_transport", "client_cert_source", "default_metadata_input"),
]


@pytest.mark.parametrize("name", NAMES)
def test_an_option_of_another_package_is_refused_with_what_to_write(name: str) -> None:
    for make in (ScoutGroqChatModel, ScoutOllamaChatModel):
        with pytest.raises(ConfigurationError, match=rf"takes no {name}=: \w+"):
            make(model="llama3.3", api_key="k-1234567890", **{name: "x"})
    model = ScoutGroqChatModel(model="llama-3.3-70b-versatile", api_key="k-1234567890")
    with pytest.raises(ConfigurationError, match=f"{name}=: "):
        model.invoke("hi", **{name: "x"})


def test_names_of_nvidias_and_huggingfaces_packages_are_understood() -> None:
    model = init_scout_model("huggingface/x/y", api_key="k-1234567890", max_new_tokens=7)
    assert model.max_tokens == 7
    model = init_scout_model("nvidia/x/y", api_key="k-1234567890", verify_ssl=False)
    assert model.verify is False


def test_filters_of_perplexitys_searches_are_sent(emulator: Emulator) -> None:
    filters = {"search_after_date_filter": "1/1/2026", "language_preference": "de"}
    options = {"api_key": "k", "transport": emulator.transport()}
    init_scout_model("perplexity/sonar-pro", **options, **filters).invoke("hi")
    assert emulator.log[-1].body.items() >= filters.items()


def test_a_documented_field_that_is_named_like_a_key_is_sent(emulator: Emulator) -> None:
    options = {"api_key": "k", "transport": emulator.transport()}
    fields = {"prompt_cache_key": "chat-7"}
    init_scout_model("openai/gpt-4.1-mini", model_kwargs=fields, **options).invoke("hi")
    init_scout_model("openai/gpt-4.1-mini", **fields, **options).invoke("hi")
    entry = {"model": "openai/gpt-4.1-mini", "extra_body": fields, **options}
    ScoutRouterChatModel(models=[entry]).invoke("hi")
    assert [exchange.body["prompt_cache_key"] for exchange in emulator.log] == ["chat-7"] * 3
