"""Which of its two APIs a request to OpenAI goes over, and what a refusal changes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.utils.function_calling import convert_to_openai_tool

from scout_adapters import ScoutOpenAIChatModel, ScoutXAIChatModel
from scout_adapters.errors import ModelNotFound, NotSupported
from scout_adapters.llm.adapters.request_fixes import forget_fixes
from tests.support.fake_http import FakeProviders, Json, Reply, event
from tests.support.weather import get_weather

TOOLS_REFUSED = (
    "Function tools with reasoning_effort are not supported for gpt-9 in /v1/chat/completions. "
    "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
)
USAGE = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
CHAT_USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
ROOT = "https://api.openai.com/v1"


@pytest.fixture(autouse=True)
def _nothing_learnt() -> Any:
    forget_fixes()
    yield
    forget_fixes()


def response(text: str, **more: Any) -> Json:
    part = {"type": "output_text", "text": text, "annotations": []}
    fields = {"id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}
    head = {"id": "resp_1", "object": "response", "status": "completed", "model": "gpt-9"}
    return {**head, "output": [{"type": "message", **fields}], "usage": USAGE, **more}


def over_responses(request: httpx.Request, text: str) -> httpx.Response:
    if b'"stream":true' not in request.content:
        return httpx.Response(200, json=response(text))
    item = response(text)["output"][0]
    events = [
        {"type": "response.created", "response": response("") | {"status": "in_progress"}},
        {"type": "response.output_item.added", "output_index": 0, "item": item | {"content": []}},
        {
            "type": "response.content_part.added",
            "output_index": 0,
            "content_index": 0,
            "item_id": "msg_1",
            "part": {"type": "output_text", "text": "", "annotations": []},
        },
        {
            "type": "response.output_text.delta",
            "output_index": 0,
            "content_index": 0,
            "item_id": "msg_1",
            "delta": text,
        },
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": response(text)},
    ]
    content = b"".join(event(each) for each in events)
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=content)


def over_chat(request: httpx.Request, text: str) -> httpx.Response:
    if b'"stream":true' not in request.content:
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return httpx.Response(200, json={"id": "c", "choices": [choice], "usage": CHAT_USAGE})
    choices = [{"index": 0, "delta": {"content": text}, "finish_reason": "stop"}]
    events = [{"id": "c", "choices": choices}, {"id": "c", "choices": [], "usage": CHAT_USAGE}]
    content = b"".join(event(each) for each in [*events, "[DONE]"])
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=content)


def server(*, chat: Reply | None = None, responses: Reply | None = None) -> Reply:
    """Answer on both endpoints, or as the arguments specify."""

    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/responses"):
            return responses(request) if responses else over_responses(request, "new")
        return chat(request) if chat else over_chat(request, "old")

    return reply


def refusing(status: int, message: str, **error: Any) -> Reply:
    body = {"error": {"message": message, "type": "invalid_request_error", **error}}
    return lambda request: httpx.Response(status, json=body)


def no_path(request: httpx.Request) -> httpx.Response:
    return httpx.Response(404, json={"detail": "Not Found"})


def make(
    providers: FakeProviders, model: str, reply: Reply, **options: Any
) -> ScoutOpenAIChatModel:
    providers.on("api.openai.com", reply)
    return ScoutOpenAIChatModel(
        model=model, api_keys=["sk-1"], transport=providers.transport, **options
    )


def paths(providers: FakeProviders) -> list[str]:
    return [request.url.path.removeprefix("/v1") for request in providers.requests]


def scout(message: AIMessage) -> Any:
    return message.response_metadata["scout"]


CHAT, RESPONSES = "/chat/completions", "/responses"
SEARCH = {"type": "web_search"}


@pytest.mark.parametrize(
    ("model", "options", "path"),
    [
        ("gpt-4o-mini", {}, CHAT),
        ("gpt-4o-mini", {"tools": [get_weather]}, CHAT),
        ("gpt-5.1", {"tools": [get_weather], "reasoning_effort": "low"}, CHAT),
        ("gpt-5.3-chat-latest", {"tools": [get_weather]}, CHAT),
        ("gpt-5.4", {}, CHAT),
        ("gpt-5.4", {"tools": [get_weather]}, RESPONSES),
        ("gpt-5.6-terra", {"tools": [get_weather]}, RESPONSES),
        ("gpt-6-luna", {"tools": [get_weather]}, RESPONSES),
        ("gpt-6.1-sol", {"tools": [get_weather], "reasoning_effort": "none"}, RESPONSES),
        ("gpt-5.6-sol", {}, RESPONSES),
        ("gpt-5.2-pro-2026-01-01", {}, RESPONSES),
        ("gpt-5.1-codex-mini", {}, RESPONSES),
        ("o3-deep-research", {}, RESPONSES),
        ("gpt-4o-mini", {"tools": [SEARCH]}, RESPONSES),
        ("gpt-4o-mini", {"previous_response_id": "resp_0"}, RESPONSES),
        ("gpt-5-mini", {"reasoning": {"effort": "low", "summary": "auto"}}, RESPONSES),
        ("gpt-5-mini", {"include": ["message.output_text.logprobs"]}, RESPONSES),
        ("gpt-4o-mini", {"use_responses_api": True}, RESPONSES),
        ("gpt-4o-mini", {"output_version": "responses/v1"}, RESPONSES),
        ("gpt-4o-mini", {"output_version": "v1"}, CHAT),
        ("gpt-6-luna", {"tools": [get_weather], "use_responses_api": False}, CHAT),
    ],
)
def test_model_request_and_user_choose_the_api(
    providers, model: str, options: Json, path: str
) -> None:
    tools = options.pop("tools", None)
    chat = make(providers, model, server(), **options)
    message = (chat.bind_tools(tools) if tools else chat).invoke("hi")
    assert paths(providers) == [path]
    assert message.text == ("new" if path == RESPONSES else "old")
    assert "use_responses_api" not in providers.bodies[0]
    assert scout(message)["attempts"][0]["wire"] == f"openai_{path.strip('/').split('/')[0]}"


async def test_a_refusal_that_names_the_other_api_is_followed_once_and_remembered(
    providers, ask
) -> None:
    refused = refusing(400, TOOLS_REFUSED, param="reasoning_effort", code=None)
    model = make(providers, "gpt-4o-mini", server(chat=refused)).bind_tools([get_weather])
    message = await ask(model)
    assert (message.text, paths(providers)) == ("new", [CHAT, RESPONSES])
    first, last = scout(message)["attempts"]
    assert (first["outcome"], first["wire"]) == ("unsupported", "openai_chat")
    assert (last["outcome"], last["wire"]) == ("ok", "openai_responses")
    assert (last["cost_usd"], first["billed"]) == (pytest.approx(4.5e-6), "no")
    (change,) = scout(message)["changes"]
    assert "openai_responses" in change
    assert (await ask(model)).text == "new"
    assert paths(providers) == [CHAT, RESPONSES, RESPONSES]


@pytest.mark.parametrize(
    "refused",
    [
        no_path,
        refusing(404, "Invalid URL (POST /v1/responses)"),
        lambda request: httpx.Response(405, text="Method Not Allowed"),
        lambda request: httpx.Response(404, text="404 page not found"),
        refusing(
            400,
            "The requested model 'gpt-6-luna' is not supported with the Responses API.",
            code="model_not_found",
            param="model",
        ),
    ],
)
async def test_a_gateway_with_chat_completions_alone_answers(
    providers, ask, refused: Reply
) -> None:
    model = make(providers, "gpt-6-luna", server(responses=refused)).bind_tools([get_weather])
    assert (await ask(model)).text == "old"
    assert (await ask(model)).text == "old"
    assert paths(providers) == [RESPONSES, CHAT, CHAT]
    (key,) = model.bound.client.keys
    assert not key.model_cooldowns


OPERATION = (
    "The {} operation does not work with the specified model, m. Please choose different model and"
    " try again. You can learn more about which models can be used with each operation here: x."
)
ELSEWHERE = {
    "azure": {"code": "OperationNotSupported", "message": OPERATION},
    "copilot": {
        "code": "unsupported_api_for_model",
        "message": 'model "m" is not accessible via the {} endpoint',
    },
    "nested": {
        "message": '{{"error":{{"message":"model \\"m\\" is not accessible via the {} endpoint"}}}}'
    },
    "vllm": {"message": "The model does not support {}"},
    "501": {"message": "`{}` is not implemented"},
}
NAMES = {CHAT: "/chat/completions", RESPONSES: "/v1/responses"}


@pytest.mark.parametrize("used", [CHAT, RESPONSES])
@pytest.mark.parametrize("server_name", ELSEWHERE)
def test_servers_state_in_many_ways_that_a_model_has_the_other_api(
    providers, server_name: str, used: str
) -> None:
    error = ELSEWHERE[server_name]
    status = 501 if server_name == "501" else 400
    body = {"error": error | {"message": error["message"].format(NAMES[used])}}

    def refused(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json=body)

    one = {"chat": refused} if used == CHAT else {"responses": refused}
    other = {CHAT: RESPONSES, RESPONSES: CHAT}[used]
    name = "gpt-4o-mini" if used == CHAT else "gpt-6-luna"
    model = make(providers, name, server(**one)).bind_tools([get_weather])
    assert model.invoke("hi").text == {CHAT: "old", RESPONSES: "new"}[other]
    assert paths(providers) == [used, other]


async def test_a_gateway_with_responses_alone_answers(providers, ask) -> None:
    model = make(providers, "gpt-4o-mini", server(chat=no_path))
    assert (await ask(model)).text == "new"
    assert paths(providers) == [CHAT, RESPONSES]


async def test_a_model_that_neither_api_has_is_not_found(providers, ask) -> None:
    missing = refusing(404, "The model `gpt-4x` does not exist", code="model_not_found")
    model = make(providers, "gpt-4x", server(chat=missing))
    with pytest.raises(ModelNotFound):
        await ask(model)
    assert paths(providers) == [CHAT]


async def test_an_address_without_either_api_is_tried_once_over_each(providers, ask) -> None:
    model = make(providers, "gpt-4o-mini", server(chat=no_path, responses=no_path))
    for _ in range(2):
        providers.requests.clear()
        model.client.reset_key()
        with pytest.raises(ModelNotFound):
            await ask(model)
        assert paths(providers) == [CHAT, RESPONSES]


async def test_the_users_choice_is_kept_when_it_is_refused(providers, ask) -> None:
    refused = refusing(400, TOOLS_REFUSED, param="reasoning_effort")
    model = make(providers, "gpt-6-luna", server(chat=refused), use_responses_api=False)
    with pytest.raises(NotSupported, match="use /v1/responses"):
        await ask(model.bind_tools([get_weather]))
    assert paths(providers) == [CHAT]


@pytest.mark.parametrize(("path", "text"), [(CHAT, "old"), (RESPONSES, "new")])
def test_an_address_that_is_an_endpoint_decides(providers, path: str, text: str) -> None:
    for model, tools in (("gpt-6-luna", [get_weather]), ("gpt-4o-mini", [])):
        chat = make(providers, model, server(), base_url=ROOT + path)
        assert (chat.bind_tools(tools) if tools else chat).invoke("hi").text == text
    assert paths(providers) == [path, path]


def test_what_one_api_cannot_carry_goes_over_the_other(providers) -> None:
    approval = {"type": "mcp_approval_response", "approval_request_id": "a", "approve": True}
    model = make(providers, "gpt-4o-mini", server())
    assert model.invoke([HumanMessage([approval])]).text == "new"
    sound = {"type": "audio", "base64": "AAAA", "mime_type": "audio/wav"}
    assert model.invoke([HumanMessage([sound])], include=["x"]).text == "old"
    assert paths(providers) == [RESPONSES, CHAT]


def test_options_of_chat_completions_alone_are_left_out_and_listed(providers) -> None:
    model = make(providers, "gpt-6-luna", server(), seed=7).bind_tools([get_weather])
    message = model.invoke("hi")
    assert "seed" not in providers.bodies[0]
    assert any("seed left out" in change for change in scout(message)["changes"])


def test_explain_names_the_api(providers) -> None:
    model = make(providers, "gpt-6-luna", server())
    assert model.explain("hi").chosen.wire == "openai_chat"
    bound = model.explain("hi", tools=[convert_to_openai_tool(get_weather)])
    assert bound.chosen.wire == "openai_responses"
    assert "over openai_responses" in str(bound)


async def test_a_router_goes_on_where_neither_api_can(providers, router, ask, wire) -> None:
    unable = refusing(400, "Function tools are not supported for this model")
    providers.on("api.openai.com", server(chat=unable, responses=unable))
    providers.on("api.groq.com", wire.say("from groq"))
    model = router("openai/gpt-6-luna", "groq/llama-3.3-70b-versatile").bind_tools([get_weather])
    assert (await ask(model)).text == "from groq"


def test_hosted_tools_of_xai_go_over_responses(providers) -> None:
    providers.on("api.x.ai", server())
    model = ScoutXAIChatModel(model="grok-4.3", api_key="k", transport=providers.transport)
    assert model.invoke("hi").text == "old"
    assert model.bind_tools([{"type": "x_search"}]).invoke("hi").text == "new"
