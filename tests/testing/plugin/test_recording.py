"""Recording from a live API, which is the emulator behind a socket; and playing in parallel."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from scout_adapters.testing import Emulator

if TYPE_CHECKING:
    from tests.testing.plugin.conftest import Project

ASKS = """
    URL = {url!r}

    def test_it():
        model = ScoutGroqChatModel(base_url=URL, api_key="sk-proj-9fX2kQ7LmZ4Tb8Wc1")
        for word in {words}:
            assert word in model.invoke(word).text
"""


def code(emulator: Emulator, *words: str) -> str:
    return dedent(ASKS).format(url=emulator.url("groq"), words=list(words))


def test_new_records_what_is_missing_and_live_records_nothing(
    project: Project,
) -> None:
    live = Emulator()
    with live.serve():
        project.write(code(live, "one"))
        project.run("--scout-record=live").assert_outcomes(passed=1)
        assert not project.cassette("test_it").exists()
        project.run("--scout-record=new").assert_outcomes(passed=1)
        assert len(live.log) == 2
        project.write(code(live, "one", "two"))
        project.run("--scout-record=new").assert_outcomes(passed=1)
        assert len(live.log) == 3
        text = project.cassette("test_it").read_text()
        project.run("--scout-record=all").assert_outcomes(passed=1)
        assert len(live.log) == 5
    project.run().assert_outcomes(passed=1)
    assert "answered_by: live" in text
    assert "9fX2kQ7" not in text
    assert project.cassette("test_it").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("options", "variable", "marker", "recorded"),
    [
        ("--record-mode=once", "", "", True),
        ("--record-mode=none", "live", "", False),
        ("", "live", "", True),
        ("", "", '(record="all")', True),
        ("--scout-record=none", "live", '(record="all")', False),
    ],
)
def test_the_command_line_then_the_environment_then_the_marker_set_the_mode(
    options: str, variable: str, marker: str, recorded: bool, project: Project
) -> None:
    project.setenv("SCOUT_RECORD", variable)
    plugin = ("-p", "pytest_recording.plugin") if "--record-mode" in options else ()
    emulator = Emulator()
    with emulator.serve():
        text = code(emulator, "one")
        project.write(text.replace("def test", f"@pytest.mark.scout_cassette{marker}\ndef test"))
        project.run(*plugin, *options.split())
    assert project.cassette("test_it").exists() == recorded


def test_a_gateway_on_this_machine_is_named_by_its_variable_and_replays_at_another_port(
    project: Project,
) -> None:
    project.write("def test_it():\n    assert ScoutGroqChatModel().invoke('Hello').text\n")
    project.setenv("GROQ_API_KEY", "k")
    live = Emulator()
    with live.serve():
        project.setenv("GROQ_API_URL", live.url("groq"))
        project.run("--scout-record=new").assert_outcomes(passed=1)
    text = project.cassette("test_it").read_text()
    assert "\nmodels:\n- groq/openai/gpt-oss-120b\n" in text
    project.setenv("GROQ_API_URL", "http://127.0.0.1:9/groq/openai/v1")
    project.run().assert_outcomes(passed=1)
    project.setenv("GROQ_API_URL", "")
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*host", "*recorded: 'localhost'", "*now: *'groq'"])


def test_a_recording_of_the_emulator_that_a_live_answer_extends_states_both(
    project: Project,
) -> None:
    live = Emulator()
    with live.serve():
        project.write(code(live, "one"))
        project.run("--scout-record=new").assert_outcomes(passed=1)
        project.replace("test_it", "answered_by: live", "answered_by: emulator")
        project.write(code(live, "one", "two"))
        project.run("--scout-record=new").assert_outcomes(passed=1)
    text = project.cassette("test_it").read_text()
    assert text.startswith("answered_by: emulator and live\n")
    assert "- localhost/openai/gpt-oss-120b" in text


def test_a_misspelt_mode_ends_the_run_and_the_modes_are_listed(project: Project) -> None:
    project.write("def test_it():\n    pass\n")
    project.setenv("SCOUT_RECORD", "bogus")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: SCOUT_RECORD=bogus: use one of none, replay, emulator, all, live; the option*"]
    )
    project.setenv("SCOUT_RECORD", "")
    project.write(
        """
        @pytest.mark.scout_cassette(record="bogus")
        def test_it():
            pass
        """
    )
    result = project.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["record='bogus' of scout_cassette: use one of none, new, all,*"])


@pytest.mark.parametrize(("first", "again"), [("new", False), ("all", True)])
def test_after_a_changed_prompt_all_repairs_the_cassette_and_new_does_not(
    first: str, again: bool, project: Project
) -> None:
    live = Emulator()
    with live.serve():
        project.write(code(live, "one"))
        project.run("--scout-record=new").assert_outcomes(passed=1)
        project.write(code(live, "two"))
        text = project.run().stdout.str()
        assert ("--scout-record=all" in text, "--scout-record=new" in text) == (True, False)
        project.run(f"--scout-record={first}")
        project.run().assert_outcomes(passed=int(again), failed=int(not again))


def test_a_broken_cassette_is_replaced_by_all_and_left_alone_by_new(project: Project) -> None:
    live = Emulator()
    with live.serve():
        project.write(code(live, "one"))
        project.run("--scout-record=new").assert_outcomes(passed=1)
        project.replace("test_it", "interactions:", "interactions: {")
        before = project.cassette("test_it").read_bytes()
        project.run("--scout-record=new").assert_outcomes(errors=1)
        assert (project.cassette("test_it").read_bytes(), len(live.log)) == (before, 1)
        project.run("--scout-record=all").assert_outcomes(passed=1)
    project.run().assert_outcomes(passed=1)


PARALLEL = """
    import asyncio
    import uuid
    from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

    def talk(word):
        id = "call_" + uuid.uuid4().hex
        call = {"name": "look", "args": {}, "id": id}
        return [
            HumanMessage(f"{word} in run {uuid.uuid4()}"),
            AIMessage("", tool_calls=[call]),
            ToolMessage("seen", tool_call_id=id),
        ]

    def test_threads():
        answers = ScoutGroqChatModel().batch([talk(str(at % 4)) for at in range(12)])
        assert len({answer.response_metadata["id"] for answer in answers}) == 12

    async def test_tasks():
        model = ScoutAnthropicChatModel()
        answers = await asyncio.gather(*(model.ainvoke(talk(str(at % 4))) for at in range(12)))
        assert len(answers) == 12

    async def test_streams():
        async def text(word):
            stream = ScoutGroqChatModel().astream([HumanMessage(f"{word} in run {uuid.uuid4()}")])
            return "".join([chunk.text async for chunk in stream])

        texts = await asyncio.gather(*(text(f"word{at}") for at in range(6)))
        assert [f"word{at}" in text for at, text in enumerate(texts)] == [True] * 6
"""


def test_equal_requests_with_random_ids_play_in_parallel(project: Project) -> None:
    project.write(PARALLEL)
    project.record().assert_outcomes(passed=3)
    for _ in range(2):
        project.run().assert_outcomes(passed=3)


def test_a_recorded_wait_takes_no_time_and_rests_no_key_of_the_next_test(
    project: Project,
) -> None:
    project.write(
        """
        @pytest.mark.parametrize("number", [1, 2])
        def test_it(number):
            assert ScoutGroqChatModel().invoke("Hello").text
        """
    )
    project.record().assert_outcomes(passed=2)
    for number in (1, 2):
        path = project.cassette(f"test_it.{number}")
        interaction = path.read_text().partition("interactions:\n")[2].partition("version:")[0]
        refused = interaction.replace("code: 200", "code: 429").replace("message: OK", "")
        refused = refused.replace("    headers:\n", "    headers:\n      retry-after: ['5']\n")
        text = path.read_text().replace(interaction, refused + interaction)
        path.write_text(text)
    project.run().assert_outcomes(passed=2)
