"""The fixture `scout_run`: what a test's models did, whoever calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.testing.kit.conftest import KitProject


def test_calls_attempts_tokens_and_cost_are_added_up(kit: KitProject) -> None:
    outcome = kit.run(
        """
        from decimal import Decimal

        def test_run(scout_emulator, scout_run):
            scout_emulator.on("groq").fails(RateLimited(2))
            usage = {"input_tokens": 1000, "output_tokens": 500}
            scout_emulator.on("google").says("Blue").costs(**usage).always()
            models = ["groq/openai/gpt-oss-120b", "google/gemini-3.5-flash"]
            router = ScoutRouterChatModel(models=models)
            assert [router.invoke("Sky?").text, router.invoke("Sky?").text] == ["Blue", "Blue"]
            outcomes = [[one.outcome for one in call.attempts] for call in scout_run.calls]
            assert outcomes[0][-1] == outcomes[1][-1] == "ok"
            assert all(call.answered for call in scout_run.calls)
            assert len(scout_run.asked("groq")) == 1
            assert len(scout_run.asked("gemini")) == 2
            assert not scout_run.asked("anthropic")
            assert scout_run.tokens == (2000, 1000)
            costs = [Decimal(str(one.cost_usd)) for one in scout_run.asked("google")]
            assert scout_run.cost == sum(costs) > 0
            scout_run.assert_cost_below("1")
            with pytest.raises(AssertionError, match="not below"):
                scout_run.assert_cost_below("0.000001")
        """
    )
    outcome.assert_outcomes(passed=1)


def test_threads_tasks_and_chains_are_recorded(kit: KitProject) -> None:
    outcome = kit.run(
        """
        import asyncio
        from concurrent.futures import ThreadPoolExecutor
        from langchain_core.output_parsers import StrOutputParser

        def test_threads(scout_emulator, scout_run):
            chain = ScoutGroqChatModel() | StrOutputParser()
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(chain.invoke, ["Sky?"] * 4))
            assert len(scout_run.calls) == 4

        async def test_tasks(scout_emulator, scout_run):
            chain = ScoutGroqChatModel() | StrOutputParser()
            await asyncio.gather(*(chain.ainvoke("Sky?") for _ in range(4)))
            assert len(scout_run.calls) == 4

        def test_a_call_that_fails(scout_emulator, scout_run):
            scout_emulator.on("groq").fails(BadRequest())
            with pytest.raises(Exception):
                ScoutGroqChatModel().invoke("Sky?")
            assert [call.answered for call in scout_run.calls] == [False]

        def test_nothing_is_left_of_other_tests(scout_run):
            assert (scout_run.calls, scout_run.cost) == ([], 0)
        """
    )
    outcome.assert_outcomes(passed=4)


def test_other_packages_models_are_recorded(kit: KitProject) -> None:
    outcome = kit.run(
        """
        from langchain_core.language_models import GenericFakeChatModel
        from langchain_core.messages import AIMessage

        def test_other(scout_run):
            usage = {"input_tokens": 10, "output_tokens": 2, "total_tokens": 12}
            message = AIMessage("Blue", usage_metadata=usage)
            GenericFakeChatModel(messages=iter([message])).invoke("Sky?")
            assert len(scout_run.calls) == 1
            with pytest.raises(AssertionError, match="cost unknown"):
                scout_run.assert_cost_below("1")
        """
    )
    outcome.assert_outcomes(passed=1)


def test_a_key_in_a_value_is_found(kit: KitProject) -> None:
    outcome = kit.run(
        """
        import base64

        def test_secrets(scout_emulator, scout_run):
            model = ScoutGroqChatModel()
            answer = model.invoke("Sky?")
            scout_run.assert_no_secret_in(model, answer, scout_emulator.log)
            key = "emulated-key-1-of-groq"
            for leak in (f"x {key}", {"a": [key]}, base64.b64encode(key.encode()).decode()):
                with pytest.raises(AssertionError, match="a key is in value 2"):
                    scout_run.assert_no_secret_in("fine", leak)
        """
    )
    outcome.assert_outcomes(passed=1)


SNAPSHOT = """
    @pytest.mark.scout_emulator
    def test_requests(scout_run):
        ScoutGroqChatModel(temperature=TEMPERATURE).invoke("Sky?")
        assert scout_run.matches_snapshot()

    TEMPERATURE = 0.5
"""


def test_requests_match_their_snapshot_until_they_change(kit: KitProject) -> None:
    missing = kit.run(SNAPSHOT)
    missing.assert_outcomes(failed=1)
    command = "pytest --scout-update 'test_chain.py::test_requests'"
    assert f"there is no snapshot test_requests.json; write it by: {command}" in (
        missing.stdout.str()
    )
    kit.again("--scout-update").assert_outcomes(passed=1)
    kit.again().assert_outcomes(passed=1)
    path = kit.pytester.path / "__snapshots__" / "test_chain" / "test_requests.json"
    assert '"content": "Sky?"' in path.read_text()
    changed = kit.run(SNAPSHOT.replace("= 0.5", "= 0.7"))
    changed.assert_outcomes(failed=1)
    changed.stdout.fnmatch_lines(['*-      "temperature": 0.5*', '*+      "temperature": 0.7*'])


def test_a_snapshot_needs_the_emulator(kit: KitProject) -> None:
    outcome = kit.run(
        """
        def test_requests(scout_run):
            scout_run.matches_snapshot()
        """
    )
    outcome.assert_outcomes(failed=1)
    assert "matches_snapshot() needs the fixture or marker scout_emulator" in outcome.stdout.str()
