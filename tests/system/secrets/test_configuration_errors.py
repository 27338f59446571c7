"""A wrong configuration is refused without its secrets in messages or in locals of frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from scout_adapters import (
    ScoutAnthropicChatModel,
    ScoutBudgetCallbackHandler,
    ScoutEmbeddings,
    ScoutGroqChatModel,
    ScoutOpenAICompatibleChatModel,
    ScoutRouterChatModel,
    init_scout_model,
)
from scout_adapters.chat_models.hidden_secrets import HiddenDict
from scout_adapters.errors import ConfigurationError
from tests.support.key_leaks import SECRET_NAMES
from tests.system.secrets.sweep import traceback_texts

KEY = "gsk_CANARY0123456789"
URL = "https://x.example/v1"
HEADERS = {"X-Gateway": f"{KEY}h"}
GROQ = "groq/llama-3.3-70b-versatile"


def route(**entry: Any) -> Any:
    return ScoutRouterChatModel(models=[{"model": GROQ, **entry}])


WRONG: dict[str, Callable[[], Any]] = {
    "a blank in a key": lambda: ScoutGroqChatModel(model="m", api_key=f"{KEY} x").invoke("hi"),
    "a blank in a list": lambda: ScoutGroqChatModel(model="m", api_keys=[KEY, "y x"]).invoke("hi"),
    "a placeholder": lambda: ScoutGroqChatModel(model="m", api_key=f"{KEY},<k>").invoke("hi"),
    "a blank in an entry": lambda: route(api_key=f"{KEY} x").invoke("hi"),
    "a misspelt option": lambda: ScoutGroqChatModel(model="m", api_key=KEY, temprature=1),
    "a misspelt option of a route": lambda: ScoutRouterChatModel(models=[GROQ], api_key=KEY, x_y=1),
    "a misspelt option of an entry": lambda: route(api_key=KEY, temprature=1),
    "an invalid option": lambda: ScoutGroqChatModel(model="m", api_key=KEY, temperature="hot"),
    "an invalid option with headers": lambda: ScoutGroqChatModel(
        model="m", default_headers=HEADERS, temperature="hot"
    ),
    "a header's name": lambda: ScoutGroqChatModel(model="m", default_headers={"X Y": KEY}),
    "a header's name with a colon": lambda: ScoutGroqChatModel(
        model="m", default_headers={"Authorization:": KEY}
    ),
    "a header's value": lambda: ScoutGroqChatModel(
        model="m", api_key=KEY, default_headers={"X": f"{KEY}\r\ny"}
    ),
    "an entry's header": lambda: route(api_key=KEY, default_headers={"X Y": KEY}),
    "a key for a header's name": lambda: ScoutGroqChatModel(
        model="m", default_headers={f"Bearer {KEY}": "x"}
    ),
    "an address": lambda: ScoutGroqChatModel(model="m", api_key=KEY, base_url="ftp://x").invoke(""),
    "no address": lambda: ScoutGroqChatModel(model="m", api_key=KEY, base_url="nowhere").invoke(""),
    "a password": lambda: ScoutGroqChatModel(model="m", base_url=f"https://u:{KEY}@h/v1"),
    "an entry without a provider": lambda: ScoutRouterChatModel(
        models=[{"model": "nobody/m", "api_key": KEY}]
    ),
    "a secret's other name": lambda: ScoutGroqChatModel(model="m", groq_key=KEY),
    "a secret in camel case": lambda: ScoutGroqChatModel(model="m", clientSecret=KEY),
    "a token by another name": lambda: ScoutGroqChatModel(model="m", jwt=KEY),
    "a secret in model_kwargs": lambda: ScoutGroqChatModel(model="m", model_kwargs={"token": KEY}),
    "headers in extra_body": lambda: ScoutGroqChatModel(model="m", extra_body={"headers": HEADERS}),
    "proxies in model_kwargs": lambda: route(model_kwargs={"proxies": f"http://u:{KEY}@p:1"}),
}


@pytest.mark.parametrize("name", SECRET_NAMES)
@pytest.mark.parametrize(
    "make",
    [
        lambda option: ScoutOpenAICompatibleChatModel(model="m", base_url=URL, **option),
        lambda option: ScoutOpenAICompatibleChatModel(model="m", base_url=URL, extra_body=option),
        lambda option: route(model_kwargs=option),
        lambda option: ScoutRouterChatModel(
            models=[{"model": "openai_compatible/m", "base_url": URL, **option}]
        ),
    ],
)
def test_an_option_named_like_a_secret_is_refused_and_shown_in_no_frame(
    make: Callable[[Any], Any], name: str
) -> None:
    option = HiddenDict({name: "CANARY-without-the-shape-of-a-key"})
    with pytest.raises((ConfigurationError, ValidationError), match="keys and headers") as caught:
        make(option)
    assert [text for text in traceback_texts(caught.value) if "CANARY" in text] == []


@pytest.mark.parametrize("what", WRONG)
def test_a_configuration_error_shows_no_secret_in_any_frame(what: str) -> None:
    with pytest.raises((ConfigurationError, ValidationError)) as caught:
        WRONG[what]()
    shown = [text for text in traceback_texts(caught.value) if "CANARY" in text]
    assert shown == []


def test_an_address_of_the_environment_shows_no_secret_in_any_frame(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GROQ_API_URL", f"https://x.example/v1?code={KEY}")
    with pytest.raises(ConfigurationError, match="GROQ_API_URL") as caught:
        ScoutGroqChatModel(model="m", api_key="k-1234567890").invoke("hi")
    assert [text for text in traceback_texts(caught.value) if "CANARY" in text] == []


MISPLACED: dict[str, Callable[[], Any]] = {
    "a model": lambda: init_scout_model(KEY),
    "a provider": lambda: init_scout_model("m", model_provider=KEY),
    "a provider's part": lambda: init_scout_model(f"{KEY}/m"),
    "an entry": lambda: ScoutRouterChatModel(models=[KEY]),
    "a model of another package": lambda: ScoutRouterChatModel(models=[f"langchain:groq:{KEY}"]),
    "an embedding model": lambda: ScoutEmbeddings(model=KEY),
    "a certificate": lambda: ScoutGroqChatModel(model="m", api_key=KEY, verify=KEY).invoke("hi"),
    "a limit": lambda: ScoutBudgetCallbackHandler(KEY),
}


@pytest.mark.parametrize("place", MISPLACED)
def test_a_key_in_the_place_of_another_value_is_not_shown(place: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        MISPLACED[place]()
    assert "CANARY" not in f"{caught.value} {caught.value!r} {caught.value.args}"


CREDENTIALS = [
    "https://h.example/v1?code=abc",
    "https://h.example/v1?sig=abc",
    "https://h.example/v1?subscription-key=abc",
    "https://h.example/v1?Ocp-Apim-Subscription-Key=abc",
    "https://h.example/v1?X-Amz-Signature=abc",
    "https://h.example/v1?api-key=",
    f"https://h.example/v1/{KEY}/openai",
    "https://h.example/v1;token=abc",
    "https://h.example/v1&api_key=abc",
    "https://h.example/v1/%3Fcode=abc",
    "https://h.example/key=abc/v1",
    "https://h.example:pw/v1",
    " https://user:pw@h.example/v1",
    "\thttps://user@h.example/v1",
    "user:pw@h.example/v1",
]


@pytest.mark.parametrize("url", CREDENTIALS)
def test_an_address_with_a_credential_is_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_URL", url)
    for make in (
        lambda: ScoutGroqChatModel(model="m", base_url=url),
        lambda: ScoutGroqChatModel(model="m", groq_api_base=url),
        lambda: route(base_url=url),
        lambda: ScoutRouterChatModel(models=["mistral/m"]).invoke("hi"),
    ):
        with pytest.raises(ConfigurationError, match="an address with a user"):
            make()


OPAQUE = [
    "https://h.example/v1/3f8a9c1d2b7e4f60a1b2c3d4e5f60718/gateway",
    "https://h.example/t0ken-Abcdef0123456789xyz/v1",
    "https://h.example/v1?tenant=t0ken-Abcdef0123456789xyz",
    "https://h.example/token/t0ken/v1",
    "https://h.example/webhooks/12345/t0ken",
    "https://h.example/v1;jsessionid=t0ken",
]


@pytest.mark.parametrize("url", OPAQUE)
def test_an_address_is_shown_by_origin_and_the_shape_of_its_path(url: str) -> None:
    model = ScoutGroqChatModel(model="m", base_url=url, api_key="k")
    router = ScoutRouterChatModel(models=[{"model": GROQ, "base_url": url, "api_key": "k"}, model])
    for one in (model, router):
        text = repr(one) + repr(one._identifying_params) + one._get_llm_string()
        assert "3f8a9c1d" not in text
        assert "t0ken" not in text
    assert "https://h.example" in repr(model)
    other = ScoutGroqChatModel(model="m", base_url=f"{url}0", api_key="k")
    assert other._get_llm_string() != model._get_llm_string()


def test_a_value_that_looks_like_a_key_is_never_shown() -> None:
    servers = [{"type": "url", "authorization_token": "sk-CANARY0123456789", "url": "https://x"}]
    model = ScoutAnthropicChatModel(model="claude-haiku-4-5", mcp_servers=servers)
    router = ScoutRouterChatModel(models=[{"model": "anthropic/m", "mcp_servers": servers}])
    for one in (model, router):
        assert "CANARY" not in repr(one) + repr(one._identifying_params) + one._get_llm_string()


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ({"Transfer-Encoding": "chunked"}, "set by the connection"),
        ({"content-LENGTH": "5"}, "set by the connection"),
        ({"Upgrade": "h2c"}, "set by the connection"),
        ({"accept-encoding": "gzip, br"}, "may offer gzip, deflate and identity"),
        ({"X-A": "x" * 40_000}, "more than 32768 characters"),
        ({"X-A": f" {KEY}"}, "begins or ends with a blank"),
        ({"Accept-Encoding": "gzip" + 30_000 * " " + "x"}, "may offer gzip, deflate and identity"),
        ({"X-A": f"{KEY}\r\nX-Evil: 1"}, "printable"),
    ],
)
def test_a_header_that_would_break_the_exchange_is_refused_by_name(
    headers: dict[str, str], message: str
) -> None:
    makes: list[Callable[[], Any]] = [
        lambda: ScoutGroqChatModel(model="m", default_headers=headers),
        lambda: route(default_headers=headers),
    ]
    for make in makes:
        with pytest.raises(ConfigurationError, match=message) as caught:
            make()
        assert KEY not in str(caught.value)


@pytest.mark.parametrize("value", ["gzip", "gzip, deflate;q=0.5", "identity"])
def test_codings_that_can_be_read_may_be_offered(value: str) -> None:
    assert ScoutGroqChatModel(model="m", default_headers={"Accept-Encoding": value})


@pytest.mark.parametrize("betas", [["a\r\nX-Evil: 1"], "a\r\nX-Evil: 1", ["a b\n"], ["ü"], [1]])
def test_a_line_break_in_a_beta_is_refused(betas: Any) -> None:
    model = ScoutAnthropicChatModel(model="claude-haiku-4-5", api_key="k", max_retries=0)
    with pytest.raises(ConfigurationError, match="betas"):
        model.invoke("hi", betas=betas)
    with pytest.raises(ConfigurationError, match="betas"):
        model.model_copy(update={"model_kwargs": {"betas": betas}}).invoke("hi")
