"""Sources of keys that fail: their names in errors, and what is used instead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import pytest

from scout_adapters.auth import Token
from scout_adapters.errors import KeySourceError, NoWorkingKey
from tests.auth.vaults import Vault
from tests.support.clock import FakeTime
from tests.support.fake_http import FakeProviders

Make = Callable[..., Any]

BAD = {
    "raises": (TimeoutError("vault.example: no answer"), "raised TimeoutError: vault.example"),
    "nothing": (None, "returned nothing"),
    "empty": ("", "returned nothing"),
    "expired": (Token("t0ps3cret-token", 1.0), "returned a token that expired"),
    "unknown": ({"key": "t0ps3cret"}, "returned a dict; return a string"),
    "a blank": ("t0ps3cret with blank", "returned a key that contains a blank"),
    "exit": (SystemExit(3), "raised SystemExit"),
    "a list": ("t0ps3cret-a,t0ps3cret-b", "returned a key that is a list; pass a source for each"),
    "semicolons": ("t0ps3cret-a;t0ps3cret-b", "returned a key that is a list"),
    "a variable": ("env:T0PS3CRET", "returned a key that is a reference itself"),
    "a file": ("file:/run/t0ps3cret", "returned a key that is a reference itself"),
    "LiteLLM's": ("os.environ/HOME", "returned a key that is a reference itself"),
    "a line": ("GROQ_API_KEY=t0ps3cret", "returned a key that is a line of a .env file"),
}


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize("case", BAD)
async def test_a_source_without_a_key_hands_over_to_the_next_candidate(
    router: Make, time: FakeTime, ask: Any, case: str
) -> None:
    value, reason = BAD[case]
    vault = Vault(value)
    model = router({"model": "groq/m", "api_keys": [vault]}, "openai/gpt-4o-mini", max_retries=0)
    for _ in range(5):
        assert (await ask(model)).text == "from openai"
    assert vault.calls == 1, "a source that fails is not called for every request"
    time.go_by(1.1)
    message = await ask(model)
    assert vault.calls == 2
    row = message.response_metadata["scout"]["attempts"][0]
    assert (row["provider"], row["outcome"], row["billed"]) == ("groq", "key_source", "no")
    assert reason in row["reason"]
    assert "Vault" in row["reason"], "the source is named"
    assert "t0ps3cret" not in str(row)


async def test_an_error_of_the_only_source_names_it_and_who_must_act(
    groq: Make, tmp_path: Path, ask: Any
) -> None:
    model = groq(api_key=f"file:{tmp_path}/gone", api_keys=None, max_retries=0)
    with pytest.raises(KeySourceError) as raised:
        await ask(model)
    text = str(raised.value)
    assert f"the key source file:{tmp_path}/gone raised FileNotFoundError" in text
    assert "repair the file, variable or function that the key comes from" in text
    assert raised.value.policy.actor == "key"


@pytest.mark.parametrize("origin", ["file:/run/secrets/gone", "env:NOT_SET", Vault(OSError("x"))])
async def test_a_source_that_rests_is_named_with_who_must_act(
    groq: Make, ask: Any, origin: Any
) -> None:
    model = groq(api_key=origin, api_keys=None, max_retries=0, max_wait=0)
    name = origin if isinstance(origin, str) else "Vault"
    with pytest.raises(KeySourceError, match=name):
        await ask(model)
    with pytest.raises(NoWorkingKey, match=rf"the key source {name} .*repair the file") as raised:
        await ask(model)
    (row,) = raised.value.attempts
    assert f"the key source {name}" in row["reason"]
    assert f"the key rests: the key source {name}" in str(model.explain("hi"))


@pytest.mark.usefixtures("answers")
async def test_the_next_key_is_used_while_a_source_fails(
    groq: Make, providers: FakeProviders, ask: Any
) -> None:
    await ask(groq(api_keys=[Vault(ValueError("no")), "gsk_plain"]))
    assert providers.keys == ["gsk_plain"]


@pytest.mark.usefixtures("answers")
async def test_a_call_waits_for_its_only_source_to_recover(
    groq: Make, time: FakeTime, ask: Any
) -> None:
    model = groq(api_key=Vault(OSError("sealed"), "gsk_x"), api_keys=None)
    assert (await ask(model)).text == "from groq"
    assert time.slept == [1.0]


@pytest.mark.usefixtures("answers")
async def test_an_old_token_serves_while_its_source_fails_before_the_expiry(
    groq: Make, time: FakeTime, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: time.now)
    vault = Vault(Token("tok-1", time.now + 100), OSError("sealed"))
    model = groq(api_key=vault, api_keys=None, max_retries=0)
    await ask(model)
    time.go_by(95)
    await ask(model)
    await ask(model)
    assert vault.calls == 2
    time.go_by(5)
    with pytest.raises(KeySourceError):
        await ask(model)


@pytest.mark.parametrize("error", [asyncio.CancelledError, CancelledError])
async def test_a_function_whose_own_task_is_cancelled_has_failed(
    groq: Make, ask: Any, error: type[BaseException]
) -> None:
    calls = []

    async def vault() -> str:
        calls.append(1)
        raise error

    with pytest.raises(KeySourceError, match=r"the key source vault raised .*ancelled"):
        await ask(groq(api_key=vault, api_keys=None, max_retries=0))
    assert len(calls) == 1


@pytest.mark.usefixtures("answers")
async def test_a_file_that_holds_no_key_fails_until_it_is_repaired(
    groq: Make, providers: FakeProviders, time: FakeTime, tmp_path: Path, ask: Any
) -> None:
    path = tmp_path / "key"
    path.write_text("gsk_old")
    model = groq(api_key=f"file:{path}", api_keys=None, max_retries=0)
    await ask(model)
    path.write_text("two words")
    for seconds in (1.1, 1.1):
        time.go_by(seconds)
        with pytest.raises(KeySourceError, match="a key that contains a blank"):
            await ask(model)
    path.write_text("gsk_new")
    time.go_by(2.1)
    await ask(model)
    assert providers.keys == ["gsk_old", "gsk_new"]
