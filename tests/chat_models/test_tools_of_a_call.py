"""Tools that are passed to a call itself, without `bind_tools`."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage
from pydantic import BaseModel

from scout_adapters.errors import ConfigurationError
from tests.chat_models.test_unusual_values import everywhere, model_of
from tests.support.verbs import VERBS, call_model
from tests.support.weather import get_weather


class Rating(BaseModel):
    stars: int


def grow(tree: str) -> str:
    """Grow a tree."""
    return tree


@everywhere
@pytest.mark.parametrize("tool", [get_weather, Rating, grow], ids=["tool", "class", "function"])
def test_a_tool_of_a_call_is_sent_as_bind_tools_sends_it(tool, provider, emulator) -> None:
    model = model_of(provider, emulator)
    model.bind_tools([tool]).invoke("Hello")
    model.invoke("Hello", tools=(tool,))
    bound, passed = (exchange.body["tools"] for exchange in emulator.log)
    assert passed == bound


@pytest.mark.parametrize("verb", VERBS)
async def test_a_call_with_a_tool_answers_with_a_tool_call(verb, emulator) -> None:
    message: AIMessage = await call_model(
        model_of("openai", emulator), verb, "Weather in Oslo?", tools=[get_weather]
    )
    assert [call["name"] for call in message.tool_calls] == ["get_weather"]


HOSTED: list[Any] = [
    {"type": "web_search"},
    {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},
]


def test_tools_of_the_provider_and_of_openais_form_stay_as_they_are(emulator) -> None:
    request = model_of("openai", emulator)._route_and_request(
        [], None, {"tools": HOSTED}, stream=False
    )
    assert request[1].tools is HOSTED


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("tools", "kind"),
    [
        (get_weather, "is of type StructuredTool"),
        ("get_weather", "is of type str"),
        ({"type": "web_search"}, "is of type dict"),
        (7, "is of type int"),
        ([7], "contains an object of type int"),
    ],
)
async def test_what_is_no_list_of_tools_is_refused_in_one_line(tools, kind, verb, emulator) -> None:
    with pytest.raises(
        ConfigurationError, match=rf"^tools= {kind}: pass a list of tools"
    ) as raised:
        await call_model(model_of("openai", emulator), verb, tools=tools)
    assert "\n" not in str(raised.value)
    assert not emulator.log
