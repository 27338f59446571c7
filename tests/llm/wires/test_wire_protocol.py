"""A wire states all that is particular to its API; for a new one nothing else has to change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, HumanMessage

from scout_adapters import ProviderSpec, init_scout_model, registry
from scout_adapters._internal.json_values import Json
from scout_adapters.errors import ConfigurationError, UnsupportedContent
from scout_adapters.llm.adapters.adapter import PreparedRequest
from scout_adapters.llm.conversation.turns import build_turns
from scout_adapters.llm.engine.cost_bound import SLACK, token_bounds
from scout_adapters.llm.profiles.limits import limits_of
from scout_adapters.llm.profiles.lookup import model_profile
from scout_adapters.llm.providers.urls import join_url
from scout_adapters.llm.types import ChatRequest, Dialect, StreamReader, Turn, Wire
from scout_adapters.llm.wires import anthropic_messages, gemini, openai_chat
from scout_adapters.llm.wires.builtin_wires import WIRES
from scout_adapters.llm.wires.openai_chat import ChatCompletionsDialect
from scout_adapters.llm.wires.openai_chat.stream import ChatStreamReader
from tests.support.paths import TESTS

PACKAGE = TESTS.parent / "scout_adapters"
COMPARED = re.compile(r"wire(\.name)? *(==|!=|in\b|not in\b) *[\"'({]|\[[\w.]*wire\.name\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class NebulaDialect(Dialect):
    greeting: str = ""


class NebulaWire(Wire):
    """A wire of a user: answers are those of Chat Completions, all else is its own."""

    name = "nebula"
    version = "v7"
    dialect = NebulaDialect
    model_endpoint = re.compile(r"/worlds/[^/]+$")
    native_blocks = frozenset({"star"})
    takes_unknown_blocks = True
    indexes_chunks = True
    external_inputs = frozenset({"previous"})

    def endpoint(self, model: str, *, stream: bool) -> str:
        return f"/worlds/{model}"

    def auth_headers(self, key: str) -> dict[str, str]:
        return {"x-nebula": key}

    def build_body(self, request: ChatRequest, turns: Sequence[Turn], spec: ProviderSpec) -> Json:
        greeting = spec.dialect.greeting if isinstance(spec.dialect, NebulaDialect) else ""
        return {"input": [block for turn in turns for block in turn.blocks], "greeting": greeting}

    def parse_response(self, body: Json, spec: ProviderSpec) -> AIMessage:
        return AIMessage(body["output"], response_metadata={"model_provider": spec.maker})

    def reader(self, spec: ProviderSpec, body: Json | None = None) -> StreamReader:
        return ChatStreamReader(spec)

    def recognises(self, message: AIMessage) -> bool:
        return any(block["type"] == "star" for block in message.content if isinstance(block, dict))

    def output_limit(self, body: Json) -> int | None:
        return body.get("longest")

    def answer_count(self, body: Json) -> int:
        return body.get("worlds", 1)

    def unsupported_media(self, spec: ProviderSpec) -> frozenset[str]:
        return frozenset({"image"})


NEBULA = ProviderSpec(
    name="nebula_wire",
    docs="",
    wire=NebulaWire(),
    base_url="https://nebula.example",
    dialect=NebulaDialect(greeting="hello"),
)
STAR = {"type": "star", "name": "Vega"}


@pytest.fixture(autouse=True)
def vcr() -> None:
    """Leave these tests without a cassette: no emulator supports this wire."""


@pytest.fixture(autouse=True)
def own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what a test registers."""
    monkeypatch.setattr(registry, "_specs", dict(registry._specs))
    monkeypatch.setattr(registry, "_clients", {})
    monkeypatch.setattr(registry, "_special", {})


def test_nothing_outside_wires_compares_a_wires_name() -> None:
    rooms = [path for path in (PACKAGE / "llm").rglob("*.py") if "wires" not in path.parts]
    rooms += [*(PACKAGE / "chat_models").rglob("*.py"), *(PACKAGE / "callbacks").rglob("*.py")]
    assert len(rooms) > 50
    assert [path.name for path in rooms if COMPARED.search(path.read_text())] == []


def test_a_wire_of_ones_own_sends_its_native_and_unknown_blocks_back() -> None:
    own = AIMessage(
        [STAR, {"type": "novelty", "x": 1}], response_metadata={"model_provider": NEBULA.name}
    )
    (turn,) = build_turns([own], NEBULA).turns
    assert [block["value"]["type"] for block in turn.blocks] == ["star", "novelty"]


def test_a_wire_of_ones_own_recognises_its_messages() -> None:
    assert build_turns([AIMessage([STAR])], NEBULA).turns[0].blocks == [
        {"type": "native", "value": STAR}
    ]
    with pytest.raises(UnsupportedContent, match="no API has it"):
        build_turns([HumanMessage([STAR])], registry.spec("groq"))


def test_a_wire_of_ones_own_bounds_its_answers_and_inputs() -> None:
    limits = limits_of(NEBULA, "large")._replace(window=9000, stated=True)
    prepared = PreparedRequest(
        request=ChatRequest(model="large", messages=()),
        content=b"{}",
        body={"longest": 160, "worlds": 2, "previous": "yes", "max_tokens": 1},
    )
    assert token_bounds(prepared, limits, NEBULA.wire) == (9000, 2 * (160 + 10 + SLACK))


def test_a_wire_of_ones_own_narrows_profiles() -> None:
    seen = replace(NEBULA, name="openai")
    profile = model_profile(seen, "gpt-5-mini")
    assert profile is not None
    assert profile["image_inputs"] is False
    assert profile["pdf_inputs"] is True


@pytest.mark.parametrize("base", ["https://n.example", "https://n.example/v7/worlds/other"])
def test_a_wire_of_ones_own_names_its_endpoint(base: str) -> None:
    assert join_url(base, NEBULA, "large", stream=False) == "https://n.example/v7/worlds/large"


def test_the_dialect_reaches_a_wire_of_ones_own() -> None:
    registry.register(NEBULA)
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200, json={"output": "hi"})

    model = init_scout_model(
        "nebula_wire/large", api_key="k", transport=httpx.MockTransport(answer)
    )
    assert model.invoke("hey").content == "hi"
    assert b'"greeting":"hello"' in sent[0].content
    assert sent[0].headers["x-nebula"] == "k"


@pytest.mark.parametrize("indexes", [True, False])
def test_chunks_are_put_into_blocks_unless_the_wire_indexes_them(indexes: bool) -> None:
    wire = NebulaWire()
    wire.indexes_chunks = indexes
    registry.register(replace(NEBULA, wire=wire))
    events = 'data: {"model": "m", "choices": [{"delta": {"content": "hi"}}]}\n\ndata: [DONE]\n\n'

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, text=events)

    model = init_scout_model(
        "nebula_wire/large",
        api_key="k",
        transport=httpx.MockTransport(answer),
        output_version="v1",
    )
    first: Any = next(iter(model.stream("hey")))
    (block,) = first.content
    assert (block["text"], block["index"]) == ("hi", 0 if indexes else "lc_txt_0")


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.name)
def test_a_dialect_of_another_wire_is_refused(wire: Wire) -> None:
    with pytest.raises(ConfigurationError, match=r"nebula_wire: dialect= is a NebulaDialect"):
        replace(NEBULA, wire=wire)


def test_only_chat_completions_have_a_dialect() -> None:
    card = replace(NEBULA, wire=openai_chat.WIRE, dialect=ChatCompletionsDialect(any_tool="any"))
    assert card.dialect == ChatCompletionsDialect(any_tool="any")
    for wire in (anthropic_messages.WIRE, gemini.WIRE):
        with pytest.raises(ConfigurationError, match="has no dialects"):
            replace(card, wire=wire)


@pytest.mark.parametrize(
    ("wire", "body", "limit", "answers"),
    [
        (openai_chat.WIRE, {"max_completion_tokens": 7, "max_tokens": 9, "n": 3}, 9, 3),
        (openai_chat.WIRE, {"max_tokens": 9}, 9, 1),
        (openai_chat.WIRE, {}, None, 1),
        (anthropic_messages.WIRE, {"max_tokens": 9, "n": 3}, 9, 1),
        (gemini.WIRE, {"generationConfig": {"maxOutputTokens": 9, "candidateCount": 2}}, 9, 2),
        (gemini.WIRE, {"max_tokens": 9}, None, 1),
    ],
)
def test_each_wire_reads_the_limits_of_its_bodies(
    wire: Wire, body: Json, limit: int | None, answers: int
) -> None:
    assert (wire.output_limit(body), wire.answer_count(body)) == (limit, answers)


def test_media_that_a_wire_or_its_dialect_refuses() -> None:
    refused = {
        spec.name: spec.wire.unsupported_media(spec)
        for spec in registry.specs()
        if spec.name in {"anthropic", "google", "groq", "openai", "openrouter"}
    }
    assert refused == {
        "anthropic": {"audio", "video"},
        "google": frozenset(),
        "groq": {"audio", "file", "video"},
        "openai": {"video"},
        "openrouter": frozenset(),
    }
