"""The marker `scout_faults` and `mutate`: a user's own test under faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scout_adapters.testing.chaos.fault_list import CHAOS_FAULTS, NOT_PLAYED, select_faults
from tests.system.faults.catalogue import ROWS

if TYPE_CHECKING:
    from tests.testing.kit.conftest import KitProject

ROUTE = """
    MODELS = ["groq/openai/gpt-oss-120b", "google/gemini-3.5-flash"]
"""


def test_every_fault_of_the_list_is_played_or_has_a_reason() -> None:
    played = {fault.number for fault in CHAOS_FAULTS}
    explained = {fault.number for fault in NOT_PLAYED if fault.why_not}
    assert played | explained == {row.number for row in ROWS}
    assert not played & explained


def test_a_route_of_two_providers_answers_under_all_faults(kit: KitProject) -> None:
    outcome = kit.run(
        ROUTE
        + """
    @pytest.mark.scout_emulator(keys={"groq": 2})
    @pytest.mark.scout_faults
    def test_whole(scout_emulator):
        scout_emulator.on().says("Blue").always()
        assert ScoutRouterChatModel(models=MODELS).invoke("Sky?").text == "Blue"

    @pytest.mark.scout_emulator(keys={"groq": 2})
    @pytest.mark.scout_faults
    async def test_streamed(scout_emulator):
        scout_emulator.on().says("Blue").always()
        stream = ScoutRouterChatModel(models=MODELS).astream("Sky?")
        assert "".join([chunk.text async for chunk in stream]) == "Blue"
        """
    )
    outcomes = outcome.parseoutcomes()
    assert set(outcomes) == {"passed", "skipped"}
    assert outcomes["passed"] == 84


def test_a_model_without_an_alternative_fails_where_it_needs_one(kit: KitProject) -> None:
    outcome = kit.run(
        """
        @pytest.mark.scout_faults([RateLimited(5), 36, "connection refused", Revoked()])
        def test_alone(scout_clock):
            assert ScoutGroqChatModel().invoke("Sky?")
            assert scout_clock.waits == [5.0]
        """,
        "-rA",
    )
    outcome.assert_outcomes(passed=1, failed=3)
    outcome.stdout.fnmatch_lines(["PASSED *test_alone[[]00-RateLimited]"])


def test_a_fault_hits_the_request_that_is_chosen(kit: KitProject) -> None:
    outcome = kit.run(
        ROUTE
        + """
    @pytest.mark.scout_faults([Overloaded()], at=2)
    def test_second(scout_emulator):
        router = ScoutRouterChatModel(models=MODELS)
        router.invoke("one"), router.invoke("two")
        assert [sent.fault for sent in scout_emulator.log][:2] == [None, "Overloaded"]

    @pytest.mark.scout_faults([Overloaded()], at=3)
    def test_third(scout_emulator):
        ScoutRouterChatModel(models=MODELS).invoke("one")

    @pytest.mark.scout_faults([46, 34])
    def test_not_on_this_route(scout_emulator):
        ScoutRouterChatModel(models=MODELS).invoke("one")
        """,
        "-rs",
    )
    outcome.assert_outcomes(passed=1, skipped=3)
    text = outcome.stdout.str()
    assert "the test sends too few requests" in text
    assert "only minimax can fail so, not groq" in text
    assert "a whole answer has no events" in text


def test_the_fixture_of_a_cassette_names_the_marker_under_faults(kit: KitProject) -> None:
    outcome = kit.run(
        """
        @pytest.mark.scout_faults([10])
        def test_it(scout_cassette):
            pass
        """
    )
    outcome.assert_outcomes(errors=1)
    outcome.stdout.fnmatch_lines(
        ["*under scout_faults and scout_chaos, mark the test @pytest.mark*"]
    )


def test_a_key_is_revoked_between_two_calls(kit: KitProject) -> None:
    outcome = kit.run(
        ROUTE
        + """
    USUAL = [200, 200, 401, 200]  # of keys 1, 2, 1, 2

    @pytest.mark.scout_emulator(keys={"groq": 2})
    @pytest.mark.scout_faults([77])
    @pytest.mark.parametrize("calls", [1, 3])
    def test_calls(scout_emulator, calls):
        router = ScoutRouterChatModel(models=MODELS)
        for _ in range(calls):
            assert router.invoke("Sky?").text
        statuses = [exchange.status for exchange in scout_emulator.log]
        assert statuses == ([200] if calls == 1 else USUAL)
    """,
        "-rs",
    )
    outcome.assert_outcomes(passed=1, skipped=1)
    outcome.stdout.fnmatch_lines(["*fault 77-*: the test sends too few requests"])


@pytest.mark.parametrize(
    ("item", "message"),
    [(86, "disks and stores of the caller"), (99, "see docs"), ("no such fault", "see docs")],
)
def test_a_fault_that_cannot_be_played_is_refused(item: int | str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        select_faults([item])


RECORDED = """
    @pytest.mark.scout_cassette
    @pytest.mark.scout_faults([RateLimited(2), "reset before", Revoked(), CutMidStream(3), 10])
    def test_recorded(scout_emulator):
        model = ScoutGroqChatModel(api_keys=["first-key", "second-key"])
        assert "the sea" in "".join(chunk.text for chunk in model.stream("Tell me of the sea"))
        assert "the sky" in model.invoke("Tell me of the sky").text
        assert [sent.status for sent in scout_emulator.log][-2:] == [200, 200]
"""


def test_a_recorded_conversation_is_played_with_faults(kit: KitProject) -> None:
    recording = RECORDED.replace("(scout_emulator)", "()").rsplit("assert [sent", 1)[0]
    kit.run(recording, "--scout-record=emulator").assert_outcomes(passed=1)
    outcome = kit.run(RECORDED, "-rf")
    outcome.assert_outcomes(passed=4, failed=1)
    outcome.stdout.fnmatch_lines(["FAILED *CutMidStream* - *"])
    assert "StreamInterrupted: groq" in outcome.stdout.str()


def test_a_cassette_is_mutated_without_the_plugin(kit: KitProject) -> None:
    recording = RECORDED.replace("(scout_emulator)", "()").rsplit("assert [sent", 1)[0]
    kit.run(recording, "--scout-record=emulator").assert_outcomes(passed=1)
    outcome = kit.run(
        """
        from scout_adapters.testing import mutate

        FILE = "cassettes/test_chain/test_recorded.yaml"

        def test_limited_first():
            with mutate(FILE, RateLimited(7)) as emulator:
                assert "the sky" in ScoutGroqChatModel().invoke("Tell me of the sky").text
            assert [sent.status for sent in emulator.log] == [429, 200]

        def test_revoked_mid_way():
            with mutate(FILE, Revoked(), at=2):
                model = ScoutGroqChatModel(max_retries=0)
                assert model.invoke("Tell me of the sky").text
                with pytest.raises(Exception, match="auth_invalid"):
                    list(model.stream("Tell me of the sea"))

        def test_another_provider_was_not_recorded():
            with pytest.raises(UnexpectedRequest, match="no answer of anthropic"):
                with mutate(FILE, 32):
                    with pytest.raises(Exception):
                        ScoutAnthropicChatModel().invoke("Tell me of the sky")
        """
    )
    outcome.assert_outcomes(passed=3)
