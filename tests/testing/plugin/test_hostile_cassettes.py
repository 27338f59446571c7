"""More cassettes, names and threads of which a test must not pass wrongly, nor call live."""

from __future__ import annotations

import base64
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.testing.plugin.conftest import Project

HELLO = """
    def test_hello():
        assert "Hello, you" in ScoutGroqChatModel().invoke("Hello, you").text
"""
KEY = "sk-proj-9fX2kQ7LmZ4Tb8Wc1"  # no key


def edited(project: Project, old: str, new: str) -> pytest.RunResult:
    """Run a recorded test whose cassette was edited, and expect that it cannot run."""
    project.write(HELLO)
    project.record().assert_outcomes(passed=1)
    project.replace("test_hello", old, new)
    result = project.run()
    result.assert_outcomes(errors=1)
    return result


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\xfa",
        b"interactions: [5]\nversion: 1\n",
        b"interactions: &a [*a]\nversion: 1\n",
        b"5",
    ],
)
def test_a_file_of_another_kind_fails_by_name(content: bytes, project: Project) -> None:
    project.write(HELLO)
    path = project.cassette("test_hello")
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    result = project.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["CassetteUnreadable: *"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("form: 2", "form: -1"),
        ("form: 2", "form: true"),
        ("version: 1", "version: 0"),
        ("code: 200", "code: -200"),
        ("code: 200", "code: true"),
        ("uri: https://api.groq.com", "uri: https://[api.groq.com"),
    ],
)
def test_odd_values_fail_by_name(old: str, new: str, project: Project) -> None:
    edited(project, old, new).stdout.fnmatch_lines(["CassetteUnreadable: *"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("interactions:", f"# {KEY}\ninteractions:"),
        ("interactions:", f"notes: {KEY}\ninteractions:"),
        ("content-type", f"x-{KEY}"),
        ("Hello, you", f"Hello, you {base64.b64encode(KEY.encode()).decode()}"),
        ("chat/completions", f"chat/completions?q={KEY}"),
    ],
)
def test_a_key_beside_the_bodies_fails_too(old: str, new: str, project: Project) -> None:
    result = edited(project, old, new)
    result.stdout.fnmatch_lines(["SecretInCassette: *"])
    assert KEY not in result.stdout.str()


def test_names_that_lead_to_the_same_file_by_another_way_are_refused(project: Project) -> None:
    project.write(
        """
        from scout_adapters import ScoutGroqChatModel

        @pytest.mark.scout_cassette(name="shared/x")
        def test_one():
            assert ScoutGroqChatModel().invoke("Hello").text

        @pytest.mark.scout_cassette(name="shared/../shared/x")
        def test_two():
            assert ScoutGroqChatModel().invoke("Hello").text
        """
    )
    result = project.record()
    result.stdout.fnmatch_lines(["*SharedCassette*"])


def test_a_link_to_the_cassette_of_another_test_is_refused(project: Project) -> None:
    project.write(HELLO + HELLO.replace("test_hello", "test_again"))
    project.record().assert_outcomes(passed=2)
    project.cassette("test_again").unlink()
    project.cassette("test_again").symlink_to(project.cassette("test_hello"))
    result = project.run()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["SharedCassette: *"])


LATE = """
    import asyncio, threading
    from concurrent.futures import ThreadPoolExecutor

    go, done, results = threading.Event(), threading.Event(), []
    pool = ThreadPoolExecutor(1)

    def late():
        go.wait(120)
        try:
            START
            results.append("answered")
        except BaseException as error:
            results.append(error)
        done.set()
"""
CALL = 'ScoutGroqChatModel(api_key="k").invoke("Hello")'
ACALL = 'asyncio.run(ScoutGroqChatModel(api_key="k").ainvoke("Hello"))'


@pytest.mark.parametrize(
    ("call", "start"),
    [
        (CALL, "threading.Timer(0.0, late).start()"),
        (CALL, "pool.submit(late)"),
        (ACALL, "threading.Thread(target=late).start()"),
    ],
)
def test_late_calls_of_timers_pools_and_loops_are_refused(
    call: str, start: str, project: Project
) -> None:
    code = f"""
        def test_starts():
            {start}

        def test_after():
            go.set()
            assert done.wait(120)
            assert results != ["answered"]
    """
    project.write(dedent(LATE).replace("START", call) + dedent(code))
    result = project.run()
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["LateRequest: test_chain.py::test_starts has ended, *"])


STREAMS = """
    import threading
    import httpx
    from langchain_core.prompts import ChatPromptTemplate

    kept, chain = [], ChatPromptTemplate.from_template("{x}") | ScoutGroqChatModel()

    def of_a_chain():
        kept.append(chain.stream({"x": "Hello"}))
        next(kept[-1])

    def of_httpx():
        url = "https://api.groq.com/openai/v1/chat/completions"
        body = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "Hi"}]}
        client = httpx.Client(headers={"authorization": "Bearer k"})
        kept.append(client.send(client.build_request("POST", url, json=body), stream=True))

    def of_a_thread():
        streams = [ScoutGroqChatModel().stream("Hello")]
        thread = threading.Thread(target=lambda: next(streams[0]))
        thread.start()
        thread.join()
        kept.extend(streams)
"""


@pytest.mark.parametrize("leave", ["of_a_chain()", "of_httpx()", "of_a_thread()"])
def test_streams_of_each_kind_that_are_left_open_are_named(leave: str, project: Project) -> None:
    code = f"""
        def test_it():
            {leave}

        def test_the_end():
            kept.clear()
    """
    project.write(dedent(STREAMS) + dedent(code))
    project.record()
    project.run().stdout.fnmatch_lines(["StreamLeftOpen: *"])
