"""Keys that come from a file, a variable or a function."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from pydantic import SecretStr

from scout_adapters._internal.clock import Clock
from scout_adapters.auth import Token
from scout_adapters.errors import ConfigurationError, KeyRejected
from scout_adapters.llm.health.key_source import key_source
from tests.auth.vaults import Vault
from tests.support.clock import FakeTime
from tests.support.fake_http import GROQ, FakeAnswers, FakeProviders
from tests.support.waiting import HANG

Make = Callable[..., Any]


def refuse(wire: FakeAnswers) -> Any:
    return wire.refuse(401, "Invalid API Key", code="invalid_api_key")


@pytest.mark.usefixtures("answers")
async def test_a_function_is_called_at_the_first_attempt_and_not_again(
    groq: Make, providers: FakeProviders, ask: Any
) -> None:
    vault = Vault("gsk_from_the_vault")
    model = groq(api_key=vault, api_keys=None)
    model.explain("hi")
    assert vault.calls == 0, "neither construction nor explain() calls it"
    await ask(model)
    await ask(model)
    assert providers.keys == ["gsk_from_the_vault"] * 2
    assert vault.calls == 1


@pytest.mark.usefixtures("answers")
async def test_an_async_function_gives_the_key_in_every_verb(
    groq: Make, providers: FakeProviders, ask: Any
) -> None:
    loops = []

    async def vault() -> SecretStr:
        loops.append(asyncio.get_running_loop())
        return SecretStr("gsk_async")

    await ask(groq(api_key=vault, api_keys=None))
    assert providers.keys == ["gsk_async"]
    is_own = loops == [asyncio.get_running_loop()]
    assert is_own == ask.verb.startswith("a"), "on the loop of the call, if it has one"


@pytest.mark.usefixtures("answers")
async def test_a_blocking_function_does_not_block_the_loop(groq: Make) -> None:
    threads = []

    def vault() -> str:
        threads.append(threading.current_thread())
        return "gsk_x"

    await groq(api_key=vault, api_keys=None).ainvoke("hi")
    assert threads != [threading.main_thread()]


@pytest.mark.usefixtures("answers")
async def test_a_variable_is_read_at_use(
    groq: Make, providers: FakeProviders, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = groq(api_key="env:K", api_keys=None)
    monkeypatch.setenv("K", "gsk_first")
    await ask(model)
    monkeypatch.setenv("K", " 'gsk_second' ")
    await ask(model)
    assert providers.keys == ["gsk_first", "gsk_second"]


@pytest.mark.usefixtures("answers")
async def test_a_file_is_read_again_when_it_has_changed(
    groq: Make, providers: FakeProviders, time: FakeTime, tmp_path: Path
) -> None:
    path = tmp_path / "groq"
    path.write_text("gsk_first\n")
    model = groq(api_key=f"file:{path}", api_keys=None)
    await model.ainvoke("hi")
    path.write_text("gsk_second\r\n", encoding="utf-8-sig")  # as Windows writes it
    time.go_by(1.1)
    await model.ainvoke("hi")
    assert providers.keys == ["gsk_first", "gsk_second"]


@pytest.mark.usefixtures("answers")
def test_a_swapped_symlink_counts_as_a_change(
    groq: Make, providers: FakeProviders, time: FakeTime, tmp_path: Path
) -> None:
    # As Kubernetes does: key -> ..data/key, ..data -> a folder of this version.
    for name in ("v1", "v2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "key").write_text(f"gsk_of_{name}")
        os.utime(tmp_path / name / "key", (1, 1))
    (tmp_path / "..data").symlink_to("v1")
    (tmp_path / "key").symlink_to("..data/key")
    model = groq(api_key=f"file:{tmp_path / 'key'}", api_keys=None)
    model.invoke("hi")
    (tmp_path / "next").symlink_to("v2")
    (tmp_path / "next").rename(tmp_path / "..data")
    time.go_by(1.1)
    model.invoke("hi")
    assert providers.keys == ["gsk_of_v1", "gsk_of_v2"]


@pytest.mark.usefixtures("answers")
async def test_a_token_is_replaced_shortly_before_it_expires(
    groq: Make, time: FakeTime, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: time.now)
    vault = Vault(*(Token(f"token-{n}", 1000.0 + n * 100) for n in (1, 2, 3)))
    model = groq(api_key=vault, api_keys=None)
    for now, calls in ((1000, 1), (1089, 1), (1090, 2), (1190 - 12, 2), (1190, 3)):
        time.now = float(now)
        await ask(model)
        assert vault.calls == calls, now


@pytest.mark.usefixtures("answers")
def test_two_hundred_concurrent_calls_ask_once_per_life_of_a_token(
    groq: Make, providers: FakeProviders, time: FakeTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: time.now)
    calls = Counter[float]()
    release = threading.Event()

    def vault() -> Token:
        calls[time.now] += 1
        release.wait(HANG)
        return Token(f"token-of-{time.now:g}", time.now + 2)

    # Calls that wait for each other's first answers poll, but the clock stands still.
    still = Clock(lambda: time.now, lambda _: sleep(0.001), lambda _: asyncio.sleep(0.001))
    model = groq(api_key=vault, api_keys=None, clock=still)

    async def crowd() -> list[Any]:
        return await asyncio.gather(*(model.ainvoke("hi") for _ in range(50)))

    with ThreadPoolExecutor(104) as threads:
        for life in range(3):
            time.go_by(2)
            release.clear()
            sync = [threads.submit(model.invoke, "hi") for _ in range(100)]
            loops = [threads.submit(asyncio.run, crowd()) for _ in range(2)]
            release.set()
            answers = [future.result().text for future in sync]
            answers += [answer.text for future in loops for answer in future.result()]
            assert answers == ["from groq"] * 200
            assert set(providers.keys[life * 200 :]) == {f"token-of-{time.now:g}"}
    assert calls == {1002.0: 1, 1004.0: 1, 1006.0: 1}


async def test_a_revoked_secret_is_read_again_before_its_key_is_condemned(
    groq: Make, providers: FakeProviders, wire: FakeAnswers, ask: Any
) -> None:
    providers.on_key("gsk_old", refuse(wire))
    providers.on(GROQ, wire.say())
    vault = Vault("gsk_old", "gsk_new")
    model = groq(api_keys=[vault, "gsk_other"])
    message = await ask(model)
    assert providers.keys == ["gsk_old", "gsk_new"]
    (state, other) = model.client.keys
    assert (state.failures, state.permanently_failed, other.last_used) == (0, False, 0.0)
    rows = message.response_metadata["scout"]["attempts"]
    assert [(row["outcome"], row["key_id"]) for row in rows] == [
        ("auth_invalid", state.id),
        ("ok", state.id),
    ]


async def test_a_source_that_returns_the_refused_secret_again_is_out_of_rotation(
    groq: Make, providers: FakeProviders, wire: FakeAnswers, time: FakeTime, ask: Any
) -> None:
    providers.on_key("gsk_old", refuse(wire))
    vault = Vault("gsk_old")
    model = groq(api_key=vault, api_keys=None)
    with pytest.raises(KeyRejected, match="Invalid API Key"):
        await ask(model)
    assert (providers.keys, vault.calls) == (["gsk_old"], 2)
    assert model.client.keys[0].permanently_failed
    time.go_by(61)
    with pytest.raises(KeyRejected, match="still returns the secret"):
        await ask(model)
    assert providers.keys == ["gsk_old"], "the refused secret is not sent again"
    vault.secrets = ["gsk_new"]
    time.go_by(61)
    providers.on(GROQ, wire.say("welcome back"))
    assert (await ask(model)).text == "welcome back"
    assert not model.client.keys[0].permanently_failed


def test_a_secret_replaced_in_its_file_under_load_loses_no_call(
    groq: Make, providers: FakeProviders, wire: FakeAnswers, tmp_path: Path
) -> None:
    path = tmp_path / "key"
    path.write_text("gsk_0")
    valid, accepted = {"gsk_0"}, Counter[str]()

    def judge(request: Any) -> Any:
        key = request.headers["authorization"].removeprefix("Bearer ")
        accepted[key] += key in valid
        return wire.say()(request) if key in valid else refuse(wire)(request)

    providers.on(GROQ, judge)
    model = groq(api_key=f"file:{path}", api_keys=None)

    def rotate() -> None:
        for number in range(1, 6):
            fresh = tmp_path / "fresh"
            fresh.write_text(f"gsk_{number}")
            valid.add(f"gsk_{number}")  # a key works before it is in the file
            fresh.rename(path)
            valid.discard(f"gsk_{number - 1}")
            while accepted[f"gsk_{number}"] < 20:
                answers.append(model.invoke("hi"))

    async def load() -> list[Any]:
        return [await model.ainvoke("hi") for _ in range(100)]

    answers: list[Any] = []
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(model.invoke, "hi") for _ in range(200)]
        loops = [threads.submit(asyncio.run, load()) for _ in range(2)]
        rotate()
        answers += [future.result() for future in calls]
        answers += [answer for future in loops for answer in future.result()]
    assert {answer.text for answer in answers} == {"hello"}
    assert len(answers) >= 400


async def test_a_cancelled_call_does_not_end_the_reading_for_others(
    groq: Make, providers: FakeProviders, wire: FakeAnswers
) -> None:
    providers.on(GROQ, wire.say())
    begun, release = threading.Event(), threading.Event()

    def vault() -> str:
        begun.set()
        release.wait(HANG)
        return "gsk_x"

    model = groq(api_key=vault, api_keys=None)
    first = asyncio.create_task(model.ainvoke("hi"))
    await asyncio.to_thread(begun.wait, HANG)
    second = asyncio.create_task(model.ainvoke("hi"))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    release.set()
    assert (await second).text == "hello"
    assert model.client.keys[0].in_flight == 0


@pytest.mark.usefixtures("answers")
def test_a_loop_that_ends_while_it_reads_leaves_others_to_read_again(groq: Make) -> None:
    begun = threading.Event()
    calls = []

    async def vault() -> str:
        calls.append(1)
        begun.set()
        if len(calls) == 1:
            await asyncio.Event().wait()
        return "gsk_x"

    model = groq(api_key=vault, api_keys=None)

    async def cancelled() -> None:
        task = asyncio.create_task(model.ainvoke("hi"))
        await asyncio.to_thread(begun.wait, HANG)
        task.cancel()

    with ThreadPoolExecutor(1) as thread:
        first = thread.submit(asyncio.run, cancelled())
        begun.wait(HANG)
        assert model.invoke("hi").text == "from groq"
        first.result()
    assert len(calls) == 2


@pytest.mark.usefixtures("answers")
async def test_a_synchronous_call_on_the_loop_that_reads_does_not_wait_for_it(groq: Make) -> None:
    begun, gate = asyncio.Event(), asyncio.Event()

    async def vault() -> str:
        if asyncio.get_running_loop() is loop:
            begun.set()
            await gate.wait()
        return "gsk_x"

    loop = asyncio.get_running_loop()
    model = groq(api_key=vault, api_keys=None)
    waiting = asyncio.create_task(model.ainvoke("hi"))
    await asyncio.wait_for(begun.wait(), HANG)
    assert model.invoke("hi").text == "from groq"  # noqa: ASYNC210, RUF100  # that is the point
    gate.set()
    assert (await waiting).text == "from groq"


def test_sources_of_equal_names_are_told_apart() -> None:
    first, second = key_source(lambda: "a"), key_source(lambda: "b")
    assert (first.label, second.label) == ("<lambda>", "<lambda> #2")
    assert first.id != second.id
    vault = Vault("x")
    assert key_source(vault) is key_source(vault)


def test_neither_the_model_nor_its_keys_show_a_secret(
    groq: Make, providers: FakeProviders, wire: FakeAnswers
) -> None:
    providers.on(GROQ, wire.refuse(400, "your key gsk_t0ps3cret_of_vault is odd"))
    model = groq(api_key=Vault("gsk_t0ps3cret_of_vault"), api_keys=None)
    with pytest.raises(Exception, match="is odd") as raised:
        model.invoke("hi")
    state = model.client.keys[0]
    texts = f"{raised.value} {model!r} {state!r} {state.source!r} {raised.value.attempts}"
    assert "t0ps3cret" not in texts
    assert state.id in str(raised.value)


def test_what_is_no_key_is_refused_by_name(groq: Make) -> None:
    with pytest.raises((ConfigurationError, ValueError), match=r"int|string"):
        groq(api_keys=[5]).invoke("hi")
