"""No test with a marker or fixture of ours calls a real provider, during its time or after it."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from scout_adapters import ScoutGroqChatModel
from scout_adapters.testing import block_live_calls
from scout_adapters.testing.replay.cassette_errors import LiveCallBlocked

if TYPE_CHECKING:
    from tests.testing.plugin.conftest import Project

URL = "https://api.groq.com/openai/v1/models"
CALLS = {
    "httpx": f"httpx.get({URL!r})",
    "requests": f"requests.get({URL!r}, timeout=1)",
    "urllib": f"urllib.request.urlopen({URL!r})",
    "aiohttp": f"asyncio.run(over_aiohttp({URL!r}))",
    "socket": "socket.create_connection(('eastus.openai.azure.com', 443))",
    "our model": "ScoutGroqChatModel(api_key='k', max_retries=0).invoke('Hello')",
}
CLIENTS = """
    import asyncio, socket, urllib.request
    import aiohttp, httpx, pytest, requests
    from scout_adapters import ScoutGroqChatModel

    async def over_aiohttp(url):
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response
"""


@pytest.mark.parametrize("client", CALLS)
def test_a_live_call_fails_the_test_also_if_the_test_hides_the_error(
    client: str, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    if client == "requests":
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    code = f"""
        def test_it(scout_run):
            try:
                {CALLS[client]}
            except BaseException:  # swallows even this
                pass
    """
    project.write(dedent(CLIENTS) + dedent(code), chain=False)
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["LiveCallBlocked: * would reach a real provider.", "Record its*"])


@pytest.mark.parametrize(
    ("options", "failed"),
    [
        ((), 0),
        (("--scout-block-live",), 1),
        (("-p", "pytest_recording.plugin", "--block-network"), 1),
    ],
)
def test_other_tests_are_guarded_on_request(
    options: tuple[str, ...], failed: int, project: Project
) -> None:
    project.write(
        """
        import socket, pytest

        def test_it():
            with pytest.raises(OSError):
                socket.getaddrinfo("api.groq.com", "no port of this name")

        @pytest.mark.scout_live
        def test_one_that_may(scout_run):
            with pytest.raises(OSError):
                socket.getaddrinfo("api.groq.com", "no port of this name")
        """,
        chain=False,
    )
    project.run(*options).assert_outcomes(passed=2 - failed, failed=failed)


LATE = """
    import threading
    import pytest
    from scout_adapters import ScoutGroqChatModel

    released, threads, errors = threading.Event(), [], []

    def late():
        released.wait()
        try:
            ScoutGroqChatModel(api_key="k").invoke("Hello")
        except BaseException as error:  # reported below
            errors.append(type(error).__name__)

    def release():
        released.set()
        threads[0].join()
        assert errors == ["LateRequest"]
"""


@pytest.mark.parametrize("after", ["unmarked", "scout_cassette"])
def test_a_thread_that_outlives_its_test_calls_nothing_and_fails_the_run(
    after: str, project: Project
) -> None:
    marker = "@pytest.mark.scout_cassette" if after == "scout_cassette" else ""
    code = f"""
        @pytest.mark.scout_cassette
        def test_that_starts_a_thread():
            threads.append(threading.Thread(target=late))
            threads[0].start()

        {marker}
        def test_that_comes_after():
            release()
    """
    project.write(dedent(LATE) + dedent(code), chain=False)
    result = project.run()
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["LateRequest: test_chain.py::test_that_starts_a_thread has ended, *api.groq.com*join it*"]
    )


def test_the_idle_threads_of_an_executor_serve_the_next_test(project: Project) -> None:
    project.write(
        """
        from concurrent.futures import ThreadPoolExecutor

        executor = ThreadPoolExecutor(1)

        @pytest.mark.parametrize("number", [1, 2, 3])
        def test_it(number):
            assert executor.submit(ScoutGroqChatModel().invoke, "Hello").result().text

        def test_the_end():
            executor.shutdown()
        """
    )
    project.record().assert_outcomes(passed=4)
    result = project.run()
    result.assert_outcomes(passed=4)
    assert result.ret == pytest.ExitCode.OK


def test_a_stream_that_is_left_open_is_named(project: Project) -> None:
    project.write(
        """
        kept = []

        def test_it():
            kept.append(ScoutGroqChatModel().stream("Hello"))
            next(kept[0])

        def test_that_closes():
            stream = ScoutGroqChatModel().stream("Hello")
            next(stream)

        def test_the_end():
            kept.clear()
        """
    )
    project.record()
    result = project.run()
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        ["StreamLeftOpen: *", "*POST https://api.groq.com/* at test_chain.py:11"]
    )


def test_live_calls_are_blocked_within_a_block_only() -> None:
    model = ScoutGroqChatModel(api_key="k", max_retries=0)
    with block_live_calls() as blocked, pytest.raises(LiveCallBlocked, match="POST"):
        model.invoke("Hello")
    assert ["https://api.groq.com/" in str(error) for error in blocked] == [True]
    with pytest.raises(Exception, match=r".") as caught:
        model.invoke("Hello")
    assert not isinstance(caught.value, LiveCallBlocked)
