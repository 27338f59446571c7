"""Keys from functions where users pass them, and what logs and explanations show of them."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from scout_adapters import ScoutAuditCallbackHandler, ScoutGroqChatModel, init_scout_model
from scout_adapters.audit import AuditLog, read_rows
from scout_adapters.auth import AwsCredentials
from scout_adapters.errors import ConfigurationError, KeySourceError
from scout_adapters.llm.health.key_source import key_source
from scout_adapters.testing import Emulator, Revoked
from tests.support.clock import FakeTime
from tests.support.fake_http import GROQ, GROQ_70B, FakeProviders
from tests.support.verbs import VERBS, run_model
from tests.support.waiting import HANG

Make = Callable[..., Any]
CANARY = "gsk_CANARY_0123456789"


def vault() -> str:
    return "gsk_from_the_vault"


@pytest.mark.usefixtures("answers")
def test_a_configuration_of_a_call_may_have_a_function(providers: FakeProviders) -> None:
    model = init_scout_model(
        "groq/m", configurable_fields="any", api_key="gsk_x", transport=providers.transport
    )
    model.with_config(configurable={"api_key": vault}).invoke("hi")
    model.invoke("hi")
    assert providers.keys == ["gsk_from_the_vault", "gsk_x"]


@pytest.mark.usefixtures("answers")
def test_a_router_and_its_entries_take_functions(
    router: Make, providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAM_KEY", "gsk_of_the_team")
    router({"model": "groq/m", "api_keys": None, "api_key": vault}).invoke("hi")
    router({"model": "groq/m", "api_keys": ["env:TEAM_KEY"]}).invoke("hi")
    router({"model": "groq/m", "api_keys": None}, api_key=vault).invoke("hi")
    assert providers.keys == ["gsk_from_the_vault", "gsk_of_the_team", "gsk_from_the_vault"]


@pytest.mark.usefixtures("answers")
def test_a_variable_may_name_a_file(
    providers: FakeProviders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("gsk_of_the_file")
    monkeypatch.setenv("GROQ_API_KEY", f"file:{tmp_path / 'key'}")
    ScoutGroqChatModel(model="m", transport=providers.transport).invoke("hi")
    assert providers.keys == ["gsk_of_the_file"]


def test_an_explanation_names_the_source_and_does_not_call_it(groq: Make) -> None:
    calls = []
    model = groq(api_key=lambda: calls.append(1), api_keys=None)
    assert "key from <lambda>" in str(model.explain("hi"))
    assert model.client.available
    assert not calls


async def test_credentials_without_a_signer_are_refused_by_name(groq: Make, ask: Any) -> None:
    pair = AwsCredentials(access_key="AKID", secret_key="hush")
    with pytest.raises(ConfigurationError, match="AwsCredentials cannot be sent in a header"):
        await ask(groq(api_key=lambda: pair, api_keys=None))


async def test_a_deadline_ends_the_wait_for_a_source_without_a_mark_on_it(groq: Make) -> None:
    release = threading.Event()

    def slow() -> str:
        release.wait(HANG)
        return "gsk_x"

    # Before the source is asked, no time passes, however busy the machine is.
    clock = FakeTime().clock
    model = groq(api_key=slow, api_keys=None, deadline=0.05, max_retries=0, clock=clock)
    with pytest.raises(KeySourceError, match="before the call's deadline"):
        await model.ainvoke("hi")
    assert key_source(slow).failures == 0
    release.set()


def test_a_forked_child_does_not_wait_for_a_reading_of_its_parent() -> None:
    begun, release = threading.Event(), threading.Event()
    parent = os.getpid()

    def slow() -> str:
        if os.getpid() == parent:
            begun.set()
            release.wait(HANG)
        return "gsk_x"

    source = key_source(slow)
    thread = threading.Thread(target=source.read, args=(lambda: 1.0,))
    thread.start()
    begun.wait(HANG)
    if (child := os.fork()) == 0:
        status = 1
        try:
            status = 0 if source.read(lambda: 1.0, timeout=HANG).text == "gsk_x" else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    release.set()
    thread.join()


@pytest.mark.parametrize("verb", VERBS)
def test_the_logs_show_the_source_and_no_secret(
    verb: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "audit.jsonl"
    log = AuditLog(path)
    secrets = iter([f"{CANARY}_old", f"{CANARY}_new"])
    emulator = Emulator(keys={"groq": {f"{CANARY}_old": Revoked(), f"{CANARY}_new": None}})
    with emulator.serve(), caplog.at_level("DEBUG"):
        model = ScoutGroqChatModel(
            model="m",
            api_key=lambda: next(secrets),
            base_url=emulator.url("groq"),
            callbacks=[ScoutAuditCallbackHandler(log)],
        )
        message = run_model(model, verb)
    scout = message.response_metadata["scout"]
    assert [entry.status for entry in emulator.log] == [401, 200]
    assert [row["outcome"] for row in scout["attempts"]] == ["auth_invalid", "ok"]
    texts = [caplog.text, json.dumps(scout), repr(model), str(model.explain("hi"))]
    rows = [row for row in read_rows(path) if row["event"] == "llm_attempt"]
    assert [(row["outcome"], row["key_id"]) for row in rows] == [
        ("auth_invalid", scout["key_id"]),
        ("ok", scout["key_id"]),
    ]
    texts.append(path.read_text())
    assert not [text for text in texts if "CANARY" in text]


@pytest.mark.parametrize("form", ["one key", "a list", "an entry", "by name"])
def test_a_path_is_a_file_with_the_key(form, providers, groq, router, wire, tmp_path) -> None:
    path = tmp_path / "key"
    path.write_text("gsk_of_a_file\n", "utf-8")
    providers.on(GROQ, wire.say())
    options: Any = {"transport": providers.transport}
    model = {
        "one key": lambda: groq(api_keys=None, api_key=path),
        "a list": lambda: groq(api_keys=[path]),
        "an entry": lambda: router({"model": GROQ_70B, "api_keys": path}),
        "by name": lambda: init_scout_model(GROQ_70B, api_key=path, **options),
    }[form]()
    model.invoke("hi")
    assert providers.keys == ["gsk_of_a_file"]
