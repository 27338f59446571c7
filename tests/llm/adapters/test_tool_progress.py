"""Streams in which a tool runs at the provider for minutes, without any content."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from scout_adapters.errors import ProviderTimeout, StreamInterrupted
from scout_adapters.llm.types.stream_reader import ToolProgress
from scout_adapters.llm.wires import anthropic_messages
from tests.llm.wires.openai_responses.examples import SPEC, message, response, streamed, text_part
from tests.support.fake_http import ANTHROPIC, OPENAI

OPENAI_ROW = {"model": "openai/gpt-5", "use_responses_api": True}
CLAUDE_ROW = {"model": "anthropic/claude-sonnet-4-5"}

TOOLS = {
    "web_search_call": ["in_progress", "searching", "completed"],
    "file_search_call": ["in_progress", "searching", "completed"],
    "code_interpreter_call": ["in_progress", "interpreting", "completed"],
    "image_generation_call": ["in_progress", "generating", "completed"],
    "mcp_call": ["in_progress", "completed"],
    "mcp_list_tools": ["in_progress", "failed"],
}

SILENCE = [{"type": "keepalive"}] * 9


@pytest.fixture(params=["stream", "astream"])
def ask(request: pytest.FixtureRequest, asks: Any) -> Any:
    return asks(request.param)


@pytest.fixture
def slowly(time: Any) -> Callable[..., Iterator[Any]]:
    """Return events as bytes, each of which comes 20 s after the one before."""

    def piece(event: Any) -> Callable[[], bytes]:
        def come() -> bytes:
            time.now += 20
            return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()

        return come

    return lambda *events: (piece(event) for event in events)


def item(kind: str, *, done: bool) -> Any:
    mark = "done" if done else "added"
    body = {"id": "i1", "type": kind, "status": "completed" if done else "in_progress"}
    return {"type": f"response.output_item.{mark}", "output_index": 0, "item": body}


def state(kind: str, name: str) -> Any:
    return {"type": f"response.{kind}.{name}", "item_id": "i1", "output_index": 0}


def run(kind: str, *between: Any) -> list[Any]:
    """Return the events of a response with one item, and those between its beginning and end."""
    ended = item(kind, done=True)
    whole = response(ended["item"], message(text_part("done")))
    begin, *_, end = streamed(whole)
    return [begin, item(kind, done=False), *between, ended, end]


@pytest.mark.parametrize("kind", TOOLS)
async def test_a_tool_that_runs_for_minutes_is_no_silence(
    kind, providers, wire, router, ask, slowly
) -> None:
    first, *later = [state(kind, name) for name in TOOLS[kind]]
    events = run(kind, first, *SILENCE, *later, *SILENCE)
    providers.on(OPENAI, wire.sse(*slowly(*events)))
    answer = await ask(router(OPENAI_ROW))
    assert answer.text == "done"
    assert providers.hosts == [OPENAI]


async def test_code_that_a_model_writes_for_a_tool_is_no_silence(
    providers, wire, router, ask, slowly
) -> None:
    kind = "code_interpreter_call"
    code = [state("code_interpreter_call_code", "delta") | {"delta": "x = 1"}] * 20
    events = run(kind, state(kind, "in_progress"), *code, state(kind, "interpreting"))
    providers.on(OPENAI, wire.sse(*slowly(*events)))
    assert (await ask(router(OPENAI_ROW))).text == "done"


@pytest.mark.parametrize("shown", [True, False])
async def test_a_statement_that_is_repeated_for_ever_ends(
    shown, providers, wire, router, ask, slowly
) -> None:
    search = "web_search_call"
    begin, *before, _ = streamed(response(message(text_part("so"))))
    added = [item(search, done=False) | {"output_index": 1}, state(search, "searching")]
    events = [begin, *(before if shown else ()), *added, *[state(search, "searching")] * 99]
    providers.on(OPENAI, wire.sse(*slowly(*events)))
    with pytest.raises(StreamInterrupted if shown else ProviderTimeout, match="a tool at the"):
        await ask(router(OPENAI_ROW, max_retries=0))


async def test_keepalives_without_a_tool_are_a_silence(
    providers, wire, router, ask, slowly
) -> None:
    begin, *before, end = streamed(response(message(text_part("so"))))
    providers.on(OPENAI, wire.sse(*slowly(begin, *before, *SILENCE, end)))
    with pytest.raises(StreamInterrupted, match="no content for 60 s"):
        await ask(router(OPENAI_ROW))


def claude(kind: str, index: int, **fields: Any) -> Any:
    return {"type": f"content_block_{kind}", "index": index, **fields}


def block(kind: str, index: int, **fields: Any) -> list[Any]:
    start = claude("start", index, content_block={"type": kind, **fields})
    return [start, claude("stop", index)]


@pytest.mark.parametrize(
    "events",
    [
        block("server_tool_use", 1, id="s", name="code_execution", input={}),
        block("mcp_tool_use", 1, id="s", name="f", server_name="m", input={}),
        [
            *block("mcp_tool_use", 1, id="s", name="f", server_name="m", input={}),
            *block("mcp_tool_use", 2, id="t", name="f", server_name="m", input={}),
            *block("mcp_tool_result", 3, tool_use_id="s", content=[]),
        ],
    ],
)
async def test_pings_while_anthropic_runs_a_tool_are_no_silence(
    events, providers, wire, router, ask, slowly
) -> None:
    head = {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 3}}}
    text = [*block("text", 0, text="so"), *events]
    pings, result = [{"type": "ping"}] * 9, block("text", 4, text="done")
    ends = [
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
        {"type": "message_stop"},
    ]
    providers.on(ANTHROPIC, wire.sse(*slowly(head, *text, *pings, *result, *ends)))
    assert (await ask(router(CLAUDE_ROW))).text == "sodone"
    broken = [*text, *pings, *result, *pings]
    providers.on(ANTHROPIC, wire.sse(*slowly(head, *broken)))
    with pytest.raises(StreamInterrupted, match="no content for 60 s"):
        await ask(router(CLAUDE_ROW))


@pytest.mark.parametrize("call_id", ["s", "other", None, ["s"]])
def test_the_result_of_the_only_call_of_anthropic_ends_it(call_id: Any) -> None:
    spec = replace(SPEC, wire=anthropic_messages.WIRE)
    reader = spec.wire.reader(spec)
    tools: ToolProgress = reader.tool_progress  # type: ignore[attr-defined]  # of this reader
    for event in block("server_tool_use", 0, id="s", name="web_search", input={}):
        reader.feed(event)
    assert tools.runs
    reader.feed(block("web_search_tool_result", 1, tool_use_id=call_id, content=[])[0])
    assert not tools.runs


def test_what_a_reader_states_of_tools_is_new_once() -> None:
    reader = SPEC.wire.reader(SPEC)
    tools: ToolProgress = reader.tool_progress  # type: ignore[attr-defined]  # of this reader
    for event in [*run("mcp_call")[:2], {"type": "response.mcp_call.in_progress"}]:
        reader.feed(event)
    assert (tools.runs, tools.steps) == (True, 1)
    for at in range(99):
        reader.feed(state("mcp_call", "in_progress"))
        reader.feed(state("mcp_call", f"made_up_{at}"))
        reader.feed({"type": "response.unknown", "item_id": ["?"], "output_index": {}})
    assert tools.steps == 32
    reader.feed(item("mcp_call", done=True))
    assert not tools.runs
