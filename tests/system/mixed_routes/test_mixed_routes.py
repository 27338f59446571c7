"""Our models and those of official packages in one route: calls, tools, schemas, agents, books."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import BaseCallbackHandler, UsageMetadataCallbackHandler
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tracers import LangChainTracer
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler
from pydantic import BaseModel

from scout_adapters import ScoutAuditCallbackHandler, ScoutCostCallbackHandler
from scout_adapters.errors import StreamInterrupted
from scout_adapters.testing import CutMidStream, ErrorInBand, Overloaded, RateLimited, Revoked
from scout_adapters.testing.ids import sign
from tests.support.sent_runs import SentRuns
from tests.support.verbs import STREAMS, VERBS
from tests.support.weather import get_weather
from tests.system.mixed_routes.audited_rows import agree
from tests.system.mixed_routes.partners import KEYS, MODELS, PARTNERS, Stage

pytestmark = pytest.mark.filterwarnings(
    "ignore:Inheritance class:DeprecationWarning"
)  # google-genai's


AFTER_CONTENT = {"openai": 4, "anthropic": 6, "google": 1, "bedrock": 4}
"""Events of an answer after which its first words have arrived."""


class Joke(BaseModel):
    """A joke."""

    setup: str
    punchline: str


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("provider", PARTNERS)
def test_the_audit_log_and_the_emulators_log_agree(
    stage: Stage, provider: str, verb: str, tmp_path: Path
) -> None:
    path, costs = tmp_path / "audit.jsonl", ScoutCostCallbackHandler()
    handlers = [ScoutAuditCallbackHandler(path), costs]
    router = stage.router(stage.ours(), stage.partner(provider))
    stage.emulator.script("groq", [Overloaded()])
    answer = stage.call(router, verb, config={"callbacks": handlers})
    assert answer.text.startswith(f"This is the emulator speaking for {provider}/")
    stage.emulator.script(provider, [RateLimited(3.0)])
    turned = stage.router(stage.partner(provider), stage.ours())
    assert "groq" in stage.call(turned, verb, config={"callbacks": handlers}).text
    rows = agree(stage, path)
    outcomes = [row["outcome"] for row in rows]
    assert outcomes == ["capacity", "ok", "rate_limit", "ok"]
    assert rows[1]["cost"] == answer.response_metadata["scout"]["cost_usd"] > 0
    assert costs.total_cost == pytest.approx(rows[1]["cost"] + rows[3]["cost"])
    assert answer.usage_metadata["output_tokens"] == rows[1]["output_t"]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("provider", PARTNERS)
def test_an_answer_equals_that_of_the_package_itself(
    stage: Stage, provider: str, verb: str
) -> None:
    theirs = stage.call(stage.partner(provider), verb)
    ours = stage.call(stage.router(stage.partner(provider)), verb)
    assert ours.content == theirs.content
    assert ours.usage_metadata == theirs.usage_metadata
    kept = {"finish_reason", "stop_reason", "stopReason", "model_provider", "service_tier"}
    for name in kept & theirs.response_metadata.keys():
        assert ours.response_metadata[name] == theirs.response_metadata[name]


class Tokens(BaseCallbackHandler):
    def __init__(self) -> None:
        self.text = ""

    def on_llm_new_token(self, token: Any, **kwargs: Any) -> None:
        self.text += (
            token if isinstance(token, str) else "".join(block.get("text", "") for block in token)
        )


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("provider", PARTNERS)
def test_a_call_is_one_run_and_its_tokens_count_once(
    stage: Stage, provider: str, verb: str
) -> None:
    usage, runs, tokens = UsageMetadataCallbackHandler(), RunCollectorCallbackHandler(), Tokens()
    sent = SentRuns()
    config = {"callbacks": [usage, runs, tokens, LangChainTracer(client=sent)]}
    answer = stage.call(stage.router(stage.partner(provider)), verb, config=config)
    assert [(run.run_type, run.child_runs) for run in runs.traced_runs] == [("llm", [])]
    assert [run["run_type"] for run in sent.created] == ["llm"]
    (counted,) = usage.usage_metadata.values()
    assert counted["total_tokens"] == answer.usage_metadata["total_tokens"]
    assert tokens.text in {"", answer.text}
    assert (tokens.text == answer.text) is ("stream" in verb)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("provider", PARTNERS)
def test_tools_are_bound_as_the_package_binds_them(stage: Stage, provider: str, verb: str) -> None:
    router = stage.router(stage.partner(provider)).bind_tools([get_weather], tool_choice="any")
    answer = stage.call(router, verb, "What is the weather in Paris?")
    (call,) = answer.tool_calls
    assert (call["name"], call["args"]) == ("get_weather", {"location": "Paris"})
    told = [
        HumanMessage("What is the weather in Paris?"),
        answer,
        ToolMessage("Sunny", tool_call_id=call["id"]),
    ]
    plain = stage.router(stage.partner(provider)).bind_tools([get_weather])
    assert stage.call(plain, verb, told).text == "The tools have answered: Sunny"


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("provider", PARTNERS)
def test_schemas_are_bound_as_the_package_binds_them(
    stage: Stage, provider: str, verb: str
) -> None:
    for method in ("json_schema", "function_calling"):
        router = stage.router(stage.partner(provider))
        structured = router.with_structured_output(Joke, method=method)
        joke = stage.call(structured, verb, "Tell me a joke about cats.")
        assert isinstance(joke, Joke)


@pytest.mark.parametrize("verb", ["invoke", "ainvoke"])
@pytest.mark.parametrize("provider", PARTNERS)
def test_an_agent_goes_on_after_a_failover_between_turns(
    stage: Stage, provider: str, verb: str
) -> None:
    router = stage.router(stage.partner(provider), stage.ours())
    agent = create_agent(model=router, tools=[get_weather])
    stage.emulator.script(provider, [None, Overloaded()])
    asked = {"messages": [("user", "What is the weather in Paris?")]}
    messages = stage.call(agent, verb, asked)["messages"]
    assert messages[-1].text == "The tools have answered: Sunny in Paris."
    providers = [m.response_metadata["scout"]["provider"] for m in messages if m.type == "ai"]
    assert providers == [provider, "groq"]


@pytest.mark.parametrize("provider", PARTNERS)
def test_an_agent_answers_in_a_form(stage: Stage, provider: str) -> None:
    router = stage.router(stage.partner(provider))
    agent = create_agent(model=router, tools=[get_weather], response_format=Joke)
    answer = agent.invoke({"messages": [("user", "Tell me a joke about cats.")]})
    assert isinstance(answer["structured_response"], Joke)


@pytest.mark.parametrize("receiver", PARTNERS)
@pytest.mark.parametrize("maker", PARTNERS)
def test_a_conversation_goes_from_any_maker_to_any_other(
    stage: Stage, maker: str, receiver: str
) -> None:
    question = "Think aloud, then call get_weather for Paris."
    first = stage.router(stage.partner(maker)).bind_tools([get_weather], tool_choice="any")
    answer = first.invoke(question)
    assert answer.tool_calls
    results = [ToolMessage("Sunny", tool_call_id=call["id"]) for call in answer.tool_calls]
    second = stage.router(stage.partner(receiver)).bind_tools([get_weather])
    assert second.invoke([HumanMessage(question), answer, *results]).text.endswith("Sunny")


SIGNED = AIMessage(
    content=[
        {"type": "thinking", "thinking": "Hm.", "signature": "c2lnbmVk"},
        {"type": "text", "text": "Yes."},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
    ],
    response_metadata={"model_provider": "anthropic"},
)


@pytest.mark.parametrize("receiver", [name for name in PARTNERS if name != "anthropic"])
def test_signed_blocks_of_one_maker_are_not_sent_to_another(stage: Stage, receiver: str) -> None:
    router = stage.router(stage.partner(receiver))
    answer = router.invoke([HumanMessage("Sure?"), SIGNED, HumanMessage("Really?")])
    sent = orjson.dumps(stage.emulator.log[-1].body).decode()
    assert "Yes." in sent
    assert not [word for word in ("Hm.", "c2lnbmVk", "web_search") if word in sent]
    changes = answer.response_metadata["scout"]["changes"]
    assert any("reasoning of another maker left out" in change for change in changes)


@pytest.mark.parametrize("provider", PARTNERS)
def test_its_client_sends_each_request_once(stage: Stage, provider: str) -> None:
    stage.emulator.script(provider, [Overloaded()] * 4)
    before = stage.partner(provider).max_retries
    router = stage.router(stage.partner(provider), stage.ours())
    for verb in VERBS:
        assert "groq" in stage.call(router, verb).text
    asked = [exchange.provider for exchange in stage.emulator.log]
    assert asked.count(provider) == 4
    assert stage.partner(provider).max_retries == before


@pytest.mark.parametrize("provider", PARTNERS)
def test_a_refused_key_is_named_without_being_shown(stage: Stage, provider: str) -> None:
    stage.emulator.script(provider, [Revoked()])
    router = stage.router(stage.partner(provider))
    with pytest.raises(Exception, match="auth_invalid") as caught:
        router.invoke("Hello")
    assert caught.value.model == MODELS[provider]
    shown = f"{caught.value!r} {caught.value} {caught.value.response.text}"
    assert KEYS[provider][-12:] not in shown


def test_signed_blocks_go_back_to_their_maker(stage: Stage) -> None:
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": sign("Hm.")}
    signed = SIGNED.model_copy(update={"content": [thinking, SIGNED.content[1]]})
    router = stage.router(stage.partner("anthropic"))
    router.invoke([HumanMessage("Sure?"), signed, HumanMessage("Really?")])
    assert sign("Hm.") in orjson.dumps(stage.emulator.log[-1].body).decode()


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("provider", PARTNERS)
def test_content_is_of_version_1_where_the_router_says_so(
    stage: Stage, provider: str, verb: str
) -> None:
    router = stage.router(stage.partner(provider), output_version="v1")
    bound = router.bind_tools([get_weather])
    answer = stage.call(bound, verb, "Think aloud: what is the weather in Paris?")
    assert answer.response_metadata["output_version"] == "v1"
    assert [block["type"] for block in answer.content] == ["text", "tool_call"]
    assert answer.content[1]["args"] == {"location": "Paris"}
    plain = stage.call(router, verb, "Hello").content
    assert [block["type"] for block in plain] == ["text"]


@pytest.mark.parametrize("provider", PARTNERS)
def test_events_of_version_3_have_the_whole_answer(stage: Stage, provider: str) -> None:
    bound = stage.router(stage.partner(provider)).bind_tools([get_weather])
    events = bound.stream_events("What is the weather in Paris?", version="v3")
    answer = events.output
    assert [call["args"] for call in answer.tool_calls] == [{"location": "Paris"}]


@pytest.mark.parametrize("verb", STREAMS)
@pytest.mark.parametrize("how", ["cut", "clean", "error"])
@pytest.mark.parametrize("provider", PARTNERS)
def test_a_stream_that_breaks_off_is_not_taken_for_an_answer(
    stage: Stage, provider: str, how: Any, verb: str
) -> None:
    broken = {"cut": CutMidStream, "clean": CutMidStream, "error": ErrorInBand}[how]
    options = {} if how == "error" else {"how": how}
    router = stage.router(stage.partner(provider), stage.ours())
    stage.emulator.script(provider, [broken(after=0, **options)])
    assert "groq" in stage.call(router, verb).text
    stage.emulator.script(provider, [broken(after=AFTER_CONTENT[provider], **options)])
    with pytest.raises(StreamInterrupted) as caught:
        stage.call(router, verb)
    assert caught.value.partial.text.startswith("This")
    assert [exchange.provider for exchange in stage.emulator.log] == [provider, "groq", provider]
