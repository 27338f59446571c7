"""Many at once, over and over, and around us: rows 69 to 75, 77, 79 and 80."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import ModelFallbackMiddleware, ModelRetryMiddleware
from pydantic import SecretStr

from scout_adapters import ScoutGroqChatModel
from scout_adapters.errors import CircuitOpenError, InvalidKey, InvalidRequest, ProviderUnavailable
from scout_adapters.llm.providers import ProviderClient, ProviderResult, registry
from scout_adapters.llm.transport.http_transport import Transport
from scout_adapters.testing import BadRequest, RateLimited, ServerError, Slow
from tests.support.verbs import call_model
from tests.support.waiting import HANG, timeout_when, until
from tests.system.faults.play import Case, Play, key_named
from tests.system.faults.witness import held_resources

Stage = Callable[..., Play]


def in_threads(work: Callable[[int], None], many: int) -> None:
    """Run `work` in so many threads at once; raises what one of them raised."""
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001  # handed over below
            errors.append(error)

    threads = [threading.Thread(target=run, args=[number]) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


@pytest.mark.fault(69)
def test_fifty_threads_of_twenty_loops_send_each_call_once(
    verb: str, play: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "httpcore")
    caplog.set_level("INFO", "scout_adapters")
    caplog.set_level("INFO", "asyncio")  # a line for each of a thousand loops
    stage = play(verb, base={"groq": ""}, network=Transport())
    texts = Counter[str]()
    with stage.emulator.serve():
        stage.serve_at({"groq": stage.emulator.url("groq")})

        def work(number: int) -> None:
            for turn in range(20):
                text = f"{number} {turn}"
                answer = asyncio.run(call_model(stage.model, verb, text))
                assert answer.text.endswith(f"You asked: {text}")
                texts[text] += 1

        in_threads(work, 50)
        asyncio.run(stage.clean())
    assert len(texts) == len(stage.emulator.log) == 1000
    sent = Counter(one.body["messages"][-1]["content"] for one in stage.emulator.log)
    assert set(sent.values()) == {1}


@pytest.mark.fault(70)
def test_one_model_works_in_loop_after_loop(verb: str, play: Stage) -> None:
    stage = play(verb, base={"groq": ""}, network=Transport())
    with stage.emulator.serve():
        stage.serve_at({"groq": stage.emulator.url("groq")})
        for turn in range(6):
            assert asyncio.run(call_model(stage.model, verb, "hi")).text
            assert len(stage.emulator.log) == turn + 1
        asyncio.run(stage.clean())


def functional(stage: Play) -> None:
    """Register a user's async function as a provider; it calls the emulator."""

    async def call(**options: Any) -> ProviderResult:
        headers = {"authorization": f"Bearer {options['api_key']}"}
        message = {"role": "user", "content": options["prompt"]}
        body = {"model": options["model"], "messages": [message]}
        async with httpx.AsyncClient(transport=stage.transport) as client:
            url = "https://api.groq.com/openai/v1/chat/completions"
            answer = await client.post(url, json=body, headers=headers)
        return ProviderResult(answer.json()["choices"][0]["message"]["content"])

    registry.register("mine", ProviderClient(name="mine", call=call, env_single_key_name="MINE"))


@pytest.mark.fault(71)
async def test_every_verb_works_inside_a_running_loop(
    verb: str, play: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in Jupyter: `invoke` of a user's async function has to find a loop of its own."""
    from scout_adapters import init_scout_model

    stage = play(verb)
    monkeypatch.setenv("MINE", key_named("groq:a"))
    functional(stage)
    model = init_scout_model("mine/m")
    assert "You asked: hi" in (await call_model(model, verb, "hi")).text
    inside = await asyncio.to_thread(lambda: asyncio.run(call_model(model, verb, "hi")))
    assert "You asked: hi" in inside.text
    assert (await stage.ask()).outcomes == ["groq:a ok"]
    assert len(stage.asked) == 3
    await stage.clean()


@pytest.mark.fault(73)
async def test_of_two_probes_one_is_let_through(verb: str, play: Stage) -> None:
    """The first is held at the emulator until the second has been turned away."""
    turned_away = threading.Event()
    stage = play(verb, options={"max_wait": 0.0}, emulator={"sleep": waiting_for(turned_away)})
    stage.emulator.asleep = awaiting(turned_away)
    await stage.ask()
    stage.circuit("groq").trip(stage.time.now)
    stage.time.go_by(30)
    stage.emulator.script("groq", [Slow(first=5)])
    probe = asyncio.create_task(in_a_thread(stage))
    await asyncio.to_thread(until, lambda: len(stage.emulator.log) == 2)
    await stage.ask()
    assert isinstance(stage.error, CircuitOpenError)
    assert len(stage.emulator.log) == 2
    turned_away.set()
    assert await probe
    await stage.clean()


def waiting_for(event: threading.Event) -> Callable[[float], None]:
    def sleep(seconds: float) -> None:
        assert event.wait(HANG)

    return sleep


def awaiting(event: threading.Event) -> Callable[[float], Any]:
    async def sleep(seconds: float) -> None:
        assert await asyncio.to_thread(event.wait, HANG)

    return sleep


async def in_a_thread(stage: Play) -> str:
    """Make a call beside this task: in a thread where the verb would block the loop."""
    if stage.verb in {"ainvoke", "astream"}:
        return (await call_model(stage.model, stage.verb, "hi")).text
    return await asyncio.to_thread(
        lambda: asyncio.run(call_model(stage.model, stage.verb, "hi")).text
    )


def interrupt(seconds: float) -> None:
    raise KeyboardInterrupt


async def for_ever(seconds: float) -> None:
    await asyncio.Event().wait()


@pytest.mark.fault(74)
async def test_after_a_cancelled_probe_the_next_is_let_through_at_once(
    verb: str, play: Stage
) -> None:
    stage = play(verb, emulator={"sleep": interrupt, "asleep": for_ever})
    await stage.ask()
    stage.circuit("groq").trip(stage.time.now)
    stage.time.go_by(30)
    stage.emulator.script("groq", [Slow(first=5)])
    with pytest.raises((KeyboardInterrupt, TimeoutError)):
        async with timeout_when(lambda: len(stage.asked) == 2):
            await call_model(stage.model, verb, "hi")
    await stage.clean()
    assert (await stage.ask(max_wait=0)).outcomes == ["groq:a ok"]
    assert len(stage.asked) == 3
    await stage.clean()


@pytest.mark.fault(75)
@pytest.mark.parametrize("late", [None, ServerError()], ids=["success", "failure"])
async def test_what_began_before_the_circuit_opened_is_ignored(
    verb: str, late: Any, play: Stage
) -> None:
    """While the first call is under way, five others fail: its own end changes nothing."""
    stage = play(verb, options={"max_retries": 0})
    at: list[float | None] = []

    def open_circuit() -> None:
        stage.time.go_by(1)
        stage.circuit("groq").trip(stage.time.now)
        at.append(stage.circuit("groq").open_until)

    async def aopen_circuit(seconds: float) -> None:
        open_circuit()

    stage.emulator.sleep = lambda seconds: open_circuit()
    stage.emulator.asleep = aopen_circuit
    stage.emulator.script("groq", [Slow(first=1) if late is None else SlowFailure()])
    await stage.ask()
    assert (stage.error is None) == (late is None)
    assert [stage.circuit("groq").open_until] == at
    assert isinstance((await stage.ask()).error, CircuitOpenError)
    assert len(stage.asked) == 1
    await stage.clean()


class SlowFailure(ServerError):
    """A server error that takes its time."""

    def play(self, context: Any) -> Any:
        from dataclasses import replace

        return replace(ServerError.play(self, context), first=1.0)


@pytest.mark.fault(77)
async def test_keys_are_those_of_this_moment_and_each_once(verb: str, play: Stage) -> None:
    stage = play(verb)
    first, second = key_named("groq:a"), key_named("groq:b")
    stage.emulator.keys["groq"] = {first: None, second: None}
    model = ScoutGroqChatModel(
        model="openai/gpt-oss-120b",
        api_keys=[f" {first}\n", first, "", "  ", f"{first}\n{first}"],
        transport=stage.transport,
        clock=stage.time.clock,
    )
    stage.model = model  # type: ignore[assignment]  # the chat model of one provider
    assert (await stage.ask()).error is None
    assert [state.key for state in model.client.keys] == [first]
    model.api_keys = [SecretStr(second)]
    assert (await stage.ask()).error is None
    model.api_keys = [SecretStr(first), SecretStr(second)]
    assert (await stage.ask()).error is None
    assert [one.key for one in stage.emulator.log] == [first, second, first]
    with pytest.raises(InvalidKey) as caught:
        await call_model(
            model.model_copy(update={"api_keys": [SecretStr(f"{first}\rx")]}), verb, "hi"
        )
    assert first not in str(caught.value)
    await stage.clean()


@pytest.mark.fault(77)
async def test_ten_thousand_keys_share_the_load(verb: str, play: Stage) -> None:
    stage = play(verb)
    keys = [f"{key_named('groq:many')}{number}" for number in range(10_000)]
    stage.emulator.keys["groq"] = dict.fromkeys(keys)
    stage.emulator.script("groq", [RateLimited(100, "retry-after")] * 20)
    stage.model = ScoutGroqChatModel(  # type: ignore[assignment]  # the chat model of one provider
        model="m", api_keys=keys, transport=stage.transport, clock=stage.time.clock
    )
    await stage.ask()
    assert stage.error is None
    assert len({one.key for one in stage.emulator.log}) == 21
    assert held_resources() == []


@pytest.mark.fault(79)
async def test_a_dead_provider_gets_no_more_than_half_again_of_the_calls(
    verb: str, play: Stage
) -> None:
    stage = play(verb, case=Case(always={"groq:a": ServerError()}), options={"max_wait": 5})
    await stage.ask()
    stage.circuit("groq").threshold = 10**9
    for _ in range(199):
        assert isinstance((await stage.ask()).error, ProviderUnavailable)
    assert 200 < len(stage.asked) <= 1.5 * 200 + 10
    assert len(stage.time.slept) == len(stage.asked) - 200
    await stage.clean()


@pytest.mark.fault(79)
async def test_a_thousand_calls_of_a_dead_provider_end_at_the_open_circuit(
    verb: str, play: Stage
) -> None:
    stage = play(verb, case=Case(always={"groq:a": ServerError()}), options={"max_wait": 5})
    for _ in range(1000):
        assert (await stage.ask()).error is not None
    assert len(stage.asked) == 5
    assert sum(stage.time.slept) < 10
    await stage.clean()


async def ran(agent: Any, verb: str) -> BaseException | None:
    """Run an agent in the manner of a verb; return the error that it ended with."""
    question = {"messages": [("user", "hi")]}
    try:
        match verb:
            case "invoke":
                agent.invoke(question)
            case "ainvoke":
                await agent.ainvoke(question)
            case "stream":
                list(agent.stream(question, stream_mode="messages"))
            case _:
                assert [one async for one in agent.astream(question, stream_mode="messages")]
    except Exception as error:  # noqa: BLE001  # the test looks at it
        return error
    return None


@pytest.mark.fault(80)
async def test_retry_middleware_does_not_multiply_our_attempts(verb: str, play: Stage) -> None:
    for fault, many in ((ServerError(), 3), (BadRequest("no"), 1)):
        stage = play(verb, case=Case(always={"groq:a": fault}))
        retry = ModelRetryMiddleware(
            max_retries=2, initial_delay=0, jitter=False, on_failure="error"
        )
        agent = create_agent(model=stage.model, middleware=[retry])
        expected = ProviderUnavailable if many == 3 else InvalidRequest
        assert isinstance(await ran(agent, verb), expected)
        assert len(stage.asked) == many
        await stage.clean()


@pytest.mark.fault(80)
async def test_fallbacks_ask_each_model_once_round(verb: str, play: Stage) -> None:
    one = play(verb, case=Case(always={"groq:a": BadRequest("no")}))
    two = play(verb, case=Case(route=("openai:a",)))
    agent = create_agent(model=one.model, middleware=[ModelFallbackMiddleware(two.model)])
    assert await ran(agent, verb) is None
    assert (one.asked, two.asked) == (["groq:a"], ["openai:a"])
    chain = one.model.with_fallbacks([two.model])
    assert (await call_model(chain, verb, "hi")).text
    assert (one.asked, two.asked) == (["groq:a"] * 2, ["openai:a"] * 2)
    await one.clean()


@pytest.mark.fault(80)
async def test_with_retry_ends_at_the_open_circuit(verb: str, play: Stage) -> None:
    """The middleware repeats every failed call, but no stream, and ignores `is_retryable`."""
    stage = play(verb, case=Case(always={"groq:a": ServerError()}), options={"max_wait": 5})
    chain = stage.model.with_retry(stop_after_attempt=5, wait_exponential_jitter=False)
    with pytest.raises(ProviderUnavailable if stage.streams else CircuitOpenError):
        await call_model(chain, verb, "hi")
    assert len(stage.asked) == (3 if stage.streams else 5)
    await stage.clean()
