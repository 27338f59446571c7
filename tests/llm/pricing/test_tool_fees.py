"""Fees of tools that Groq and Google run: what the answer shows is billed, and what it does not."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.messages import AIMessage

from scout_adapters.llm.pricing.price_list import PRICING
from scout_adapters.llm.pricing.record_costs import bill
from scout_adapters.llm.providers import registry
from scout_adapters.llm.wires.gemini import WIRE as GEMINI
from scout_adapters.llm.wires.openai_chat import WIRE as CHAT
from scout_adapters.llm.wires.openai_responses import WIRE as RESPONSES
from tests.llm.pricing.test_fees import bound
from tests.support.verbs import merge_chunks

GROQ, GOOGLE = registry.spec("groq"), registry.spec("google")
GPT_OSS = "openai/gpt-oss-20b"
COUNTS = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
TOKENS_USD = (1000 * 0.075 + 100 * 0.30) / 1e6
"""https://groq.com/pricing: $0.075 and $0.30 for a million tokens of gpt-oss-20b."""


def tool(kind: str, *, name: str | None = None, output: str = "found") -> dict[str, Any]:
    entry = {"index": 0, "type": kind, "arguments": "{}", "output": output}
    return entry | ({"name": name} if name else {})


def groq_answer(tools: list[dict[str, Any]], *, streamed: bool, model: str = GPT_OSS) -> Any:
    head = {"id": "c", "model": model}
    if not streamed:
        message = {"role": "assistant", "content": "hi", "executed_tools": tools}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return CHAT.parse_response(head | {"choices": [choice], "usage": COUNTS}, GROQ)
    reader = CHAT.reader(GROQ)
    begun = [{k: v for k, v in each.items() if k != "output"} for each in tools]
    deltas: list[Any] = [
        {"executed_tools": [t]} for pair in zip(begun, tools, strict=True) for t in pair
    ]
    events = [{"choices": [{"index": 0, "delta": delta}]} for delta in [*deltas, {"content": "hi"}]]
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": COUNTS}
    chunks = [reader.feed(head | event) for event in [*events, last]]
    return merge_chunks([*filter(None, chunks), reader.close()])


def usd(provider: str, model: str, answer: AIMessage) -> Any:
    return bill(provider, model, answer.usage_metadata, answer.response_metadata)["cost_usd"]


SEARCH = tool("browser_search", name="browser.search")
OPEN = tool("browser.open", name="browser.open")


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("tools", "fees"),
    [
        ([], 0.0),
        ([SEARCH], 0.005),
        ([SEARCH, OPEN, OPEN, SEARCH], 0.012),
        ([SEARCH, tool("browser.find", name="browser.find")], 0.005),
        ([tool("visit")], 0.001),
    ],
)
def test_groq_bills_searches_and_pages(tools: Any, fees: float, streamed: bool) -> None:
    answer = groq_answer(tools, streamed=streamed)
    assert usd("groq", GPT_OSS, answer) == pytest.approx(TOKENS_USD + fees, abs=1e-12)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("kind", ["python", "search", "browser_automation", "unheard-of"])
def test_a_tool_whose_fee_the_answer_does_not_show_leaves_the_cost_unknown(
    kind: str, streamed: bool
) -> None:
    assert usd("groq", GPT_OSS, groq_answer([SEARCH, tool(kind)], streamed=streamed)) is None


def test_a_user_s_price_has_the_user_s_fee(monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"input": 0.001, "output": 0.001, "web_search": 0.008}
    monkeypatch.setitem(PRICING, "groq", {"groq/compound": own})
    answer = groq_answer([tool("search"), tool("search"), tool("python")], streamed=False)
    assert usd("groq", "groq/compound", answer) == pytest.approx(0.0011 + 0.016)


def google_answer(model: str, grounding: dict[str, Any], *, streamed: bool) -> Any:
    candidate = {"content": {"parts": [{"text": "hi"}], "role": "model"}, "finishReason": "STOP"}
    body = {
        "candidates": [candidate | {"groundingMetadata": grounding}],
        "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 1, "totalTokenCount": 11},
        "modelVersion": model,
    }
    if not streamed:
        return GEMINI.parse_response(body, GOOGLE)
    reader = GEMINI.reader(GOOGLE)
    return merge_chunks([*filter(None, [reader.feed(body)]), reader.close()])


MAPS = {"groundingChunks": [{"maps": {"title": "Cafe", "uri": "https://maps.google.com/?cid=1"}}]}
WEB = {"groundingChunks": [{"web": {"title": "a", "uri": "https://a.example"}}]}


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("model", "grounding", "fees"),
    [
        # https://ai.google.dev/gemini-api/docs/pricing: $35 for 1,000 grounded prompts until
        # Gemini 2.5, and $14 for 1,000 queries since Gemini 3; empty queries are not billed.
        ("gemini-2.5-flash", WEB | {"webSearchQueries": ["a", "b", "c"]}, 0.035),
        ("gemini-3.5-flash", WEB | {"webSearchQueries": ["a", "", "b", "a"]}, 0.028),
        ("gemini-3.5-flash", {"webSearchQueries": [""]}, 0.0),
        ("gemini-3.5-flash", {"webSearchQueries": "odd"}, 0.0),
        ("gemini-2.5-flash", MAPS, 0.025),
        ("gemini-2.5-flash", MAPS | {"webSearchQueries": ["a"]}, 0.060),
        ("gemini-3.5-flash", MAPS, None),
    ],
)
def test_google_bills_what_grounds_an_answer(
    model: str, grounding: dict[str, Any], fees: float | None, streamed: bool
) -> None:
    plain = google_answer(model, {}, streamed=streamed)
    cost = usd("google", model, google_answer(model, grounding, streamed=streamed))
    if fees is None:
        assert cost is None
    else:
        assert cost - usd("google", model, plain) == pytest.approx(fees, abs=1e-12)


@pytest.mark.parametrize(
    ("model", "tools", "fees"),
    [
        ("gemini-2.5-flash", [{"google_search": {}}], 0.035),
        ("gemini-3.5-flash", [{"googleSearch": {}}], 20 * 0.014),
        ("gemini-3.5-flash", [{"googleMaps": {}}], 20 * 0.014),
    ],
)
def test_a_request_to_google_is_held_for_its_searches(model: str, tools: Any, fees: float) -> None:
    config = {"generationConfig": {"maxOutputTokens": 10}}
    free = bound("google", model, config | {"tools": [{"code_execution": {}}]})
    held = bound("google", model, config | {"tools": tools})
    assert held - free == pytest.approx(fees, abs=1e-8)


TEXT = {"type": "message", "content": [{"type": "output_text", "text": "hi"}]}


def responses_answer(items: list[dict[str, Any]], tool: str, model: str) -> Any:
    body = {
        "id": "resp_1",
        "status": "completed",
        "model": model,
        "output": [*items, TEXT],
        "tools": [{"type": tool}],
        "usage": {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100},
    }
    return RESPONSES.parse_response(body, registry.spec("openai"))


def call(kind: str, **fields: Any) -> dict[str, Any]:
    return {"id": f"{kind}_1", "type": f"{kind}_call", "status": "completed", **fields}


SEARCHED = call("web_search", action={"type": "search", "query": "q"})
OPENED = call("web_search", action={"type": "open_page", "url": "https://a.example"})


@pytest.mark.parametrize(
    ("model", "tool", "items", "fees"),
    [
        ("gpt-6-luna", "web_search", [], 0.0),
        ("gpt-6-luna", "web_search", [SEARCHED, OPENED, SEARCHED], 0.02),
        ("gpt-6-luna", "web_search", [SEARCHED | {"status": "failed"}], 0.0),
        ("gpt-4.1", "web_search", [SEARCHED], 0.01),
        ("gpt-4.1", "web_search_preview", [SEARCHED], 0.025),
        ("o3", "web_search_preview", [SEARCHED], 0.01),
        ("gpt-6-luna", "file_search", [call("file_search", queries=["q"])], 0.0025),
        ("gpt-6-luna", "code_interpreter", [call("code_interpreter", container_id="c")], None),
        ("gpt-6-luna", "image_generation", [call("image_generation"), SEARCHED], None),
        ("gpt-6-luna", "mcp", [call("mcp", name="f", arguments="{}", server_label="s")], 0.0),
    ],
)
def test_openai_bills_hosted_tools_by_call(
    model: str, tool: str, items: list[dict[str, Any]], fees: float | None
) -> None:
    answer = responses_answer(items, tool, model)
    plain = usd("openai", model, responses_answer([], tool, model))
    cost = usd("openai", model, answer)
    if fees is None:
        assert cost is None
    else:
        assert cost - plain == pytest.approx(fees, abs=1e-12)
    # the fees of others for the same tools are not known
    elsewhere = usd("azure", model, answer)
    assert (elsewhere is None) == bool(answer.response_metadata.get("hosted_tools"))


def test_a_preview_of_another_tool_leaves_the_fee_of_a_search() -> None:
    body = {"id": "resp_1", "status": "completed", "model": "gpt-4.1", "output": [SEARCHED]}
    body["tools"] = [{"type": "web_search"}, {"type": "computer_use_preview"}]
    answer = RESPONSES.parse_response(body, registry.spec("openai"))
    assert answer.response_metadata["hosted_tools"] == {"web_search": 1}
    assert RESPONSES.searches(body) == 20


@pytest.mark.parametrize(
    ("model", "tool", "fees"),
    [
        ("gpt-6-luna", "web_search", 20 * 0.010),
        ("gpt-4.1", "web_search_preview", 20 * 0.025),
        ("o3", "web_search_preview", 20 * 0.010),
    ],
)
def test_a_request_to_openai_is_held_for_its_searches(model: str, tool: str, fees: float) -> None:
    wire, limit = {"input": "hi"}, {"max_output_tokens": 10}
    spec = registry.spec("openai").second_card
    assert spec is not None
    body = {"model": model, **wire, **limit, "tools": [{"type": tool}]}
    assert spec.wire.searches(body) * 0.010 == pytest.approx(fees)
