"""The fixture and marker `scout_emulator`: all providers emulated, without a change of the code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.testing.kit.conftest import KitProject


def test_models_need_neither_keys_nor_an_address(kit: KitProject) -> None:
    outcome = kit.run(
        """
        def test_sync(scout_emulator):
            scout_emulator.on("groq").says("Blue")
            assert ScoutGroqChatModel().invoke("Sky?").text == "Blue"
            assert [sent.status for sent in scout_emulator.log] == [200]

        async def test_async(scout_emulator):
            scout_emulator.on("anthropic").says("Blue")
            model = ScoutRouterChatModel(models=["anthropic/claude-haiku-4-5"])
            assert "".join([chunk.text async for chunk in model.astream("Sky?")]) == "Blue"

        def test_models_of_the_module(scout_emulator):
            scout_emulator.on("groq").says("Blue")
            assert MODEL.invoke("Sky?").text == "Blue"

        MODEL = ScoutGroqChatModel(api_key="key-of-production")
        """
    )
    outcome.assert_outcomes(passed=3)


def test_waits_take_no_time_and_are_listed(kit: KitProject) -> None:
    outcome = kit.run(
        """
        async def test_waits(scout_emulator, scout_clock):
            scout_emulator.on("groq").fails(RateLimited(20)).then_says("Blue")
            assert (await ScoutGroqChatModel().ainvoke("Sky?")).text == "Blue"
            assert scout_clock.waits == [20.0]

        def test_hangs(scout_emulator, scout_clock):
            scout_emulator.script("groq", [Hang()])
            with pytest.raises(Exception, match="timeout"):
                ScoutGroqChatModel(timeout=7, max_retries=0).invoke("Sky?")
            assert sum(scout_clock.waits) == pytest.approx(7, abs=0.5)
        """
    )
    outcome.assert_outcomes(passed=2)


def test_the_marker_sets_keys_and_faults(kit: KitProject) -> None:
    outcome = kit.run(
        """
        def outcomes(answer):
            return [one["outcome"] for one in answer.response_metadata["scout"]["attempts"]]

        @pytest.mark.scout_emulator(keys={"groq": 2})
        def test_a_number_of_keys():
            asked = {ScoutGroqChatModel().invoke("Sky?").response_metadata["scout"]["key_id"]
                     for _ in range(4)}
            assert len(asked) == 2

        @pytest.mark.scout_emulator(keys={"groq": {"revoked-key": Revoked(), "good-key": None}})
        def test_a_key_with_a_fault():
            assert outcomes(ScoutGroqChatModel().invoke("Sky?")) == ["auth_invalid", "ok"]

        @pytest.mark.scout_emulator(down=["groq"])
        def test_a_provider_that_is_down():
            models = ["groq/openai/gpt-oss-120b", "google/gemini-3.5-flash"]
            assert outcomes(ScoutRouterChatModel(models=models).invoke("Sky?"))[-1] == "ok"

        def test_health_is_that_of_a_new_process(scout_emulator):
            assert outcomes(ScoutGroqChatModel().invoke("Sky?")) == ["ok"]
        """
    )
    outcome.assert_outcomes(passed=4)


def test_keys_and_addresses_of_the_machine_are_back_afterwards(
    kit: KitProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEYS", "one-of-the-machine,two-of-the-machine")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://gateway.example.com/v1")
    outcome = kit.run(
        """
        import os

        def test_emulated(scout_emulator):
            assert ScoutGroqChatModel().invoke("Sky?")
            assert {sent.key for sent in scout_emulator.log} == {"emulated-key-1-of-groq"}
            assert "OPENAI_BASE_URL" not in os.environ

        def test_afterwards():
            assert os.environ["GROQ_API_KEYS"] == "one-of-the-machine,two-of-the-machine"
            assert os.environ["OPENAI_BASE_URL"] == "https://gateway.example.com/v1"
            assert "ANTHROPIC_API_KEY" not in os.environ
        """,
        "-pno:randomly",
    )
    outcome.assert_outcomes(passed=2)


def test_a_request_or_a_rule_too_many_fails_the_test(kit: KitProject) -> None:
    outcome = kit.run(
        """
        def test_unused(scout_emulator):
            scout_emulator.on("groq").says("Blue")

        def test_swallowed(scout_emulator):
            scout_emulator.on("groq", contains="sky").says("Blue").always()
            try:
                ScoutGroqChatModel().invoke("Sea?")
            except Exception:  # as users swallow it
                pass

        def test_raised(scout_emulator):
            scout_emulator.on("groq", contains="sky").says("Blue").always()
            ScoutGroqChatModel().invoke("Sea?")
        """
    )
    outcome.assert_outcomes(failed=3)
    text = outcome.stdout.str()
    assert "UnusedRule: Answers of the script that were not requested" in text
    assert text.count("contains: 'sky' is not in 'Sea?'") >= 2
    assert "Nearest rule, test_chain.py:" in text


def test_clients_of_httpx2_are_answered_too(kit: KitProject) -> None:
    outcome = kit.run(
        """
        import httpx, httpx2

        BODY = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "Sky?"}]}
        URL = "https://api.openai.com/v1/chat/completions"
        KEY = {"authorization": "Bearer k"}

        @pytest.mark.parametrize("library", [httpx, httpx2])
        def test_sync(scout_emulator, library):
            scout_emulator.on("openai").says("Blue")
            with library.Client() as client:
                answer = client.post(URL, json=BODY, headers=KEY).json()
            assert answer["choices"][0]["message"]["content"] == "Blue"

        @pytest.mark.parametrize("library", [httpx, httpx2])
        async def test_async(scout_emulator, library):
            scout_emulator.script("openai", [CutMidStream(2)])
            async with library.AsyncClient() as client:
                with pytest.raises(library.RemoteProtocolError):
                    await client.post(URL, json=BODY | {"stream": True}, headers=KEY)
        """
    )
    outcome.assert_outcomes(passed=4)


def test_other_clients_reach_the_served_emulator(kit: KitProject) -> None:
    outcome = kit.run(
        """
        import json, os, urllib.request

        @pytest.mark.scout_emulator(served=True, real_time=True)
        def test_served(scout_emulator):
            scout_emulator.on("openai").says("Blue").always()
            url = os.environ["OPENAI_BASE_URL"] + "/chat/completions"
            body = {"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "Sky?"}]}
            headers = {"authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
            sent = urllib.request.Request(url, json.dumps(body).encode(), headers)
            with urllib.request.urlopen(sent) as response:
                assert json.load(response)["choices"][0]["message"]["content"] == "Blue"
            assert ScoutOpenAIChatModel(model="gpt-5.4-mini").invoke("Sky?").text == "Blue"
        """
    )
    outcome.assert_outcomes(passed=1)


def test_a_thread_that_outlives_its_test_sends_nothing_and_is_named(kit: KitProject) -> None:
    outcome = kit.run(
        """
        import threading

        THREADS, GO = [], threading.Event()

        def late():
            GO.wait(120)
            with pytest.raises(BaseException):
                ScoutGroqChatModel(api_key="k", max_retries=0).invoke("Sky?")

        def test_leaves_a_thread(scout_emulator):
            THREADS.append(threading.Thread(target=late))
            THREADS[0].start()

        def test_next(scout_emulator):
            GO.set()
            THREADS[0].join(120)
            assert [sent.path for sent in scout_emulator.log] == []
        """,
        "-pno:randomly",
    )
    outcome.assert_outcomes(passed=2)
    assert outcome.ret != 0
    assert "LateRequest" in outcome.stdout.str()
