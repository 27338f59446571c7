"""Keys are not copied: pickles contain none and show it, and no address may contain one."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest
from langchain_core.load import dumps

from scout_adapters import ScoutRouterChatModel, init_scout_model
from scout_adapters.errors import ConfigurationError, NoKeyError
from scout_adapters.testing import Emulator
from tests.support.warm_process import WarmProcess
from tests.system.secrets.keys import Canary, realistic
from tests.system.secrets.play import HEADER, Play, texts_of_model
from tests.system.secrets.sweep import leaks_in

KEY = realistic("groq", "copies")
PASSWORD = Canary("certificate-passphrase-7Kd")
SECRET = {"api_key": KEY, "default_headers": {"x-canary": HEADER.key}}
MODELS: dict[str, Any] = {
    "a model": lambda: init_scout_model("groq/m", **SECRET),
    "a model of many keys": lambda: init_scout_model("groq/m", api_keys=[KEY, KEY + "2"]),
    "a route of dicts": lambda: ScoutRouterChatModel(models=[{"model": "groq/m", **SECRET}]),
    "a route with a key": lambda: ScoutRouterChatModel(models=["groq/m"], api_key=KEY),
    "a route of models": lambda: ScoutRouterChatModel(
        models=[init_scout_model("groq/m", **SECRET)]
    ),
    "a configurable model": lambda: init_scout_model(
        "groq/m", configurable_fields="any", **SECRET
    ).with_config(temperature=0),
    "a model without a name": lambda: init_scout_model(
        api_keys=[KEY], headers=SECRET["default_headers"], proxies=f"http://u:{HEADER.key}@p:1"
    ),
}


@pytest.mark.parametrize("how", MODELS)
def test_a_pickle_holds_no_key_and_its_copy_shows_that(how: str) -> None:
    pickled = pickle.dumps(MODELS[how]())
    canaries = [Canary(KEY), HEADER]
    assert leaks_in(canaries, {"pickle": [pickled.decode("latin-1")]}) == []
    there = pickle.loads(pickled)
    for copied in (there, pickle.loads(pickle.dumps(there)), copy.deepcopy(there)):
        with pytest.raises(NoKeyError, match=r"came without the api_key"):
            copied.invoke("Hello")


OPTIONS = {
    "groq_api_key": KEY,
    "default_headers": {"x-canary": HEADER.key},
    "cert": ("client.pem", "client.key", PASSWORD.key),
    "store": f"redis://:{PASSWORD.key}@store:6379",
}


@pytest.mark.parametrize("name", [*OPTIONS, "proxies"])
def test_a_configurable_model_shows_its_secrets_nowhere(name: str) -> None:
    option = OPTIONS | {"proxies": f"http://u:{PASSWORD.key}@proxy:3128"}
    model = init_scout_model("groq/m", configurable_fields="any", **{name: option[name]})
    others = [model, model.bind(stop=["x"]), model.with_fallbacks([model])]
    texts = {
        "pickle": [pickle.dumps(other).decode("latin-1") for other in others],
        "trace": [dumps(other) for other in others],
        "repr": [repr(model), str(model), repr(model.model_dump())],
    }
    assert leaks_in([Canary(KEY), HEADER, PASSWORD], texts) == []
    with pytest.raises(NoKeyError, match=f"came without the (state_)?{name}"):
        pickle.loads(pickle.dumps(model)).invoke("Hello")


def test_a_pickled_configurable_model_keeps_what_is_no_secret() -> None:
    options = {"api_key": "env:MY_KEY", "base_url": "https://x.example/v1", "temperature": 0.5}
    model: Any = init_scout_model("groq/m", configurable_fields=["temperature"], **options)
    there = pickle.loads(pickle.dumps(model))
    assert there.missing_secrets == ()
    assert there.options == model.options


@pytest.mark.parametrize("where", ["a model", "a route", "an entry"])
def test_a_pickle_holds_no_password_of_a_certificate(where: str) -> None:
    cert = ("client.pem", "client.key", PASSWORD.key)
    model = {
        "a model": lambda: init_scout_model("groq/m", cert=cert),
        "a route": lambda: ScoutRouterChatModel(models=["groq/m"], cert=cert),
        "an entry": lambda: ScoutRouterChatModel(models=[{"model": "groq/m", "cert": cert}]),
    }[where]()
    pickled = pickle.dumps(model)
    assert leaks_in([PASSWORD], {"pickle": [pickled.decode("latin-1")]}) == []
    with pytest.raises(NoKeyError, match=r"came without the cert"):
        pickle.loads(pickled).invoke("Hello")


@pytest.mark.parametrize("cert", ["client.pem", ("client.pem", "client.key")])
def test_a_pickle_keeps_a_certificate_without_password(cert: Any) -> None:
    assert pickle.loads(pickle.dumps(init_scout_model("groq/m", cert=cert))).cert == cert


def test_a_copy_in_this_process_keeps_its_keys() -> None:
    emulator = Emulator({"groq": [KEY]})
    with emulator.serve():
        model = init_scout_model("groq/openai/gpt-oss-20b", base_url=emulator.url("groq"), **SECRET)
        for copied in (copy.copy(model), copy.deepcopy(model), model.model_copy(deep=True)):
            copied.invoke("Hello")
    assert {(one.key, one.headers["x-canary"]) for one in emulator.log} == {(KEY, HEADER.key)}


def test_a_pickle_of_a_model_without_keys_of_its_own_reads_the_environment_there(
    bare: WarmProcess,
) -> None:
    emulator = Emulator({"groq": [KEY]})
    with emulator.serve():
        model = init_scout_model("groq/openai/gpt-oss-20b", base_url=emulator.url("groq"))
        code = "import pickle, sys; pickle.load(sys.stdin.buffer).invoke('Hello')"
        bare.output(code, pickle.dumps(model), env={"GROQ_API_KEY": KEY})
    assert [one.key for one in emulator.log] == [KEY]


@pytest.mark.parametrize(
    "address",
    [
        f"https://user:{KEY}@proxy.example/v1",
        f"https://{KEY}@proxy.example",
        f"//user:{KEY}@proxy.example/v1",
        f"user:{KEY}@proxy.example/v1",
        f"https://user:{KEY[:8]}[{KEY}@proxy.example",
        f"https://proxy.example/v1?key={KEY}",
        f"https://proxy.example/v1?a=b&api_key={KEY}",
    ],
    ids=range(7),
)
def test_an_address_with_a_secret_is_refused_without_showing_it(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_URL", address)
    monkeypatch.setenv("GROQ_API_KEY", "k" * 12)
    attempts = [
        lambda: init_scout_model("groq/m", base_url=address),
        lambda: init_scout_model("groq/m", api_base=address),
        lambda: ScoutRouterChatModel(models=[{"model": "groq/m", "endpoint": address}]),
        lambda: init_scout_model("groq/m").invoke("Hello"),
    ]
    for attempt in attempts:
        with pytest.raises(ConfigurationError, match="an address with a user") as caught:
            attempt()
        assert KEY[:8] not in f"{caught.value!r} {caught.value.__context__!r}"


@pytest.mark.parametrize(
    "address", ["https://a.example/v1/@cf/m", "http://[::1]:8000/v1?api-version=2024-10-21"]
)
def test_an_address_without_a_secret_is_taken(address: str) -> None:
    assert init_scout_model("groq/m", base_url=address).base_url == address


@pytest.mark.parametrize("value", [f"{KEY}\r\nx: y", f"{KEY}é", f"{KEY}\x00", 7])
def test_a_header_that_no_request_can_carry_is_refused_without_showing_it(value: Any) -> None:
    entry = {"model": "groq/m", "api_key": KEY, "default_headers": {"x-canary": value}}
    with pytest.raises(ConfigurationError, match="'x-canary'") as caught:
        ScoutRouterChatModel(models=[entry]).invoke("Hello")
    assert leaks_in([Canary(KEY)], {"error": [repr(caught.value)]}) == []


def test_what_is_listed_of_a_key_state_is_not_the_key() -> None:
    play = Play("groq", KEY)
    (state,) = play.model.client.keys
    assert state.key == KEY
    texts = [repr(dataclasses.asdict(state)), repr(dataclasses.astuple(state)), repr(state)]
    assert leaks_in(play.canaries, {"state": texts, "model": texts_of_model(play.model)}) == []
