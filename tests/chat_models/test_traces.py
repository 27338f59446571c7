"""LangSmith's tracer has the provider, the cost and every attempt; never a key."""

from __future__ import annotations

import contextlib
import json
import traceback
import warnings
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.tracers import LangChainTracer
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler

from scout_adapters.errors import ScoutError
from scout_adapters.testing import (
    BadRequest,
    CutMidStream,
    OutOfCredit,
    Overloaded,
    RateLimited,
    Revoked,
    Suspended,
)
from tests.chat_models.models import build, entry
from tests.chat_models.request_parts import JOKE, Joke, fail, providers_of
from tests.support.sent_runs import SentRuns
from tests.support.verbs import VERBS, call_model
from tests.support.weather import get_weather

CANARY = "CANARY"


class TracedRuns(SentRuns):
    """The runs to be sent, as text and by their metadata."""

    @property
    def text(self) -> str:
        return json.dumps(self.sent, default=repr)

    @property
    def metadata(self) -> dict[str, Any]:
        """The last metadata of the run of the model call."""
        values = [
            run["extra"]["metadata"] for run in self.sent if "ls_provider" in str(run["extra"])
        ]
        metadata: dict[str, Any] = values[-1]
        return metadata


@pytest.fixture
def client() -> TracedRuns:
    return TracedRuns()


@pytest.fixture
def config(client: TracedRuns) -> dict[str, Any]:
    """A configuration whose calls are traced."""
    return {"callbacks": [LangChainTracer(client=client, project_name="test")]}  # type: ignore[arg-type]  # stands for LangSmith's


PATHS = (*VERBS, "invoke(stream=True)", "events v2", "events v3", "batch")


async def call(path: str, model: Any, config: Any) -> None:
    match path:
        case "invoke(stream=True)":
            model.invoke("Hello", config, stream=True)
        case "events v2":
            _ = [event async for event in model.astream_events("Hello", config, version="v2")]
        case "events v3":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _ = model.stream_events("Hello", config, version="v3").output
        case "batch":
            model.batch(["Hello"], config)
        case _:
            await call_model(model, path, "Hello", config)


@pytest.mark.parametrize("path", PATHS)
async def test_a_run_has_the_provider_that_answered_and_the_cost(
    path, name, model, emulator, client, config
) -> None:
    """The route's first two candidates fail: the third is named, on the one run of the call."""
    for provider in providers_of(name)[:-1]:
        emulator.script(provider, [Revoked()])
    await call(path, model, config)
    metadata, last = client.metadata, emulator.log[-1]
    gateway = metadata["ls_gateway_info"]
    assert metadata["ls_model_name"] == gateway["model"] == last.model
    assert metadata["ls_provider"] == gateway["provider"]
    assert gateway["provider"] in {last.provider, "google_genai"}
    assert [row["outcome"] for row in gateway["attempts"]][-1] == "ok"
    requests = [row for row in gateway["attempts"] if row["outcome"] != "skipped"]
    assert [row["provider"] for row in requests] == list(providers_of(name))
    assert "cost_usd" in gateway
    assert len({str(run["id"]) for run in client.sent if "id" in run}) == 1


@pytest.mark.parametrize("path", PATHS)
async def test_a_failed_run_names_the_called_provider(
    path, name, make, emulator, client, config
) -> None:
    fail(emulator, name, Overloaded(), times=9)
    with pytest.raises(ScoutError) as caught:
        await call(path, make(max_retries=0), config)
    metadata, last = client.metadata, emulator.log[-1]
    gateway = metadata["ls_gateway_info"]
    assert metadata["ls_model_name"] == last.model
    assert [row["outcome"] for row in gateway["attempts"]] == [
        row["outcome"] for row in caught.value.attempts
    ]
    assert {row["provider"] for row in gateway["attempts"]} == set(providers_of(name))
    assert gateway["model"] == last.model
    json.dumps(gateway)


async def test_a_run_without_a_usable_candidate_lists_its_skipped_attempts(
    name, make, emulator, client, config
) -> None:
    fail(emulator, name, Revoked(), times=9)
    model = make(max_retries=0)
    for _ in range(2):  # the second time no key is left to try
        with pytest.raises(ScoutError):
            await model.ainvoke("Hello", config)
    attempts = client.metadata["ls_gateway_info"]["attempts"]
    assert {row["outcome"] for row in attempts} == {"skipped"}


@pytest.mark.parametrize("path", ["stream", "astream", "invoke(stream=True)", "events v3"])
async def test_a_broken_streams_run_holds_its_part_and_its_attempts(
    path, name, model, emulator, client, config
) -> None:
    # Gemini streams many words at a time.
    fail(emulator, name, CutMidStream(after=1 if name == "google" else 9), times=9)
    with pytest.raises(ScoutError):
        await call(path, model, config)
    gateway = client.metadata["ls_gateway_info"]
    assert gateway["attempts"][-1]["outcome"] == "stream_interrupted"
    assert gateway["provider"] in {providers_of(name)[0], "google_genai"}


SECRET_PLACES = ("api_key", "api_keys", "default_headers")
FAULTS = {
    "answered": None,
    "revoked": Revoked(),
    "suspended": Suspended(),
    "limited": RateLimited(seconds=9000),
    "out of credit": OutOfCredit(),
    "wrong": BadRequest(),
    "overloaded": Overloaded(),
}


def secretive(name: str, emulator: Any, place: str) -> Any:
    """Make a model whose every key and header is a canary."""
    secrets: dict[str, Any] = {
        "api_key": {"api_key": f"sk-{CANARY}-one-{name}-0123456789"},
        "api_keys": {"api_key": None, "api_keys": [f"gsk_{CANARY}0123456789abcdef"]},
        "default_headers": {"default_headers": {"x-secret": f"sk-{CANARY}-header-9876543210"}},
    }[place]
    if name != "router":
        return build(name, emulator, max_retries=0, max_wait=0, **secrets)
    models = [
        {key: value for key, value in {**entry(p, emulator), **secrets}.items() if value}
        for p in providers_of(name)
    ]
    return build(name, emulator, models=models, max_retries=0, max_wait=0)


class Everything(BaseCallbackHandler):
    """Records all callbacks with their arguments, like a log of the user's own."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("on_"):
            calls = object.__getattribute__(self, "calls")
            return lambda *args, **kwargs: calls.append(repr((name, args, kwargs)))
        return object.__getattribute__(self, name)


@pytest.mark.parametrize("place", SECRET_PLACES)
@pytest.mark.parametrize("fault", FAULTS)
async def test_no_key_is_in_any_trace(fault, place, name, emulator, client, config) -> None:
    everything, collected = Everything(), RunCollectorCallbackHandler()
    config["callbacks"] += [everything, collected]
    shown: list[str] = []
    for verb in VERBS:
        model = secretive(name, emulator, place)
        fail(emulator, name, FAULTS[fault])
        try:
            await call_model(model, verb, "Hello", config)
        except ScoutError as error:
            shown.append("".join(traceback.format_exception(error)))
            shown.append(repr(error.__dict__))
    assert everything.calls
    shown += [client.text, *everything.calls]
    shown += [run.model_dump_json(fallback=repr) for run in collected.traced_runs]
    assert len(client.sent) >= 2 * len(VERBS)
    if place == "default_headers":
        assert CANARY in str(emulator.log[0].headers)
    else:
        assert CANARY in emulator.log[0].key
    assert CANARY not in "".join(shown)


@pytest.mark.parametrize("place", SECRET_PLACES)
async def test_no_key_is_in_the_trace_of_a_chain_or_an_agent(
    place, name, emulator, client, config
) -> None:
    model = secretive(name, emulator, place)
    agent = create_agent(model, [get_weather])
    await agent.ainvoke({"messages": [("user", "What is the weather in Paris?")]}, config)
    model.with_structured_output(Joke, include_raw=True).invoke(JOKE, config)
    spare = model.with_fallbacks([secretive(name, emulator, "api_key")])
    spare.invoke("Hello", config)
    loose = model.with_retry().with_config(tags=["t"])
    loose.invoke("Hello", config)
    assert CANARY not in client.text


async def test_no_key_is_in_the_events_of_a_stream(name, emulator) -> None:
    model = secretive(name, emulator, "api_key")
    answered = [event async for event in model.astream_events("Hello", version="v2")]
    fail(emulator, name, Suspended())
    refused: list[Any] = []
    with contextlib.suppress(ScoutError):
        refused.extend([event async for event in model.astream_events("Hello", version="v2")])
    assert answered
    assert emulator.log[-1].fault == "Suspended"
    assert CANARY not in repr(answered + refused)


async def test_a_run_shows_the_options_of_the_model(name, make, client, config) -> None:
    model = make(temperature=0.25, max_tokens=50, stop=["END"])
    await model.ainvoke("Hello", config)
    metadata = client.metadata
    assert (metadata["ls_temperature"], metadata["ls_max_tokens"]) == (0.25, 50)
    assert metadata["ls_stop"] == ["END"]
    params = client.sent[0]["extra"]["invocation_params"]
    assert params["stop"] == ["END"]
    assert params["temperature"] == 0.25
