"""`init_scout_model` in LangChain's spellings, metadata of answers, and the output of `help`."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters import (
    ScoutCostCallbackHandler,
    ScoutGroqChatModel,
    ScoutRouterChatModel,
    init_scout_model,
)
from scout_adapters.errors import ConfigurationError, UnknownProvider
from scout_adapters.testing import Emulator
from tests.support.verbs import VERBS, call_model
from tests.support.warm_process import WarmProcess

OSS = "openai/gpt-oss-120b"


@pytest.mark.parametrize(
    ("arguments", "provider", "name"),
    [
        ({"model": OSS, "model_provider": "groq"}, "groq", OSS),
        ({"model": f"groq:{OSS}"}, "groq", OSS),
        ({"model": f"groq/{OSS}"}, "groq", OSS),
        ({"model": "m", "model_provider": "google_genai"}, "google", "m"),
        ({"model": "m", "model_provider": "google-genai"}, "google", "m"),
        ({"model": "mistralai:m"}, "mistral", "m"),
        ({"model": "groq/m", "model_provider": "groq"}, "groq", "m"),
        ({"model": "ollama/llama3.2:3b"}, "ollama", "llama3.2:3b"),
        ({"model": "gpt-5-mini"}, "openai", "gpt-5-mini"),
    ],
)
def test_langchains_spellings_of_a_model_are_understood(
    arguments: dict[str, str], provider: str, name: str
) -> None:
    model = init_scout_model(**arguments, api_key="k", temperature=0)
    assert (model.provider, model.model, model.model_kwargs) == (provider, name, {})
    entry = ScoutRouterChatModel(models=[{**arguments, "api_key": "k"}])
    (candidate,) = entry._route().candidates
    assert (candidate.endpoint.name, candidate.model) == (provider, name)


def test_an_unknown_provider_is_refused_in_every_spelling() -> None:
    for arguments in ({"model": "m", "model_provider": "gorq"}, {"model": "gorq/m"}):
        with pytest.raises(UnknownProvider, match="gorq"):
            init_scout_model(**arguments)
    with pytest.raises(ConfigurationError, match="model_provider"):
        ScoutGroqChatModel(model="m", model_provider="groq")


@pytest.mark.parametrize("verb", VERBS)
async def test_a_configuration_chooses_the_model(verb: str, emulator: Emulator) -> None:
    options = {"api_key": "k", "transport": emulator.transport()}
    model = init_scout_model(f"groq/{OSS}", configurable_fields="any", **options)
    free = init_scout_model(**options)
    prefixed = init_scout_model(
        f"groq/{OSS}", configurable_fields=("model",), config_prefix="first", **options
    )
    claude = "anthropic/claude-haiku-4-5"
    await call_model(model, verb)
    await call_model(model.with_config(model=claude), verb)
    await call_model(model.with_config(configurable={"model": claude}), verb)
    await call_model(model, verb, "hi", {"configurable": {"model": claude, "temperature": 0.5}})
    await call_model(
        free, verb, "hi", {"configurable": {"model": "llama", "model_provider": "groq"}}
    )
    await call_model(prefixed, verb, "hi", {"configurable": {"first_model": claude, "model": "x"}})
    providers = [exchange.provider for exchange in emulator.log]
    assert providers == ["groq", *["anthropic"] * 3, "groq", "anthropic"]
    assert emulator.log[3].body["temperature"] == 0.5
    with pytest.raises(ConfigurationError, match="needs model="):
        await call_model(free, verb)


def test_tools_and_schemas_are_bound_to_the_chosen_model(emulator: Emulator) -> None:
    model = init_scout_model(configurable_fields="any", api_key="k", transport=emulator.transport())
    tool = {"name": "weather", "description": "d", "parameters": {"type": "object"}}
    model.bind_tools([tool]).with_config(model=f"groq:{OSS}").invoke("hi")
    schema = {"title": "Joke", "type": "object", "properties": {"text": {"type": "string"}}}
    model.with_structured_output(schema).with_config(model=f"groq:{OSS}").invoke("hi")
    assert [bool(e.body.get("tools") or e.body.get("response_format")) for e in emulator.log] == [
        True,
        True,
    ]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("output_version", ["v0", "v1"])
async def test_an_answer_has_as_much_metadata_as_is_configured(
    verb: str, output_version: str, emulator: Emulator
) -> None:
    def make(detail: str) -> list[Any]:
        options = {"scout_metadata": detail, "output_version": output_version}
        own = {"api_key": "k", "transport": emulator.transport()}
        return [
            init_scout_model(f"groq/{OSS}", **own, **options),
            ScoutRouterChatModel(models=[{"model": f"groq/{OSS}", **own}], **options),
        ]

    costs = ScoutCostCallbackHandler()
    for model in make("summary"):
        scout = (await call_model(model, verb)).response_metadata["scout"]
        assert scout.keys() == {"provider", "model", "latency_s", "first_token_s"}
    for model in make("none"):
        answer = await call_model(model, verb, "hi", {"callbacks": [costs]})
        assert "scout" not in answer.response_metadata
    for model in make("full"):
        assert (await call_model(model, verb)).response_metadata["scout"]["attempts"]
    assert costs.total_cost


PROGRAM = """
import inspect, pydoc
from scout_adapters import ScoutEmbeddings, ScoutGroqChatModel, ScoutRouterChatModel
total = "Seconds that a call may wait in total"
for model, names, known in (
    (ScoutEmbeddings, {"model", "models", "dimensions", "chunk_size"}, "name, for prices"),
    (ScoutRouterChatModel, {"models", "strategy", "max_retries", "temperature"}, total),
    (ScoutGroqChatModel, {"model", "api_keys", "base_url", "timeout"}, total),
):
    assert names <= inspect.signature(model).parameters.keys(), inspect.signature(model)
    text = pydoc.plain(pydoc.render_doc(model))
    assert known in text, text[:3000]
    assert names <= inspect.signature(model).parameters.keys()
"""


def test_the_fields_and_their_documentation_are_shown_before_first_use(bare: WarmProcess) -> None:
    bare.output(PROGRAM)


@pytest.mark.parametrize("names", [[], ()])
async def test_no_configurable_fields_is_a_fixed_model(names: Any, emulator: Emulator) -> None:
    options: Any = {"api_key": "k", "transport": emulator.transport()}
    model: Any = init_scout_model(f"groq/{OSS}", configurable_fields=names, **options)
    await model.ainvoke("hi", {"configurable": {"model": "anthropic/claude-haiku-4-5"}})
    assert [exchange.provider for exchange in emulator.log] == ["groq"]


def test_a_single_name_of_configurable_fields_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="configurable_fields= takes a list of names"):
        init_scout_model(f"groq/{OSS}", configurable_fields="model")


@pytest.mark.parametrize("chosen", [{"model": 5}, {"model": ["m"]}, {"model_provider": 5}])
def test_a_configured_model_that_is_no_text_is_refused(chosen: Any) -> None:
    model: Any = init_scout_model(f"groq/{OSS}", configurable_fields="any", api_key="k")
    with pytest.raises(ConfigurationError, match='needs model="provider/model"'):
        model.invoke("hi", {"configurable": chosen})
