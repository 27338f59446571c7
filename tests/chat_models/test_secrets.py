"""Copies and dumps of a model: they work like the model, and show no key; pickles hold none."""

from __future__ import annotations

import copy
import json
import pickle
from typing import Any

import pytest
from langchain_core.load import dumpd, dumps
from langchain_core.runnables import RunnableLambda

from scout_adapters.errors import NoKeyError
from tests.chat_models.models import build, entry
from tests.chat_models.request_parts import Joke, providers_of
from tests.support.weather import get_weather

CANARY = "CANARY"


@pytest.fixture
def secretive(name, served) -> Any:
    """A model of the loopback (a pickle holds no transport), each of its secrets a canary."""
    secrets = {"api_key": f"sk-{CANARY}-0123456789", "default_headers": {"x-secret": CANARY}}
    if name != "router":
        return build(name, served, served=True, temperature=0.25, **secrets)
    models = [{**entry(p, served, served=True), **secrets} for p in providers_of(name)]
    return build(name, served, models=models, temperature=0.25)


SHOWN = {
    "repr": repr,
    "str": str,
    "dumps": lambda model: dumps(model, pretty=True),
    "dumpd": lambda model: json.dumps(dumpd(model)),
    "model_dump": lambda model: repr(model.model_dump()),
    "model_dump_json": lambda model: model.model_dump_json(fallback=repr),
    "asdict": lambda model: repr(model.asdict()),
    "to_json": lambda model: repr(model.to_json()),
    "serialized": lambda model: repr(model._serialized),
    "get_name": lambda model: model.get_name(),
    "graph": lambda model: model.get_graph().draw_mermaid(),
    "schema": lambda model: json.dumps(model.get_input_jsonschema()),
    "bound": lambda model: repr(model.bind_tools([get_weather])),
    "structured": lambda model: repr(model.with_structured_output(Joke, include_raw=True)),
    "fallbacks": lambda model: repr(model.with_fallbacks([model])),
    "sequence": lambda model: dumps(RunnableLambda(str) | model),
    "vars": lambda model: repr(vars(model)) if not hasattr(model, "models") else repr(model.models),
    "extra": lambda model: repr(model.__pydantic_private__),
    "copy": lambda model: repr(model.model_copy(update={"temperature": 0.5})),
}


@pytest.mark.parametrize("how", [how for how in SHOWN if how != "vars"])
def test_no_key_is_shown(how, secretive) -> None:
    assert CANARY not in SHOWN[how](secretive)


def copies(model: Any) -> dict[str, Any]:
    return {
        "copy": copy.copy(model),
        "deepcopy": copy.deepcopy(model),
        "model_copy": model.model_copy(),
        "deep model_copy": model.model_copy(deep=True),
    }


@pytest.mark.parametrize("how", ["copy", "deepcopy", "model_copy", "deep model_copy"])
async def test_a_copy_answers_like_the_model_and_shows_no_key(how, name, secretive, served) -> None:
    first = secretive.invoke("Hello")
    copied = copies(secretive)[how]
    assert type(copied) is type(secretive)
    assert copied.invoke("Hello").text == first.text
    assert (await copied.ainvoke("Hello")).text == first.text
    assert CANARY not in repr(copied)
    assert {exchange.key for exchange in served.log} == {served.log[0].key}
    assert {exchange.headers.get("x-secret") for exchange in served.log} == {CANARY}


def test_a_pickle_has_no_keys_and_its_copy_raises_an_error_about_it(secretive) -> None:
    from scout_adapters.errors import NoKeyError

    pickled = pickle.dumps(secretive)
    assert CANARY.encode() not in pickled
    with pytest.raises(NoKeyError, match="came without the api_key"):
        pickle.loads(pickled).invoke("Hello")


def test_a_pickle_has_no_keys_and_its_call_raises_an_error_about_it(secretive, served) -> None:
    pickled = pickle.dumps(secretive)
    assert CANARY.encode() not in pickled
    copied = pickle.loads(pickled)
    with pytest.raises(NoKeyError, match="came without the api_key"):
        copied.invoke("Hello")
    assert served.log == []


def test_a_copy_that_is_changed_leaves_the_model_alone(name, secretive, served) -> None:
    changed = secretive.model_copy(update={"temperature": 0.75})
    changed.invoke("Hello")
    secretive.invoke("Hello")
    from tests.chat_models.request_parts import sent_option

    provider = providers_of(name)[0]
    sent = [sent_option(provider, exchange.body, "temperature") for exchange in served.log]
    assert sent == [0.75, 0.25]


def test_copies_share_the_health_of_keys(name, served) -> None:
    """A key that was refused for good is refused for every copy in the process."""
    from scout_adapters.errors import ScoutError
    from scout_adapters.testing import Revoked

    model = build(name, served, served=True, max_retries=0)
    for provider in providers_of(name):
        served.script(provider, [Revoked()] * 9)
    for copied in (model, *copies(model).values()):
        with pytest.raises(ScoutError):
            copied.invoke("Hello")
    assert len(served.log) == len(providers_of(name))


@pytest.mark.filterwarnings("ignore::langchain_core._api.beta_decorator.LangChainBetaWarning")
def test_an_answer_pickles_and_dumps(model) -> None:
    from langchain_core.load import load

    message = model.invoke("Hello")
    again = pickle.loads(pickle.dumps(message))
    assert again == message
    assert load(json.loads(dumps(message)), allowed_objects="messages") == message


def test_an_error_of_a_call_pickles_with_its_story(name, make, emulator) -> None:
    from scout_adapters.errors import ScoutError
    from scout_adapters.testing import Overloaded
    from tests.chat_models.request_parts import fail

    fail(emulator, name, Overloaded(), times=9)
    with pytest.raises(ScoutError) as caught:
        make(max_retries=0).invoke("Hello")
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert again.attempts == caught.value.attempts
