"""A refusal with a safe remedy: the same call corrects the request and gets an answer."""

from __future__ import annotations

from typing import Any, NamedTuple

import httpx
import pytest
from langchain_core.messages import AIMessage, HumanMessage

from scout_adapters import ScoutAnthropicChatModel, ScoutOpenAIChatModel
from scout_adapters.errors import InvalidRequest, NotSupported, ScoutError
from scout_adapters.llm.adapters.request_fixes import forget_fixes
from tests.support.fake_http import Json, Reply
from tests.support.weather import get_weather


@pytest.fixture(autouse=True)
def _nothing_learnt() -> Any:
    forget_fixes()
    yield
    forget_fixes()


def refusing(status: int, message: str, **error: Any) -> Reply:
    body = {"error": {"message": message, "type": "invalid_request_error", **error}}
    return lambda request: httpx.Response(status, json=body)


def changes(message: AIMessage) -> str:
    return "; ".join(message.response_metadata["scout"].get("changes", ()))


TEMPERATURE = (
    "Unsupported value: 'temperature' does not support 0.2 with this model. "
    "Only the default (1) value is supported."
)
EFFORT = (
    "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. "
    "Supported values are: 'none', 'low', 'medium', 'high', and 'xhigh'."
)
CLAUDE_EFFORT = (
    "This model does not support effort level 'xhigh'. Supported levels: high, low, max, medium."
)
TOO_MANY = (
    "max_tokens is too large: 30000. This model supports at most 16384 completion tokens, whereas "
    "you provided 30000."
)
RENAMED = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
    "'max_completion_tokens' instead."
)


class Case(NamedTuple):
    """A refusal, the options that it refuses, what is sent instead, and the change."""

    message: str
    options: Json
    sent: Json
    change: str


OF_BOTH = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
NO_TOP_P = "Unsupported parameter: 'top_p' is not supported with this model."
NO_EFFORT = "Unsupported parameter: 'reasoning_effort' is not supported with this model."
XAI_EFFORT = "Model grok-code-fast-1 does not support parameter reasoningEffort."
GROQ_LIMIT = (
    "`max_completion_tokens` must be less than or equal to `8192`, the maximum value for "
    "`max_completion_tokens` is less than the `context_window` for this model"
)
CLAUDE_LIMIT = "max_tokens: 30000 > 8192, which is the maximum allowed number of output tokens"
VERTEX_LIMIT = (
    "Unable to submit request because it has a maxOutputTokens value of 70000 but the "
    "supported range is from 1 (inclusive) to 65537 (exclusive)."
)
BEDROCK_LIMIT = (
    "The maximum tokens you requested exceeds the model limit of 8192. Try again with a maximum "
    "tokens value that is lower than 8192."
)
COHERE_LIMIT = (
    "too many tokens: max tokens must be less than or equal to 8192, the maximum output length for "
    "this model - received 30000."
)
LOWERED = {"max_tokens": 8192}
MUCH = {"max_tokens": 30000}
CASES = [
    Case(TEMPERATURE, {"temperature": 0.2}, {"temperature": None}, "temperature left out"),
    Case(
        "`temperature` is deprecated for this model.",
        *({"temperature": 0.2}, {"temperature": None}, "temperature left out"),
    ),
    Case(
        OF_BOTH,
        *({"temperature": 0.2, "top_p": 0.5}, {"temperature": 0.2, "top_p": None}, "top_p left"),
    ),
    Case(NO_TOP_P, {"top_p": 0.5}, {"top_p": None}, "top_p left out"),
    Case(
        "Argument not supported on this model: presencePenalty",
        *({"presence_penalty": 0.5}, {"presence_penalty": None}, "presence_penalty left out"),
    ),
    Case(EFFORT, {"reasoning_effort": "minimal"}, {"reasoning_effort": "none"}, "'none' instead"),
    Case(CLAUDE_EFFORT, {"reasoning_effort": "xhigh"}, {"reasoning_effort": "high"}, "'high'"),
    Case(NO_EFFORT, {"reasoning_effort": "low"}, {"reasoning_effort": None}, "effort left out"),
    Case(XAI_EFFORT, {"reasoning_effort": "low"}, {"reasoning_effort": None}, "effort left out"),
    Case(
        "This model does not support the effort parameter.",
        *({"reasoning_effort": "low"}, {"reasoning_effort": None}, "effort left out"),
    ),
    Case(
        "`reasoning_effort` must be one of `none` or `default`",
        *({"reasoning_effort": "low"}, {"reasoning_effort": None}, "effort left out"),
    ),
    Case(
        "Invalid 'reasoning_effort' : value is not one of the allowed values ['low','medium']",
        *({"reasoning_effort": "high"}, {"reasoning_effort": "medium"}, "'medium' instead"),
    ),
    Case(TOO_MANY, MUCH, {"max_tokens": 16384}, "lowered from 30000 to 16384"),
    Case(GROQ_LIMIT, MUCH, LOWERED, "lowered from 30000 to 8192"),
    Case("Range of max_tokens should be [1, 8192]", MUCH, LOWERED, "lowered"),
    Case("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", MUCH, LOWERED, ""),
    Case(CLAUDE_LIMIT, MUCH, LOWERED, "lowered"),
    Case(BEDROCK_LIMIT, MUCH, LOWERED, "lowered"),
    Case(COHERE_LIMIT, MUCH, LOWERED, "lowered"),
    Case("`max_tokens` must be <= 8192", MUCH, LOWERED, "lowered"),
    Case("max_completion_tokens(30000) cannot be larger than 8,192", MUCH, LOWERED, "lowered"),
    Case(
        "max tokens limited to 1,048,576",
        *({"max_tokens": 2_000_000}, {"max_tokens": 1_048_576}, "lowered from 2000000 to 1048576"),
    ),
    Case("max_tokens must be at most 8192 of the 16k window", MUCH, LOWERED, "lowered"),
    Case("max_tokens is limited to 8192 for this model", MUCH, LOWERED, "lowered"),
    Case("max_tokens \u53c2\u6570\u8303\u56f4[1, 8192]", MUCH, LOWERED, "lowered"),
    Case(VERTEX_LIMIT, {"max_tokens": 70000}, {"max_tokens": 65536}, "lowered"),
    Case(RENAMED, {"max_tokens": 9}, {"max_tokens": None, "max_completion_tokens": 9}, ""),
]


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
async def test_the_request_is_mended_once_and_stays_so(
    providers, wire, groq, ask, case: Case
) -> None:
    providers.on("api.groq.com", refusing(400, case.message), wire.say("mended"))
    model = groq(model="nobody-knows-it", **case.options)
    answer = await ask(model)
    assert answer.text == "mended"
    assert case.change in changes(answer)
    attempts = answer.response_metadata["scout"]["attempts"]
    assert [attempt["billed"] for attempt in attempts] == ["no", "yes"]
    await ask(model)
    for body in providers.bodies[1:]:
        assert {name: body.get(name) for name in case.sent} == case.sent
    assert len(providers.requests) == 3
    assert model.client.available
    (key,) = model.client.keys
    assert key.model_cooldowns == {}


@pytest.mark.parametrize(
    ("message", "options", "error"),
    [
        ("`tool calling` is not supported with this model", {"temperature": 0.2}, NotSupported),
        ("Unsupported parameter: 'temperature' is not supported.", {}, NotSupported),
        ("Invalid 'temperature': it is -1.", {"temperature": -1}, InvalidRequest),
        ("This model does not support response format `json_schema`.", {"seed": 1}, NotSupported),
    ],
)
async def test_what_no_change_mends_is_sent_once(
    providers, groq, ask, message: str, options: Json, error: type[ScoutError]
) -> None:
    providers.on("api.groq.com", refusing(400, message))
    with pytest.raises(error):
        await ask(groq(**options))
    assert len(providers.requests) == 1


async def test_a_remedy_that_does_not_help_is_tried_once(providers, groq, ask) -> None:
    providers.on("api.groq.com", refusing(400, TEMPERATURE))
    with pytest.raises(NotSupported, match="temperature"):
        await ask(groq(temperature=0.2))
    assert len(providers.requests) == 2


async def test_several_remedies_follow_one_another(providers, wire, groq, ask) -> None:
    refusals = (refusing(400, TEMPERATURE), refusing(400, EFFORT), refusing(400, TOO_MANY))
    providers.on("api.groq.com", *refusals, wire.say("mended"))
    options = {"temperature": 0.2, "reasoning_effort": "minimal", "max_tokens": 30000}
    answer = await ask(groq(model="nobody-knows-it", **options))
    assert answer.text == "mended"
    body = providers.bodies[-1]
    limit = "max_completion_tokens" if "max_completion_tokens" in body else "max_tokens"
    assert body[limit] == 16384


@pytest.mark.parametrize(
    "message",
    [
        "maximum tokens exceeded: the model has a window of 128k tokens",
        "max_tokens is too large: the range is 1-8k",
        "max_tokens is too large: at most 8 K of output",
        "max_tokens is out of range for gpt-4 on 16 nodes",
    ],
)
def test_a_rounded_or_tiny_number_is_no_limit(providers, groq, message: str) -> None:
    providers.on("api.groq.com", refusing(400, message))
    with pytest.raises(ScoutError):
        groq(model="nobody-knows-it", max_tokens=200_000).invoke("hi")
    assert len(providers.bodies) == 1


def test_a_limit_above_the_profiles_is_lowered_before_the_request(providers, wire, router) -> None:
    providers.on("api.groq.com", wire.say())
    providers.on("api.openai.com", wire.say())
    answer = router("openai/gpt-4o-mini", max_tokens=30000).invoke("hi")
    assert providers.bodies[0]["max_completion_tokens"] == 16384
    assert "lowered from 30000 to 16384" in changes(answer)
    router("openai/gpt-4o-mini", max_tokens=300).invoke("hi")
    assert providers.bodies[1]["max_completion_tokens"] == 300


async def test_signed_reasoning_of_another_account_is_left_out_after_a_refusal(
    providers, ask
) -> None:
    refused = refusing(400, "messages.1.content.0: Invalid `signature` in `thinking` block")
    answer = {
        "type": "message",
        "id": "m",
        "role": "assistant",
        "model": "claude",
        "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "mended"}],
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    providers.on("api.anthropic.com", refused, lambda _: httpx.Response(200, json=answer))
    model = ScoutAnthropicChatModel(
        model="claude-haiku-4-5", api_key="k", transport=providers.transport
    )
    thought = {"type": "thinking", "thinking": "hm", "signature": "of another account"}
    earlier = AIMessage(
        [thought, {"type": "text", "text": "so"}],
        response_metadata={"model_provider": "anthropic"},
    )
    history = [HumanMessage("a"), earlier, HumanMessage("b")]
    message = await ask(model, history)
    assert message.text == "mended"
    assert providers.bodies[0]["messages"][1]["content"][0]["type"] == "thinking"
    assert providers.bodies[1]["messages"][1]["content"] == "so"
    assert "another account" in changes(message)
    await ask(model, history)
    assert len(providers.bodies[2]["messages"][1]["content"]) == 2


@pytest.mark.parametrize(
    "refused",
    [
        "tool_choice forces tool use, which is not supported by this model.",
        "tool_choice 'required' is incompatible with thinking enabled",
        "tool_choice only supports auto",
        "Thinking mode does not support this tool_choice",
        "This model doesn't support the toolConfig.toolChoice.any field. Remove it and try again.",
        "`tool_choice` must be one of `auto` or `none`",
    ],
)
async def test_a_forced_call_that_a_model_refuses_is_left_to_the_model(
    providers, wire, groq, ask, refused: str
) -> None:
    providers.on("api.groq.com", refusing(400, refused), wire.say("prose"))
    message = await ask(groq().bind_tools([get_weather], tool_choice="any"))
    assert (message.text, providers.bodies[1].get("tool_choice")) == ("prose", None)
    assert "tool_choice left out" in changes(message)


def test_encrypted_reasoning_of_another_account_is_left_out_over_responses(providers) -> None:
    refused = "The encrypted content gAAA could not be verified. Reason: it could not be decrypted."
    replies = [refusing(400, refused, code="invalid_encrypted_content")]
    text = {"type": "output_text", "text": "mended", "annotations": []}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "content": [text]}
    done = {"id": "resp_1", "status": "completed", "model": "gpt-6", "output": [item]}
    providers.on("api.openai.com", *replies, lambda _: httpx.Response(200, json=done))
    model = ScoutOpenAIChatModel(
        model="gpt-6-luna", api_key="k", transport=providers.transport, use_responses_api=True
    )
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"}
    earlier = AIMessage(
        [thought, {"type": "text", "text": "so"}], response_metadata={"model_provider": "openai"}
    )
    message = model.invoke([HumanMessage("a"), earlier, HumanMessage("b")])
    assert message.text == "mended"
    kinds = [[item["type"] for item in body["input"]] for body in providers.bodies]
    assert kinds == [["message", "reasoning", "message", "message"], ["message"] * 3]
