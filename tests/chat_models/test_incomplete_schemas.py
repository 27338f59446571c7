"""Schemas that LangChain and MCP servers allow and a provider refuses: completed, or named."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NotRequired

import pytest
from langchain_core.tools import StructuredTool
from typing_extensions import TypedDict

from scout_adapters import ScoutOpenAIChatModel
from scout_adapters.errors import ConfigurationError, NotSupported
from scout_adapters.testing import Emulator
from tests.chat_models.test_tool_forms import sent
from tests.chat_models.test_unusual_values import everywhere, model_of
from tests.support.verbs import VERBS, call_model

INCOMPLETE: dict[str, Any] = {
    "no properties": {"type": "object"},
    "nothing": {},
    "an open map": {"type": "object", "additionalProperties": True},
    "an enum": {"type": "object", "enum": [{}], "properties": {}},
    "a not": {"type": "object", "not": {"required": ["a"]}, "properties": {}},
    "several types": {"type": ["object", "null"], "properties": {}},
}
LISTS = {
    "type": "object",
    "properties": {
        "tags": {"type": "array"},
        "maybe": {"type": ["array", "null"]},
        "rows": {"type": "array", "items": {"type": "array"}},
        "type": {"type": "string", "default": {"type": "array"}},
        "either": {"anyOf": [{"type": "array"}, {"type": "string"}]},
        "inner": {"type": "object", "properties": {"items": {"type": "array"}}},
    },
}


class Folder(TypedDict):
    """A folder in a folder."""

    name: str
    folders: list[Folder]


def tool_of(schema: Any) -> Any:
    return StructuredTool(name="find", description="Find", args_schema=schema, func=print)


def models(emulator: Emulator) -> list[Any]:
    common: dict[str, Any] = {"transport": emulator.transport(), "api_key": "k"}
    responses = ScoutOpenAIChatModel(use_responses_api=True, **common)
    return [ScoutOpenAIChatModel(**common), responses, model_of("anthropic", emulator)]


@pytest.mark.parametrize("schema", INCOMPLETE.values(), ids=INCOMPLETE)
@pytest.mark.parametrize("form", ["tool", "anthropic", "openai"])
def test_a_root_becomes_an_object_with_properties(schema, form, emulator) -> None:
    tool: Any = tool_of(schema)
    if form == "anthropic":
        tool = {"name": "find", "description": "Find", "input_schema": schema}
    if form == "openai":
        tool = {"type": "function", "function": {"name": "find", "parameters": schema}}
    for model in models(emulator):
        model.bind_tools([tool]).invoke("Hello")
        root = sent(emulator.log[-1].body)["schema"]
        assert (root["type"], root["properties"]) == ("object", {})
        assert not {"enum", "not"} & root.keys()
    assert {exchange.status for exchange in emulator.log} == {200}


@everywhere
def test_an_array_without_items_has_items_of_any_kind(provider, emulator) -> None:
    model_of(provider, emulator).bind_tools([tool_of(LISTS)]).invoke("Hello")
    assert emulator.log[-1].status == 200
    properties = sent(emulator.log[-1].body)["schema"]["properties"]
    assert properties["tags"]["items"] == {}
    assert properties["maybe"].get("items") == {}
    assert properties["rows"]["items"]["items"] == {}
    assert properties["either"]["anyOf"][0]["items"] == {}
    assert properties["inner"]["properties"]["items"]["items"] == {}
    assert properties["type"].get("default") in ({"type": "array"}, None)
    assert "items" not in LISTS["properties"]["tags"]  # the caller's own schema


def test_what_is_no_schema_is_a_function_without_arguments_at_google(emulator) -> None:
    tool = {"type": "function", "function": {"name": "find", "parameters": True}}
    model_of("google", emulator).invoke("Hello", tools=[tool])
    assert "parametersJsonSchema" not in str(emulator.log[-1].body)


@everywhere
@pytest.mark.parametrize("verb", VERBS)
async def test_a_typed_dict_may_contain_itself(verb, provider, emulator) -> None:
    model = model_of(provider, emulator)
    answer = await call_model(model.with_structured_output(Folder), verb, "Hello")
    assert set(answer) == {"name", "folders"}
    model.bind_tools([Folder]).invoke("Hello")
    assert "#/$defs/Folder" in str(sent(emulator.log[-1].body)["schema"])


class Place(TypedDict):
    """A place."""

    city: str
    note: NotRequired[str]


@everywhere
def test_a_typed_dict_may_have_optional_fields(provider, emulator) -> None:
    model = model_of(provider, emulator)
    assert "city" in model.with_structured_output(Place).invoke("Hello")
    model.bind_tools([Place]).invoke("Hello")
    schema = sent(emulator.log[-1].body)["schema"]
    assert set(schema["properties"]) == {"city", "note"}
    assert schema["required"] == ["city"]


@everywhere
def test_the_form_of_the_responses_api_is_a_response_format(provider, emulator) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    form = {"type": "json_schema", "name": "Answer", "schema": schema}
    with suppress(NotSupported):  # groq's default model takes no schemas
        model_of(provider, emulator).invoke("Hello", response_format=form)
    assert "'a': {'type': 'string'" in str(emulator.log[-1].body)


@everywhere
@pytest.mark.parametrize(
    "schema", [{"type": "array", "items": {}}, {"type": "string", "enum": ["a"]}]
)
def test_a_schema_without_name_and_object_is_refused_as_a_tool(schema, provider, emulator) -> None:
    model = model_of(provider, emulator)
    with pytest.raises(ConfigurationError, match=r"'answer' .* a tool takes an object"):
        model.with_structured_output(schema, method="function_calling")


@everywhere
@pytest.mark.parametrize("kind", [list[int], dict[str, int], int | None])
def test_a_type_that_is_no_class_is_refused_in_one_line(kind, provider, emulator) -> None:
    with pytest.raises(ConfigurationError, match="is no class"):
        model_of(provider, emulator).with_structured_output(kind)
