"""Options that users carry over from partner packages and LiteLLM: understood, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from langchain_core.tools import tool

from scout_adapters import ScoutRouterChatModel, init_scout_model
from scout_adapters.errors import ConfigurationError
from scout_adapters.testing import Emulator
from tests.support.verbs import VERBS, call_model

SECRET = "gsk_CANARY0123456789"
NAMES = {
    "groq": "llama-3.3-70b-versatile",
    "openai": "gpt-4.1-mini",
    "anthropic": "claude-haiku-4-5",
    "google": "gemini-3.5-flash",
    "openrouter": "openai/gpt-5-mini",
    "mistral": "mistral-small-latest",
}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    emulator = Emulator()
    with emulator.serve():
        yield emulator


def model_of(emulator: Emulator, provider: str = "groq", **options: Any) -> Any:
    url = emulator.url(provider)
    return init_scout_model(
        options.pop("model", f"{provider}/{NAMES[provider]}"),
        **{"api_key": "k", "base_url": url, **options},
    )


def entry_of(emulator: Emulator, provider: str = "groq", **options: Any) -> dict[str, Any]:
    entry = {"model": f"{provider}/{NAMES[provider]}", "api_key": "k", **options}
    return {"base_url": emulator.url(provider), **entry}


@tool
def weather(city: str) -> str:
    """Return the weather of a city."""
    return city


EXTRA: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "invoke, extra_body": lambda model, body: model.invoke("hi", extra_body=body),
    "invoke, model_kwargs": lambda model, body: model.invoke("hi", model_kwargs=body),
    "bind": lambda model, body: model.bind(extra_body=body).invoke("hi"),
    "bind_tools": lambda model, body: model.bind_tools([weather], extra_body=body).invoke("hi"),
}


@pytest.mark.parametrize("way", EXTRA)
def test_further_body_fields_of_a_call_are_merged_with_the_models(
    way: str, emulator: Emulator
) -> None:
    for model in (
        model_of(emulator, model_kwargs={"user": "u", "seed": 1}),
        ScoutRouterChatModel(models=[entry_of(emulator)], model_kwargs={"user": "u", "seed": 1}),
        ScoutRouterChatModel(models=[entry_of(emulator, extra_body={"user": "u"})]),
    ):
        emulator.log.clear()
        EXTRA[way](model, {"seed": 7, "frequency_penalty": 0.5})
        body = emulator.log[0].body
        assert (body["user"], body["seed"], body["frequency_penalty"]) == ("u", 7, 0.5)
        assert not {"extra_body", "model_kwargs", "extra"} & body.keys()


@pytest.mark.parametrize("verb", VERBS)
async def test_a_misspelt_option_of_a_call_is_refused_and_nothing_is_sent(
    verb: str, emulator: Emulator
) -> None:
    for model in (model_of(emulator), ScoutRouterChatModel(models=[entry_of(emulator)])):
        for bound in (
            model.bind(temprature=1),
            model.bind_tools([weather], temprature=1),
        ):
            with pytest.raises(ConfigurationError, match="did you mean temperature="):
                await call_model(bound, verb, "hi")
        with pytest.raises(ConfigurationError, match="did you mean temperature="):
            await call_model(model, verb, "hi", temprature=1)
    assert emulator.log == []


ADDRESSES = [
    ("openai", "openai_api_base"),
    ("openai", "openai_base_url"),
    ("groq", "groq_api_base"),
    ("anthropic", "anthropic_api_url"),
    ("google", "google_api_endpoint"),
    ("openrouter", "openrouter_api_base"),
    ("groq", "api_url"),
]


@pytest.mark.parametrize(("provider", "name"), ADDRESSES)
def test_a_partners_name_for_the_address_never_lets_the_key_go_elsewhere(
    provider: str, name: str, emulator: Emulator
) -> None:
    url = emulator.url(provider)
    entry = {"model": f"{provider}/{NAMES[provider]}", "api_key": SECRET, name: url}
    init_scout_model(**entry).invoke("hi")
    ScoutRouterChatModel(models=[entry]).invoke("hi")
    assert [exchange.key for exchange in emulator.log] == [SECRET, SECRET]
    assert all(name not in exchange.body for exchange in emulator.log)


FOREIGN = [
    *("openai_api_base", "anthropic_api_url", "fireworks_api_base", "azure_endpoint"),
    *("rpm", "tpm", "cooldown_time", "allowed_fails", "routing_strategy", "num_ctx"),
    *("disabled_params", "include_response_headers", "vertexai", "project", "location"),
    *("client_options", "client_args", "http_client", "http_async_client", "default_query"),
    *("stream_timeout", "use_responses_api", "tiktoken_model_name", "custom_llm_provider"),
    *("top_kk", "an_unknown_option", "root_client", "bedrock_client", "max_concurrent_requests"),
    *("reuse_last_container", "guardrail_config", "base_model_id", "performance_config"),
]


@pytest.mark.parametrize("name", FOREIGN)
def test_what_means_nothing_here_is_refused_before_anything_leaves(
    name: str, emulator: Emulator
) -> None:
    model = model_of(emulator)
    router = ScoutRouterChatModel(models=[entry_of(emulator)])
    for way in (
        lambda: model_of(emulator, **{name: "x"}),
        lambda: ScoutRouterChatModel(models=[entry_of(emulator)], **{name: "x"}),
        lambda: ScoutRouterChatModel(models=[entry_of(emulator, **{name: "x"})]),
        lambda: model.invoke("hi", **{name: "x"}),
        lambda: router.invoke("hi", **{name: "x"}),
        lambda: model.bind(**{name: "x"}).invoke("hi"),
        lambda: router.bind_tools([weather], **{name: "x"}).invoke("hi"),
    ):
        with pytest.raises(ConfigurationError, match=f"{name}="):
            way()
    assert emulator.log == []


SECRETS = [
    *("headers", "secret_key", "groq_key", "api_token", "access_key", "auth", "bearer"),
    *("credentials", "cookies", "key", "token", "authorization", "client_secret", "password"),
    *("api_secret", "auth_token", "id_token", "apikey", "api-key", "x_api_key", "cookie"),
    *("clientSecret", "privateKey", "passphrase", "pwd", "jwt", "pat", "hf_token", "auth_header"),
]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_under_another_name_is_refused_and_not_shown(
    name: str, emulator: Emulator
) -> None:
    model = model_of(emulator)
    for way in (
        lambda: model_of(emulator, **{name: SECRET}),
        lambda: model_of(emulator, model_kwargs={name: SECRET}),
        lambda: ScoutRouterChatModel(models=[entry_of(emulator)], **{name: SECRET}),
        lambda: ScoutRouterChatModel(models=[entry_of(emulator, **{name: SECRET})]),
        lambda: model.invoke("hi", **{name: SECRET}),
        lambda: model.invoke("hi", extra_body={name: SECRET}),
    ):
        with pytest.raises(ConfigurationError, match=f"takes no {name}=") as caught:
            way()
        assert SECRET not in str(caught.value)
    assert emulator.log == []


UNDERSTOOD: list[tuple[str, dict[str, Any], str, Any]] = [
    ("openai", {"num_retries": 5}, "max_retries", 5),
    ("anthropic", {"default_request_timeout": 9}, "timeout", 9),
    ("anthropic", {"max_tokens_to_sample": 9}, "max_tokens", 9),
    ("anthropic", {"effort": "low"}, "reasoning_effort", "low"),
    ("openai", {"reasoning": {"effort": "low"}}, "reasoning_effort", "low"),
    ("google", {"additional_headers": {"X-A": "b"}}, "default_headers", {"X-A": "b"}),
    ("openai", {"openai_organization": "o"}, "default_headers", {"OpenAI-Organization": "o"}),
    ("openai", {"project": "p"}, "default_headers", {"OpenAI-Project": "p"}),
    ("groq", {"ssl_verify": False}, "verify", False),
    ("groq", {"trust_env": False}, "trust_env", False),
    ("google", {"retries": 4}, "max_retries", 4),
    ("openrouter", {"app_categories": ["a"]}, "default_headers", {"X-OpenRouter-Categories": "a"}),
]


@pytest.mark.parametrize(("provider", "option", "name", "value"), UNDERSTOOD)
def test_names_of_partner_packages_are_understood(
    provider: str, option: dict[str, Any], name: str, value: Any, emulator: Emulator
) -> None:
    model = model_of(emulator, provider, **option)
    assert getattr(model, name) == value
    assert model.model_kwargs == {}


IN_BODIES: list[tuple[str, dict[str, Any], str, Any]] = [
    ("openrouter", {"openrouter_provider": {"order": ["a"]}}, "provider", {"order": ["a"]}),
    ("mistral", {"safe_mode": True}, "safe_prompt", True),
    ("anthropic", {"user_profile_id": "uprof_1"}, "user_profile_id", "uprof_1"),
]


@pytest.mark.parametrize(("provider", "option", "field", "value"), IN_BODIES)
def test_a_partners_name_of_a_body_field_becomes_that_field(
    provider: str, option: dict[str, Any], field: str, value: Any, emulator: Emulator
) -> None:
    model_of(emulator, provider, **option).invoke("hi")
    ScoutRouterChatModel(models=[entry_of(emulator, provider, **option)]).invoke("hi")
    assert [exchange.body[field] for exchange in emulator.log] == [value, value]


@pytest.mark.parametrize(
    ("provider", "option"),
    [
        ("google", {"vertexai": False}),
        ("openai", {"http_client": None, "include_response_headers": False}),
        ("groq", {"use_responses_api": False, "client": None, "async_client": None}),
    ],
)
def test_options_with_the_value_that_changes_nothing_are_left_out(
    provider: str, option: dict[str, Any], emulator: Emulator
) -> None:
    model_of(emulator, provider, **option).invoke("hi")
    model_of(emulator, provider).invoke("hi", **option)
    ScoutRouterChatModel(models=[entry_of(emulator, provider, **option)]).invoke("hi")
    assert len(emulator.log) == 3
    assert not any(option.keys() & exchange.body.keys() for exchange in emulator.log)


def test_a_flag_that_is_off_counts_where_the_provider_has_it(emulator: Emulator) -> None:
    for own, call in (({"use_responses_api": False}, {}), ({}, {"use_responses_api": False})):
        model_of(emulator, "openai", model="openai/gpt-6-luna", **own).invoke("hi", **call)
    assert {exchange.path.rpartition("/v1")[2] for exchange in emulator.log} == {
        "/chat/completions"
    }


@pytest.mark.parametrize("name", ["streaming", "output_version", "scout_metadata"])
def test_a_call_refuses_an_option_of_the_model_as_such(name: str, emulator: Emulator) -> None:
    for way in (
        lambda: model_of(emulator).invoke("hi", **{name: "full"}),
        lambda: ScoutRouterChatModel(models=[entry_of(emulator, **{name: "full"})]),
    ):
        with pytest.raises(ConfigurationError, match=f"{name}=: it is an option of a model, not"):
            way()


@pytest.mark.parametrize("name", ["proxies", "proxy", "anthropic_proxy"])
def test_a_proxy_with_a_password_is_in_no_body_and_no_repr(name: str, emulator: Emulator) -> None:
    proxy = {name: f"http://user:{SECRET}@proxy.example:3128"}
    model = model_of(emulator, "anthropic", **proxy)
    router = ScoutRouterChatModel(models=[entry_of(emulator, "anthropic", **proxy)])
    assert model.proxies is not None
    for subject in (model, router):
        shown = repr(subject) + repr(subject._identifying_params) + repr(subject.model_dump())
        assert SECRET not in shown + str(subject._get_llm_string())


SEVERAL = [
    ("openai", {"n": 2}),
    ("openai", {"extra_body": {"n": 2}}),
    ("google", {"n": 2}),
    ("google", {"candidate_count": 3}),
    ("google", {"generation_config": {"candidateCount": 2}}),
    ("google", {"model_kwargs": {"generationConfig": {"candidate_count": 2}}}),
]


@pytest.mark.parametrize(("provider", "option"), SEVERAL)
@pytest.mark.parametrize("verb", VERBS)
async def test_several_answers_to_one_call_are_refused_before_they_are_paid(
    verb: str, provider: str, option: dict[str, Any], emulator: Emulator
) -> None:
    for model, call in (
        (model_of(emulator, provider, **option), {}),
        (model_of(emulator, provider), option),
        (ScoutRouterChatModel(models=[entry_of(emulator, provider), "openai/x"]), option),
    ):
        with pytest.raises(ConfigurationError, match="one answer"):
            await call_model(model, verb, "hi", **call)
    assert emulator.log == []


def test_one_answer_may_be_requested_by_number(emulator: Emulator) -> None:
    model_of(emulator, "openai").invoke("hi", n=1)
    assert emulator.log[0].body["n"] == 1


def test_a_body_field_goes_to_the_candidates_that_document_it(emulator: Emulator) -> None:
    for own, call in (({"top_k": 5, "seed": 3}, {}), ({}, {"top_k": 5, "seed": 3})):
        for first, second in (("groq", "anthropic"), ("anthropic", "groq")):
            emulator.log.clear()
            entries = [entry_of(emulator, first), entry_of(emulator, second)]
            router = ScoutRouterChatModel(
                models=entries, model_kwargs={"metadata": {"user_id": "u"}}, **own
            )
            router.invoke("hi", **call)
            router.invoke("hi", model=f"{second}/{NAMES[second]}", **call)
            for exchange in emulator.log:
                sent = {"top_k", "seed", "metadata"} & exchange.body.keys()
                mine = "top_k" if exchange.provider == "anthropic" else "seed"
                assert sent == {mine, "metadata"}


@pytest.mark.parametrize("name", ["anthropic_proxy", "openai_proxy", "google_api_base"])
def test_another_providers_option_is_refused_with_ours(name: str, emulator: Emulator) -> None:
    ours = "proxies" if name.endswith("proxy") else "base_url"
    for way in (
        lambda: model_of(emulator, **{name: "http://127.0.0.1:9"}),
        lambda: ScoutRouterChatModel(models=[entry_of(emulator, **{name: "http://127.0.0.1:9"})]),
    ):
        with pytest.raises(ConfigurationError, match=f"of any model or entry is {ours}="):
            way()


@pytest.mark.parametrize("name", ["model_kwargs", "extra_body"])
def test_a_further_body_field_cannot_switch_streams_on(name: str, emulator: Emulator) -> None:
    for way in (
        lambda: model_of(emulator, **{name: {"stream": True}}),
        lambda: model_of(emulator).invoke("hi", **{name: {"stream": True}}),
    ):
        with pytest.raises(ConfigurationError, match=r"call stream\(\)"):
            way()
    assert emulator.log == []


@pytest.mark.parametrize("provider", ["openai", "groq"])
def test_options_of_streams_go_with_streams_and_leave_the_token_counts(
    provider: str, emulator: Emulator
) -> None:
    model = model_of(
        emulator, provider, model_kwargs={"stream_options": {"include_obfuscation": False}}
    )
    model.invoke("hi")
    list(model.stream("hi"))
    whole, streamed = (exchange.body for exchange in emulator.log[:2])
    assert "stream_options" not in whole
    assert streamed["stream_options"] == {"include_usage": True, "include_obfuscation": False}
