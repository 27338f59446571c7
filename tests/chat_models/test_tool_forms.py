"""Tools and schemas in every form of users, and their form in each provider's request."""

from __future__ import annotations

import json
from typing import Any, Generic, TypeVar

import pytest
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import StructuredTool, tool
from pydantic import BaseModel, Field

from scout_adapters.errors import ConfigurationError
from tests.chat_models.test_unusual_values import everywhere, model_of
from tests.support.verbs import VERBS, call_model

T = TypeVar("T")


class Node(BaseModel):
    """A node of a tree."""

    name: str
    kids: list[Node]


class Forest(BaseModel):
    trees: list[Node]


class Box(BaseModel, Generic[T]):
    content: T


class Rating(BaseModel):
    stars: int = Field(ge=1, le=7)
    votes: dict[str, int]


@tool
def plant(tree: Node) -> str:
    """Plant a tree."""
    return tree.name


def grow(tree: Node) -> str:
    """Grow a tree."""
    return tree.name


def sent(body: Any) -> dict[str, Any]:
    """Return the first tool of a body: its name and its schema."""
    (first, *_) = body["tools"]
    if "functionDeclarations" in first:
        (first, *_) = first["functionDeclarations"]
        return {"name": first["name"], "schema": first["parametersJsonSchema"]}
    function = first.get("function", first)
    return {
        "name": function["name"],
        "schema": function.get("parameters", first.get("input_schema")),
    }


@everywhere
@pytest.mark.parametrize(
    "recursive",
    [
        Node,
        Forest,
        plant,
        grow,
        Node.model_json_schema(),
        {"title": "Tree", "$ref": "#/$defs/Node", "$defs": Node.model_json_schema()["$defs"]},
    ],
    ids=["class", "nested", "tool", "function", "schema", "titled schema"],
)
@pytest.mark.parametrize("strict", [None, True])
def test_a_recursive_schema_stays_recursive(recursive, strict, provider, emulator) -> None:
    model_of(provider, emulator).bind_tools([recursive], strict=strict).invoke("Hello")
    schema = sent(emulator.log[0].body)["schema"]
    assert schema["type"] == "object"
    assert schema["$defs"]["Node"]["properties"]["kids"]["items"] == {"$ref": "#/$defs/Node"}


VARIANTS = [
    {"type": "object", "properties": {"id": {"type": "integer"}, "x": {}}, "required": ["id", "x"]},
    {"$ref": "#/$defs/Named"},
]
NAMED = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "x": {}},
    "required": ["name", "x"],
}


@pytest.mark.parametrize("provider", ["openai", "groq", "mistral", "anthropic"])
@pytest.mark.parametrize("keyword", ["anyOf", "oneOf", "allOf"])
def test_alternatives_at_the_root_become_one_object(keyword, provider, emulator) -> None:
    schema = {"type": "object", keyword: VARIANTS, "$defs": {"Named": NAMED}}
    find = StructuredTool(name="find", description="Find", args_schema=schema, func=print)
    model_of(provider, emulator).bind_tools([find]).invoke("Hello")
    root = sent(emulator.log[0].body)["schema"]
    assert root["type"] == "object"
    assert not {"anyOf", "oneOf", "allOf"} & root.keys()
    assert set(root["properties"]) == {"id", "name", "x"}
    assert set(root["required"]) == ({"id", "name", "x"} if keyword == "allOf" else {"x"})


SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
FORMS: dict[str, Any] = {
    "with a name": {"name": "Answer", "strict": True, "schema": SCHEMA},
    "as response_format": {
        "type": "json_schema",
        "json_schema": {"name": "Answer", "schema": SCHEMA},
    },
    "with a title": {"title": "Answer", **SCHEMA},
    "by reference": {"title": "Answer", "$ref": "#/$defs/A", "$defs": {"A": SCHEMA}},
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
def test_a_schema_of_any_form_is_sent_in_full(form, method, emulator) -> None:
    bound = model_of("openai", emulator).with_structured_output(FORMS[form], method=method)
    assert set(bound.invoke("Hello")) == {"a"}
    body = emulator.log[0].body
    if method == "json_schema":
        format_ = body["response_format"]["json_schema"]
    else:
        (tool,) = body["tools"]
        format_ = {**sent(body), "strict": tool.get("function", tool).get("strict")}
    assert format_["name"] == "Answer"
    assert format_["schema"]["properties"] == SCHEMA["properties"]
    assert bool(format_.get("strict")) is (form == "with a name")


@pytest.mark.parametrize(
    "schema",
    [
        {"title": "Names", "type": "array", "items": {"type": "string"}},
        {"name": "Names", "schema": {"type": "array", "items": {"type": "string"}}},
    ],
)
def test_an_array_is_sent_in_full_or_refused_by_name(schema, emulator) -> None:
    model = model_of("mistral", emulator)
    model.with_structured_output(schema, method="json_schema").invoke("Hello")
    format_ = emulator.log[0].body["response_format"]["json_schema"]
    assert format_["schema"]["items"] == {"type": "string"}
    with pytest.raises(ConfigurationError, match="'Names' is of type 'array'"):
        model.with_structured_output(schema, method="function_calling")


@pytest.mark.parametrize("value", [Node, SCHEMA, {"name": "A", "schema": SCHEMA}], ids=str)
@everywhere
def test_a_response_format_may_be_a_class_or_a_schema(value, provider, emulator) -> None:
    model_of(provider, emulator, max_retries=0).invoke("Hello, as json", response_format=value)
    assert "properties" in json.dumps(emulator.log[0].body)


def test_a_response_format_of_another_kind_is_refused_by_name(emulator) -> None:
    with pytest.raises(ConfigurationError, match="response_format= is a str"):
        model_of("openai", emulator).invoke("Hello", response_format="json")


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
@pytest.mark.parametrize("verb", VERBS)
@everywhere
async def test_a_generic_class_has_a_legal_name(verb, method, provider, emulator) -> None:
    model = model_of(provider, emulator).with_structured_output(Box[int], method=method)
    answer = await call_model(model, verb)
    assert isinstance(answer, Box)
    assert 'Box[int]"' not in json.dumps(emulator.log[0].body.get("tools"))


def test_strict_tools_at_anthropic_have_no_constraints_and_open_maps(emulator) -> None:
    model_of("anthropic", emulator).bind_tools([Rating], strict=True).invoke("Hello")
    fields = sent(emulator.log[0].body)["schema"]["properties"]
    assert not {"minimum", "maximum"} & fields["stars"].keys()
    assert "minimum: 1" in fields["stars"]["description"]
    assert fields["votes"]["additionalProperties"] == {"type": "integer"}


@pytest.mark.parametrize("method", ["json_schema", "function_calling"])
@pytest.mark.parametrize("provider", ["groq", "mistral"])
def test_a_strict_schema_keeps_its_open_maps(method, provider, emulator) -> None:
    model = model_of(provider, emulator, max_retries=0)
    strict = model.with_structured_output(Rating, method=method, strict=True)
    strict.batch(["Hello"], return_exceptions=True)
    text = json.dumps(emulator.log[0].body)
    assert '"additionalProperties": {"type": "integer"}' in text


EXTRAS: dict[str, Any] = {
    "defer_loading": True,
    "input_examples": [{"day": "Monday"}],
    "allowed_callers": ["code_execution_20250825"],
    "eager_input_streaming": True,
    "cache_control": {"type": "ephemeral"},
}


def weather(day: str) -> str:
    """Tell the weather."""
    return day


def with_extras(form: str) -> Any:
    if form == "tool":
        return StructuredTool.from_function(weather, extras=EXTRAS)
    schema = {"type": "object", "properties": {"day": {"type": "string"}}}
    if form == "Anthropic's":
        return {"name": "weather", "description": "W", "input_schema": schema, **EXTRAS}
    return {"type": "function", "function": {"name": "weather", "parameters": schema}, **EXTRAS}


@everywhere
@pytest.mark.parametrize("form", ["tool", "Anthropic's", "OpenAI's"])
def test_a_tool_s_extras_reach_the_provider_that_supports_them(form, provider, emulator) -> None:
    model_of(provider, emulator).bind_tools([with_extras(form)]).invoke("Hello")
    (rendered,) = emulator.log[0].body["tools"]
    # OpenAI is sent tools over the Responses API, which has `defer_loading`.
    extras = {"anthropic": EXTRAS, "openai": {"defer_loading": True}}
    expected = extras.get(provider, {})
    assert {name: rendered[name] for name in EXTRAS if name in rendered} == expected


@everywhere
def test_a_providers_own_definition_of_a_tool_reaches_that_provider(provider, emulator) -> None:
    own = {"type": "bash_20250124", "name": "bash"}
    bash = StructuredTool.from_function(
        weather, name="bash", extras={"provider_tool_definition": own}
    )
    model_of(provider, emulator).bind_tools([bash]).invoke("Hello")
    (rendered,) = emulator.log[0].body["tools"]
    assert (rendered == own) is (provider == "anthropic")
    assert "provider_tool_definition" not in rendered


@pytest.mark.parametrize("model", ["gemini-3-pro-preview", "gemini-2.5-flash"])
def test_gemini_3_takes_functions_beside_googles_tools(model, emulator) -> None:
    google = model_of("google", emulator, model=model, max_retries=0)
    google.bind_tools([weather, {"google_search": {}}], tool_choice="auto").invoke("Hello")
    config = emulator.log[0].body["toolConfig"]
    assert config.get("includeServerSideToolInvocations") is (True if "3-pro" in model else None)
    assert config["functionCallingConfig"] == {"mode": "AUTO"}


@pytest.mark.parametrize("maker", ["anthropic", "minimax"])
def test_a_container_goes_back_to_its_maker(maker, emulator) -> None:
    answer = AIMessage(
        "Running",
        response_metadata={"model_provider": maker, "container": {"id": "container_1"}},
    )
    model = model_of("anthropic", emulator)
    code = {"type": "code_execution_20250825", "name": "code_execution"}
    history = [HumanMessage("Hello"), answer, HumanMessage("Go on")]
    model.bind_tools([code]).invoke(history)
    model.invoke(history)
    model.bind_tools([code]).invoke(history, container="mine")
    containers = [exchange.body.get("container") for exchange in emulator.log]
    assert containers == ["container_1" if maker == "anthropic" else None, None, "mine"]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("schema", [Rating, {"title": "Rating", **SCHEMA}], ids=["class", "dict"])
@pytest.mark.parametrize("include_raw", [False, True])
async def test_prose_instead_of_a_call_is_an_error(include_raw, schema, verb, emulator) -> None:
    parser = model_of("mistral", emulator).with_structured_output(
        schema, method="function_calling", include_raw=include_raw
    )
    prose = parser.steps[0].bind(tool_choice="none") | parser.steps[1]
    if include_raw:
        answer = await call_model(prose, verb)
        assert answer["parsed"] is None
        assert isinstance(answer["parsing_error"], OutputParserException)
    else:
        with pytest.raises(OutputParserException, match="text instead of a call"):
            await call_model(prose, verb)


BROKEN = [
    AIMessage("", invalid_tool_calls=[{"name": "Rating", "args": "{", "id": "1", "error": None}]),
    AIMessage("", tool_calls=[{"name": "Other", "args": {}, "id": "1"}]),
    AIMessage("Five stars."),
]


@pytest.mark.parametrize("schema", [Rating, Box[int], {"title": "Rating", **SCHEMA}])
@pytest.mark.parametrize("message", BROKEN)
def test_an_answer_without_the_object_is_an_error(message, schema, emulator) -> None:
    bound = model_of("mistral", emulator).with_structured_output(schema, method="function_calling")
    with pytest.raises(OutputParserException):
        bound.steps[1].invoke(message)


class Ratings(BaseModel):
    by_name: dict[str, int]


@pytest.mark.parametrize("schema", [Node, Ratings, Ratings.model_json_schema()])
def test_a_schema_that_cannot_be_closed_goes_by_a_tool_where_schemas_are_closed(
    schema, emulator
) -> None:
    model_of("anthropic", emulator).with_structured_output(schema).invoke("Hello")
    model_of("openai", emulator).with_structured_output(schema).invoke("Hello")
    first, second = (exchange.body for exchange in emulator.log)
    assert "output_config" not in first
    assert first["tools"]
    assert second["response_format"]["type"] == "json_schema"
