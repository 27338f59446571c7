"""Responses of items that the openai package declares: ours are ChatOpenAI's, also without records.

Each item is filled at random from its type; what ChatOpenAI drops or misreads is left out.
"""

from __future__ import annotations

import json
import warnings
from functools import cache, reduce
from operator import add
from random import Random
from typing import Any

import httpx
import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI

from scout_adapters import ScoutOpenAIChatModel
from scout_adapters._internal.json_values import Json
from tests.llm.wires.openai_responses.examples import response, streamed
from tests.llm.wires.openai_responses.official_types import ITEMS, item_of, kind_of
from tests.system.peers.deviations_responses import NOT_KEPT
from tests.system.peers.streams import ended

SEEDS = range(40)
OF_OTHERS = {"additional_tools", "mcp_approval_response"}
"""Items that ChatOpenAI drops and that no answer has; so are all outputs of the caller's tools."""

KEPT_OUTPUTS = {"tool_search_output", "apply_patch_call_output"}
KINDS = [
    model
    for model in ITEMS
    if not (kind := kind_of(model)).endswith("_output") or kind in KEPT_OUTPUTS
    if kind not in NOT_KEPT | OF_OTHERS
]
MISREAD = ("async", "caller")
"""Fields that ChatOpenAI renames or drops; a program's call needs them back."""

ARGUMENTS = ('{"a": 1}', "{}", '{"text": "a\\nb"}', '{"a": ')
PREFIXES = {"message": "msg", "reasoning": "rs", "function_call": "fc"}
VERSIONS = (None, "v1", "v0")


def generated(random: Random, place: str) -> Json:
    """Return an item whose texts are not empty."""
    item = item_of(random.choice(KINDS), random.randint(0, 10**6))
    kind = item["type"]
    for name in MISREAD:
        item.pop(name, None)
    item |= {"id": f"{PREFIXES.get(kind, 'it')}_{place}"}
    if "call_id" in item:
        item["call_id"] = f"call_{place}"
    if kind == "function_call":
        item["arguments"] = random.choice(ARGUMENTS)
    if kind == "reasoning":
        item = {n: v for n, v in item.items() if n != "content" and v != ""}
        item["summary"] = [{**each, "text": "Hm."} for each in item["summary"]]
    if kind == "message":
        texts = [part for part in item["content"] if part["type"] == "output_text"]
        text = {"type": "output_text", "annotations": [], "text": "Hi"}
        item["content"] = [{**part, "annotations": [], "text": "a"} for part in texts] or [text]
    return item


class Player(httpx.BaseTransport):
    """Answers every request with one body, whole or as its events."""

    body: Json

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not json.loads(request.content).get("stream"):
            return httpx.Response(200, json=self.body)
        events = ended(streamed(self.body, [3]))
        text = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=text)


@cache
def models(version: str | None) -> tuple[BaseChatModel, BaseChatModel, Player]:
    player = Player()
    options: Json = {"model": "gpt-6-luna", "use_responses_api": True, "max_retries": 0}
    options |= {"api_key": "k", "output_version": version}
    official = ChatOpenAI(http_client=httpx.Client(transport=player), **options)
    return ScoutOpenAIChatModel(transport=player, **options), official, player


def ask(model: BaseChatModel, *, stream: bool) -> AIMessage:
    message: Any = reduce(add, list(model.stream("hi"))) if stream else model.invoke("hi")
    assert isinstance(message, AIMessage)
    return message


def comparable(value: Any) -> Any:
    """Leave out what is null, the numbers of blocks, and the ids that LangChain makes up."""
    if isinstance(value, list):
        return [comparable(each) for each in value]
    if not isinstance(value, dict):
        return value
    fields = {name: comparable(each) for name, each in value.items() if name not in UNSTABLE}
    made_up = str(value.get("id")).startswith("lc_")
    left_out = {"id"} if made_up else set()
    return {n: v for n, v in fields.items() if v not in (None, {}) and n not in left_out}


UNSTABLE = ("index", "error")
"""The words of an error of parsing differ, as do the parsers."""


def parts(message: AIMessage) -> Json:
    fields = {name: getattr(message, name) for name in ("content", "tool_calls", "id")}
    fields["invalid"] = [(call["name"], call["args"]) for call in message.invalid_tool_calls]
    fields |= {"kwargs": message.additional_kwargs, "usage": message.usage_metadata}
    compared: Json = comparable(fields)
    return compared


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_generated_response_is_read_as_chatopenai_reads_it(
    version: str | None, stream: bool
) -> None:
    mine, official, player = models(version)
    for seed in SEEDS:
        random = Random(seed)
        output = [generated(random, f"{seed}_{at}") for at in range(random.randint(1, 4))]
        player.body = response(*output, tools=[], tool_choice="auto", parallel_tool_calls=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # their serializer's, of values beyond its types
            theirs = ask(official, stream=stream)
        assert parts(ask(mine, stream=stream)) == parts(theirs), seed
