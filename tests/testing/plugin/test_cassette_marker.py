"""The marker and the fixture `scout_cassette`, in the tests of a user's project."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    import pytest

    from tests.testing.plugin.conftest import Project

HELLO = """
    def test_hello():
        assert "Hello, you" in ScoutGroqChatModel().invoke("Hello, you").text
"""


def test_a_recorded_test_passes_without_keys(project: Project) -> None:
    project.write(
        """
        def test_hello():
            assert "Hello, you" in ScoutGroqChatModel().invoke("Hello, you").text

        async def test_an_async_stream():
            chunks = [chunk.text async for chunk in ScoutAnthropicChatModel().astream("Hello, you")]
            assert "Hello, you" in "".join(chunks)
        """
    )
    project.record().assert_outcomes(passed=2)
    project.run().assert_outcomes(passed=2)
    text = project.cassette("test_hello").read_text()
    assert text.startswith("answered_by: emulator\nform: 2\ntest: test_chain.py::test_hello\n")
    assert yaml.safe_load(text)["models"] == ["groq/openai/gpt-oss-120b"]


def test_markers_of_async_plugins_stack_in_any_order(project: Project) -> None:
    project.write(
        """
        @pytest.mark.asyncio
        @pytest.mark.scout_cassette
        async def test_asyncio():
            assert (await ScoutGroqChatModel().ainvoke("Hello")).text

        @pytest.mark.scout_cassette
        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio"])
        async def test_anyio(anyio_backend):
            assert (await ScoutGroqChatModel().ainvoke("Hello")).text
        """
    )
    options = ("-p", "anyio.pytest_plugin", "-o", "asyncio_mode=strict")
    project.record(*options).assert_outcomes(passed=2)
    project.run(*options).assert_outcomes(passed=2)
    assert project.cassette("test_anyio.asyncio").exists()


def test_the_fixture_does_what_the_marker_does(project: Project) -> None:
    project.write(
        """
        from scout_adapters import ScoutGroqChatModel

        def test_hello(scout_cassette):
            assert ScoutGroqChatModel().invoke("Hello").text
            assert scout_cassette.path.name == "test_hello.yaml"
            assert len(scout_cassette.requests) == 1
        """,
        chain=False,
    )
    project.record().assert_outcomes(passed=1)
    project.run().assert_outcomes(passed=1)


def test_a_request_that_is_not_recorded_fails_with_the_difference_and_the_command(
    project: Project,
) -> None:
    project.write(HELLO)
    project.record().assert_outcomes(passed=1)
    project.write(HELLO.replace("Hello, you", "Good bye"))
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "RequestNotRecorded: *test_hello.yaml has no answer left to this request:",
            "  POST https://api.groq.com/openai/v1/chat/completions at test_chain.py:8",
            "*number 1 of 1, which is not yet played:",
            "*$.messages?0?.content",
            "*recorded: 'Hello, you'",
            "*now: *'Good bye'",
            '*pytest "test_chain.py::test_hello" --scout-record=all',
            '*pytest "test_chain.py::test_hello" --scout-record=emulator',
        ]
    )


def test_a_missing_cassette_fails_also_if_the_test_hides_the_error(project: Project) -> None:
    project.write(
        """
        def test_hello():
            try:
                ScoutGroqChatModel().invoke("Hello")
            except BaseException:  # swallows even this
                pass
        """
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["RequestNotRecorded: *test_hello.yaml does not exist*"])


def test_an_answer_that_is_not_requested_fails(project: Project) -> None:
    project.write(
        """
        def test_hello():
            model = ScoutGroqChatModel()
            model.invoke("Hello")
            model.invoke("Good bye")
        """
    )
    project.record().assert_outcomes(passed=1)
    project.write('def test_hello():\n    ScoutGroqChatModel().invoke("Hello")\n')
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["CassetteNotPlayed: *1 answer that*", "*Good bye*"])


def test_a_method_in_lower_case_is_the_same_method(project: Project) -> None:
    project.write(
        """
        import os
        import aiohttp

        URL = "https://api.groq.com/openai/v1/chat/completions"
        BODY = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}

        async def test_it():
            headers = {"authorization": f"Bearer {os.environ['GROQ_API_KEY']}"}
            async with aiohttp.ClientSession() as session, session.request(
                "post", URL, json=BODY, headers=headers
            ) as response:
                assert (await response.json())["choices"]
        """
    )
    project.record().assert_outcomes(passed=1)
    project.run().assert_outcomes(passed=1)


def test_a_missing_extra_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    begins = ("scout_adapters.testing.cassettes", "scout_adapters.testing.replay.")
    for name in [name for name in sys.modules if name.startswith(begins)]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "vcr.request", None)
    project.write("def test_it():\n    pass\n")
    result = project.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*scout_cassette needs vcrpy: pip install 'scout-adapters?testing?'"]
    )


def test_a_marker_may_compare_requests_in_its_own_way(project: Project) -> None:
    project.write(
        """
        import uuid

        def same_model(recorded, current):
            return recorded.uri == current.uri

        @pytest.mark.scout_cassette(match=same_model)
        def test_any_question():
            assert ScoutGroqChatModel().invoke(f"Question {uuid.uuid4().hex[:9]}").text

        def test_the_answer_has_the_id_of_this_run():
            run = str(uuid.uuid4())
            assert run in ScoutGroqChatModel().invoke(f"Run {run}").text

        @pytest.mark.scout_cassette(match="exact")
        def test_exact():
            assert ScoutGroqChatModel().invoke(f"Run {uuid.uuid4()}").text
        """
    )
    project.record().assert_outcomes(passed=3)
    result = project.run()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["RequestNotRecorded: *test_exact.yaml has no answer left*"])
