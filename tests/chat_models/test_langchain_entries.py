"""Chat models of other LangChain packages as entries of a router."""

from __future__ import annotations

import pickle
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from langchain_core.callbacks import UsageMetadataCallbackHandler
from langchain_core.language_models import FakeListChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.rate_limiters import InMemoryRateLimiter
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from scout_adapters import ScoutGroqChatModel, ScoutRouterChatModel
from scout_adapters.errors import (
    ConfigurationError,
    NoKeyError,
    NotSupported,
    UnknownProvider,
    UnsupportedContent,
)
from scout_adapters.testing import Emulator
from tests.support.verbs import VERBS, run_model
from tests.support.weather import get_weather

KEY = "sk-canary-0123456789abcdef"


class FailingModel(FakeListChatModel):
    """A model whose calls raise, after some chunks of a stream."""

    chunks: int = 0

    def _generate(self, *args: Any, **kwargs: Any) -> Any:
        raise ConnectionRefusedError(f"refused with {KEY}")

    def _stream(self, *args: Any, **kwargs: Any) -> Any:
        for number, chunk in enumerate(super()._stream(*args, **kwargs)):
            if number == self.chunks:
                raise ConnectionRefusedError("refused")
            yield chunk

    async def _astream(self, *args: Any, **kwargs: Any) -> Any:
        for chunk in self._stream(*args, **kwargs):
            yield chunk


def openai(**options: Any) -> ChatOpenAI:
    return ChatOpenAI(model="gpt-4o-mini", api_key=KEY, **options)


@pytest.mark.parametrize("verb", VERBS)
def test_a_fake_chat_model_of_langchain_answers(verb: str) -> None:
    router = ScoutRouterChatModel(models=[FakeListChatModel(responses=["Hello there"])])
    answer = run_model(router, verb)
    assert answer.text == "Hello there"
    assert answer.response_metadata["scout"]["attempts"][0]["wire"] == "FakeListChatModel"
    assert answer.response_metadata["scout"]["cost_usd"] is None


@pytest.mark.parametrize("verb", VERBS)
def test_the_next_candidate_answers_after_a_model_that_fails(verb: str) -> None:
    models = [FailingModel(responses=["no"]), FakeListChatModel(responses=["yes"])]
    answer = run_model(ScoutRouterChatModel(models=models, max_retries=0), verb)
    outcomes = [a["outcome"] for a in answer.response_metadata["scout"]["attempts"]]
    assert (answer.text, outcomes) == ("yes", ["connect", "ok"])


@pytest.mark.parametrize("verb", ["stream", "astream"])
def test_a_stream_that_breaks_after_content_is_interrupted(verb: str) -> None:
    models = [FailingModel(responses=["no"], chunks=1), FakeListChatModel(responses=["yes"])]
    with pytest.raises(Exception, match="stream_interrupted") as caught:
        run_model(ScoutRouterChatModel(models=models), verb)
    assert caught.value.partial.text == "n"


@pytest.mark.parametrize("verb", VERBS)
def test_each_call_is_one_run_and_each_token_is_reported_once(verb: str) -> None:
    usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
    metadata = {"model_name": "a-model"}
    message = AIMessage("Hello", usage_metadata=usage, response_metadata=metadata)
    inner = GenericFakeChatModel(messages=iter([message]), disable_streaming=True)
    handler = UsageMetadataCallbackHandler()
    run_model(ScoutRouterChatModel(models=[inner]), verb, config={"callbacks": [handler]})
    assert handler.usage_metadata == {"a-model": usage}


def test_a_dict_entry_has_options_of_its_own() -> None:
    with Emulator().serve() as base:
        inner = openai(base_url=f"{base}/openai/v1")
        entry = {"model": inner, "temperature": 0.25, "max_tokens": 7, "weight": 2, "seed": 3}
        router = ScoutRouterChatModel(models=[entry], temperature=1)
        router.invoke("Hello", top_p=0.5)
        (candidate,) = router._route().candidates
    assert candidate.weight == 2
    assert (inner.temperature, inner.max_tokens) == (None, None)


def test_options_of_a_call_an_entry_and_the_model_reach_the_body_in_this_order() -> None:
    emulator = Emulator()
    with emulator.serve() as base:
        inner = openai(base_url=f"{base}/openai/v1", temperature=0.1, seed=1)
        router = ScoutRouterChatModel(
            models=[{"model": inner, "top_p": 0.5, "max_tokens": 7}], temperature=1, max_tokens=9
        )
        router.invoke("Hello", stop=["x"], seed=2)
        body = emulator.log[0].body
    assert body["temperature"] == 0.1  # set on the model itself, so it wins over the router's
    assert (body["top_p"], body["max_completion_tokens"]) == (0.5, 7)
    assert (body["stop"], body["seed"]) == (["x"], 2)


def test_options_that_a_class_lacks_are_left_out_and_listed() -> None:
    router = ScoutRouterChatModel(models=[FakeListChatModel(responses=["x"])], temperature=0)
    scout = router.invoke("Hello").response_metadata["scout"]
    assert scout["changes"] == ["temperature left out: FakeListChatModel has no such option"]


def test_a_misspelt_option_is_refused() -> None:
    router = ScoutRouterChatModel(models=[openai()])
    with pytest.raises(ConfigurationError, match="top_p"):
        router.invoke("Hello", topp=1)


def test_a_model_without_tools_is_passed_over_for_one_that_has_them() -> None:
    emulator = Emulator()
    with emulator.serve() as base:
        models = [FakeListChatModel(responses=["x"]), openai(base_url=f"{base}/openai/v1")]
        router = ScoutRouterChatModel(models=models)
        answer = router.bind_tools([get_weather]).invoke("What is the weather in Paris?")
    assert answer.tool_calls[0]["args"] == {"location": "Paris"}
    attempts = answer.response_metadata["scout"]["attempts"]
    assert [a["outcome"] for a in attempts] == ["skipped", "ok"]
    assert "does not take it" in attempts[0]["reason"]


def test_a_route_without_tools_says_what_the_class_does_not_take() -> None:
    router = ScoutRouterChatModel(models=[FakeListChatModel(responses=["x"])])
    with pytest.raises(UnsupportedContent, match="FakeListChatModel: cannot send tools"):
        router.bind_tools([get_weather]).invoke("Hello")


class Joke(BaseModel):
    """A joke."""

    setup: str
    punchline: str


def test_structured_output_uses_tools_where_one_candidate_is_not_known_to_take_schemas() -> None:
    emulator = Emulator()
    with emulator.serve() as base:
        known = openai(base_url=f"{base}/openai/v1")
        unknown = ChatOpenAI(model="my-model", api_key=KEY, base_url=f"{base}/openai/v1")
        for models, by_schema in (([known], True), ([known, unknown], False)):
            router = ScoutRouterChatModel(models=models)
            joke = router.with_structured_output(Joke).invoke("Tell me a joke")
            assert isinstance(joke, Joke)
            assert ("response_format" in emulator.log[-1].body) is by_schema


def test_the_rate_limiter_of_the_model_is_acquired_for_each_attempt() -> None:
    class Counting(InMemoryRateLimiter):
        acquired = 0

        def acquire(self, *, blocking: bool = True) -> bool:
            self.acquired += 1
            return True

    limiter = Counting()
    inner = FailingModel(responses=["x"], rate_limiter=limiter)
    models = [inner, FakeListChatModel(responses=["y"])]
    ScoutRouterChatModel(models=models, max_retries=0).invoke("Hello")
    assert limiter.acquired == 1


def test_bound_arguments_reach_the_model_and_bound_tools_are_refused() -> None:
    emulator = Emulator()
    with emulator.serve() as base:
        inner = openai(base_url=f"{base}/openai/v1")
        ScoutRouterChatModel(models=[inner.bind(seed=5)]).invoke("Hello")
        assert emulator.log[0].body["seed"] == 5
    for bound in (inner.bind_tools([get_weather]), inner.with_config(tags=["a"])):
        with pytest.raises(ConfigurationError, match="pass the chat model itself") as caught:
            ScoutRouterChatModel(models=[bound])
        assert "\n" not in str(caught.value)


def test_a_router_within_a_router_and_what_is_no_model_are_refused() -> None:
    inner = ScoutRouterChatModel(models=[FakeListChatModel(responses=["x"])])
    for entry, why in (
        (inner, "list its models in the models= of this one"),
        ({"model": inner}, "list its models"),
        (inner | (lambda message: message), "a chat model of LangChain"),
        (7, "a chat model of LangChain"),
        ({"model": openai(), "api_key": "k"}, r"pass it to ChatOpenAI\(\.\.\.\)"),
        ({"model": openai(), "deadline": 3}, "pass it to the router"),
    ):
        with pytest.raises(ConfigurationError, match=why):
            ScoutRouterChatModel(models=[entry])


def test_a_chat_model_is_made_of_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    router = ScoutRouterChatModel(models=["langchain:openai:gpt-4o-mini", "groq/llama-3.1-8b"])
    assert router.candidates == ["openai/gpt-4o-mini", "groq/llama-3.1-8b"]
    copy = pickle.loads(pickle.dumps(router))
    assert copy.candidates == router.candidates
    assert copy._route().candidates[0].model == "gpt-4o-mini"


def test_a_named_chat_model_takes_a_key_and_an_address_of_its_entry() -> None:
    emulator = Emulator()
    with emulator.serve() as base:
        name, address = "langchain:openai:gpt-4o-mini", f"{base}/openai/v1"
        entry = {"model": name, "api_key": KEY, "base_url": address, "temperature": 0.5}
        router = ScoutRouterChatModel(models=[entry])
        router.invoke("Hello")
        assert (emulator.log[0].key, emulator.log[0].body["temperature"]) == (KEY, 0.5)
    with pytest.raises(NoKeyError):
        pickle.loads(pickle.dumps(router)).invoke("Hello")


@pytest.mark.parametrize(
    ("name", "error", "why"),
    [
        ("langchain:cohere:command-a", ConfigurationError, "pip install langchain-cohere"),
        ("cohere:command-a", ConfigurationError, "pip install langchain-cohere"),
        ("langchain:nobody:x", UnknownProvider, "LangChain has no provider 'nobody'"),
        ("langchain:openai", ConfigurationError, "langchain:provider:model"),
        ("langchain:openai:gpt-4o-mini", ConfigurationError, "Missing credentials"),
        ("nobody:x", UnknownProvider, "nobody"),
    ],
)
def test_a_name_that_makes_no_chat_model_says_why(
    name: str, error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why) as caught:
        ScoutRouterChatModel(models=[name])
    assert "\n" not in str(caught.value)


def test_without_langchain_a_name_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain.chat_models", None)
    with pytest.raises(ConfigurationError, match="pip install langchain"):
        ScoutRouterChatModel(models=["langchain:openai:gpt-4o-mini"])


def test_identities_differ_by_class_model_and_options_and_show_no_key() -> None:
    def identity(*models: Any) -> str:
        return str(ScoutRouterChatModel(models=list(models))._identifying_params)

    entries = (
        openai(),
        openai(temperature=0.5),
        ChatOpenAI(model="gpt-4o", api_key=KEY),
        {"model": openai(), "temperature": 0.5},
        openai().bind(seed=1),
        openai(base_url="http://127.0.0.1:1/v1"),
    )
    assert len({identity(entry) for entry in entries}) == len(entries)
    assert identity(openai()) == identity(openai())
    router = ScoutRouterChatModel(models=list(entries))
    for text in (repr(router), str(router), identity(*entries), str(router.model_dump())):
        assert KEY not in text


def test_pickles_hold_no_key_and_say_which_model_they_lack() -> None:
    with_key = pickle.dumps(ScoutRouterChatModel(models=[openai()]))
    assert KEY.encode() not in with_key
    with pytest.raises(NoKeyError, match="chat model openai/gpt-4o-mini"):
        pickle.loads(with_key).invoke("Hello")
    fake = ScoutRouterChatModel(models=[FakeListChatModel(responses=["x"])])
    assert pickle.loads(pickle.dumps(fake)).invoke("Hello").text == "x"


def test_errors_show_no_key_of_the_model() -> None:
    router = ScoutRouterChatModel(models=[FailingModel(responses=["x"])], max_retries=0)
    with ThreadPoolExecutor(1) as thread:  # the runner of tests may have an exception of its own
        error = thread.submit(router.invoke, "Hello").exception()
    assert error is not None
    assert "connect" in str(error)
    assert KEY not in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None


def test_explain_lists_the_chat_model_and_what_it_would_leave_out() -> None:
    models = [openai(), FakeListChatModel(responses=["x"]), "groq/openai/gpt-oss-120b"]
    rows = ScoutRouterChatModel(models=models, temperature=0).explain("Hello").rows
    assert [(row.provider, row.outcome, row.wire) for row in rows[:2]] == [
        ("openai", "chosen", "ChatOpenAI"),
        ("fakelistchatmodel", "next", "FakeListChatModel"),
    ]
    assert rows[0].cost_usd
    assert rows[1].cost_usd is None
    assert rows[1].changes == ("temperature left out: FakeListChatModel has no such option",)


def test_the_profile_of_a_route_is_what_its_models_have_in_common() -> None:
    profile = {"max_input_tokens": 1000, "tool_calling": True}
    models = [openai(), {"model": FakeListChatModel(responses=["x"]), "profile": profile}]
    common = ScoutRouterChatModel(models=models).profile
    assert common is not None
    assert (common["max_input_tokens"], common["tool_calling"]) == (1000, True)


def test_a_server_with_a_card_is_priced_as_its_provider() -> None:
    inner = ChatOpenAI(
        model="llama-3.1-8b-instant", api_key=KEY, base_url="https://api.groq.com/openai/v1"
    )
    router = ScoutRouterChatModel(models=[inner])
    assert router.candidates == ["groq/llama-3.1-8b-instant"]
    (row,) = router.explain("Hello").rows
    assert row.cost_usd


def test_scout_models_and_chat_models_of_others_share_a_route() -> None:
    ours = ScoutGroqChatModel(model="llama-3.1-8b", api_key="k")
    router = ScoutRouterChatModel(models=[ours, openai()])
    assert router.candidates == ["groq/llama-3.1-8b", "openai/gpt-4o-mini"]
    configurable = router.with_config(tags=["a"])
    assert configurable.bound is router
    assert router.model_copy(deep=False).candidates == router.candidates


def test_an_empty_conversation_is_refused_before_the_call() -> None:
    router = ScoutRouterChatModel(models=[openai()])
    with pytest.raises((UnsupportedContent, NotSupported)):
        router.invoke([])


def test_wrappers_of_a_chat_model_are_refused_with_what_to_do_instead() -> None:
    wrapped = {
        "the router fails over": openai().with_fallbacks([openai()]),
        r"without with_retry\(\), the router retries": openai().with_retry(),
    }
    for hint, model in wrapped.items():
        with pytest.raises(ConfigurationError, match=hint):
            ScoutRouterChatModel(models=[model])
