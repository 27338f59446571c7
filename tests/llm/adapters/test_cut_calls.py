"""A tool call in a stream that broke off: no part of its arguments looks like the whole."""

from __future__ import annotations

from typing import Any

import pytest

from scout_adapters import init_scout_model
from scout_adapters.errors import ScoutError, StreamInterrupted
from scout_adapters.testing import CutMidStream, Emulator
from tests.support.fake_http import GROQ
from tests.support.verbs import STREAMS, run_model

MODELS = (
    "groq/llama-3.3-70b-versatile",
    "anthropic/claude-sonnet-4-5",
    "google/gemini-2.5-flash",
    "openai/gpt-5.5",
)
"""One model of each wire."""

WHOLE = '{"path": "/data/old", "depth": [1, 2], "deep": {"a": "\\"b"}}'


def weather(city: str, unit: str, days: int) -> str:
    """Return the weather."""
    return f"{city} {unit} {days}"


@pytest.mark.parametrize("verb", STREAMS)
@pytest.mark.parametrize("name", MODELS)
def test_a_call_is_valid_only_if_all_of_its_arguments_came(
    name: str, verb: str, emulator: Emulator
) -> None:
    options: Any = {"api_key": "k", "transport": emulator.transport(), "max_retries": 0}
    model = init_scout_model(name, **options)
    model._route().candidates[0].endpoint.circuit.threshold = 10**9
    bound = model.bind_tools([weather], tool_choice="any")
    prompt = "Call the weather tool for Paris"
    (whole,) = bound.invoke(prompt).tool_calls
    parts = []
    for after in range(100):
        emulator.script(name.partition("/")[0], [CutMidStream(after)])
        try:
            run_model(bound, verb, prompt)
            break
        except StreamInterrupted as error:
            parts.append(error.partial)
        except ScoutError:
            continue  # cut before any content
    assert parts or "google" in name, "no stream was cut after its content"
    for part in parts:
        assert part is not None
        assert [call["args"] for call in part.tool_calls] in ([], [whole["args"]])


@pytest.mark.parametrize("verb", STREAMS)
@pytest.mark.parametrize("length", range(len(WHOLE) + 1))
def test_arguments_cut_at_any_character_are_never_closed(
    length, verb, providers, wire, groq
) -> None:
    part = WHOLE[:length]
    call = {"index": 0, "id": "c", "function": {"name": "rm", "arguments": part}}
    choice = {"index": 0, "delta": {"tool_calls": [call]}}
    providers.on(GROQ, wire.sse(wire.event({"id": "c1", "choices": [choice]})))
    with pytest.raises(StreamInterrupted) as caught:
        run_model(groq(), verb)
    partial = caught.value.partial
    assert partial is not None
    valid, invalid = len(partial.tool_calls), len(partial.invalid_tool_calls)
    assert (valid, invalid) == ((1, 0) if length == len(WHOLE) else (0, 1))
    again = type(partial).model_validate(partial.model_dump())
    assert len(again.tool_calls) == valid
