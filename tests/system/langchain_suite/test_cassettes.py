"""What holds for every cassette, and for those that users record."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from langchain_core.messages import HumanMessage
from vcr.cassette import Cassette
from vcr.errors import CannotOverwriteExistingCassetteException
from vcr.request import Request as Recorded

from scout_adapters import ScoutAnthropicChatModel, ScoutGroqChatModel, ScoutOpenAIChatModel
from scout_adapters.testing.cassettes import (
    CassetteNotPlayed,
    StillEmulator,
    cassette,
    mode,
    same_body,
)
from scout_adapters.testing.scrubbing.scrubber import (
    KEPT_HEADERS,
    LOOKS_LIKE_A_KEY,
    SECRET_HEADERS,
    Scrubber,
    known_secrets,
)
from tests.system.langchain_suite.cassette_paths import CASSETTES, MODE, path_of

FILES = sorted(CASSETTES.glob("*/*.yaml"))
CANARY = "gsk_live51canaryCANARY0123456789abcdef"
settled = pytest.mark.skipif(MODE != "replay", reason="cassettes are being recorded")
GZIPPED = gzip.compress(b'{"ok": true}')


@pytest.fixture(autouse=True)
def vcr() -> None:
    """Leave these tests without a cassette: they bring their own."""


@cache
def read(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def post(client: httpx.Client, prompt: str = "Hello", **more: Any) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": prompt}], **more}
    headers = {"authorization": f"Bearer {CANARY}", "cookie": "session=1"}
    url = "https://api.groq.com/openai/v1/chat/completions"
    return client.post(url, json=body, headers=headers)


def record(path: Path, *prompts: str, **options: Any) -> None:
    """Record prompts to Groq, each in a thread of its own."""
    with (
        httpx.Client(transport=StillEmulator().transport()) as client,
        cassette(path, record=True, **options),
    ):
        threads = [threading.Thread(target=post, args=(client, prompt)) for prompt in prompts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


@settled
@pytest.mark.parametrize("provider", sorted({path.parent.name for path in FILES}))
def test_no_cassette_holds_what_looks_like_a_key(provider: str) -> None:
    secrets = tuple(known_secrets())
    for path in (CASSETTES / provider).glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert not LOOKS_LIKE_A_KEY.search(text), path
        assert not [at for at, secret in enumerate(secrets) if secret in text], path


@settled
def test_no_cassette_holds_a_header_that_may_name_somebody() -> None:
    for path in FILES:
        for exchange in read(path)["interactions"]:
            headers = {*exchange["request"]["headers"], *exchange["response"]["headers"]}
            assert headers <= KEPT_HEADERS, path


@settled
def test_every_cassette_says_who_answered() -> None:
    assert {read(path)["answered_by"] for path in FILES} <= {"emulator", "live"}


@settled
def test_every_cassette_belongs_to_a_test(request: pytest.FixtureRequest) -> None:
    test_names = {
        path_of(item)
        for item in request.session.items
        if item.path.parent.name == "langchain_suite"
    }
    folders = {path.parent for path in test_names}
    if request.config.option.keyword or {path.parent for path in FILES} - folders:
        pytest.skip("only some of the tests were collected")
    assert set(FILES) <= test_names


@settled
def test_the_emulator_would_say_today_what_its_cassettes_say() -> None:
    for path in FILES:
        recorded = read(path)
        if recorded["answered_by"] == "emulator":
            with httpx.Client(transport=StillEmulator().transport()) as client:
                for exchange in recorded["interactions"]:
                    assert_same_answer(client, exchange, path)


def assert_same_answer(client: httpx.Client, exchange: Any, path: Path) -> None:
    request, answered = exchange["request"], exchange["response"]
    if answered["status"]["code"] != 200:
        return  # the refused keys of a test's own emulator
    headers = {name: values[0] for name, values in request["headers"].items()}
    for name in ("authorization", "x-api-key", "x-goog-api-key"):
        headers[name] = "Bearer nobodys"
    response = client.post(request["uri"], content=request["body"].encode(), headers=headers)
    assert Scrubber().text(response.text) == answered["body"]["string"], path


def test_a_recording_is_the_same_whichever_thread_comes_first(tmp_path: Path) -> None:
    record(tmp_path / "one.yaml", "Hello", "Hey there", "Hello", "Good morning")
    record(tmp_path / "two.yaml", "Good morning", "Hello", "Hey there", "Hello")
    assert (tmp_path / "one.yaml").read_bytes() == (tmp_path / "two.yaml").read_bytes()


@pytest.mark.parametrize("where", ["prompt", "half masked", "query", "environment"])
def test_a_key_reaches_no_cassette(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, secret = tmp_path / "canary.yaml", "no-shape-of-a-key-at-all-7"
    monkeypatch.setenv("SOMEBODYS_API_KEYS", f"other-secret-1,{secret}")
    prompt = {"prompt": f"my key:\n{CANARY}", "environment": f"and {secret}?"}.get(where, "Hello")
    url = "https://api.openai.com/v1/chat/completions" + f"?key={CANARY}" * (where == "query")
    with (
        httpx.Client(transport=StillEmulator(keys={"openai": ["good"]}).transport()) as client,
        cassette(path, record=True),
    ):
        body = {"model": "m", "messages": [{"role": "user", "content": prompt}]}
        answer = client.post(url, json=body, headers={"authorization": f"Bearer {CANARY}"})
        post(client, prompt)
    text = path.read_text()
    assert answer.status_code in {400, 401}
    assert len(read(path)["interactions"]) == 2
    assert not [trace for trace in (CANARY, CANARY[:12], CANARY[-4:], secret) if trace in text]


def test_a_request_that_is_not_on_the_cassette_fails_and_says_what_differs(tmp_path: Path) -> None:
    path = tmp_path / "hello.yaml"
    record(path, "Hello")
    with (
        httpx.Client() as client,
        cassette(path, record=False, check=False),
        pytest.raises(CannotOverwriteExistingCassetteException) as caught,
    ):
        post(client, "Good bye")
    assert "$.messages[0].content: 'Good bye' is not 'Hello'" in str(caught.value)


def test_a_cassette_that_is_not_played_to_its_end_fails(tmp_path: Path) -> None:
    path = tmp_path / "two.yaml"
    record(path, "Hello", "Hey")
    with (
        pytest.raises(CassetteNotPlayed, match=r"1 of the answers were not .*:\n.*Hello"),
        httpx.Client() as client,
        cassette(path, record=False),
    ):
        post(client, "Hey")


def test_an_answer_is_given_once_for_each_time_it_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "twice.yaml"
    record(path, "Hello", "Hello")
    with httpx.Client() as client, cassette(path, record=False):
        assert post(client).json()["id"] != post(client).json()["id"]
        with pytest.raises(CannotOverwriteExistingCassetteException):
            post(client)


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        (b'{"a": 1, "b": [true]}', b'{"b":[true],"a":1}', True),
        (b'{"a": [1, 2]}', b'{"a": [2, 1]}', False),
        (b'{"a": null}', b"{}", False),
        (b"no json", b"no json", True),
        (b"no json", b"other text", False),
    ],
)
def test_bodies_match_as_json_whatever_the_order_of_keys(
    ours: bytes, theirs: bytes, same: bool
) -> None:
    one, other = (Recorded("POST", "https://x.test/", body, {}) for body in (ours, theirs))
    try:
        same_body(one, other)
    except AssertionError:
        assert not same
    else:
        assert same


def test_pictures_pass_unchanged() -> None:
    picture = b"\x89PNG\r\n\x1a\n\xff\x00"
    answer = {"headers": {"Content-Type": ["image/png"]}, "body": {"string": picture}}
    assert Scrubber().response(answer)["body"]["string"] == picture


def test_random_ids_of_tool_calls_do_not_tell_requests_apart() -> None:
    bodies = [
        b'["6d1c1e24-2b1e-4b52-9c5c-5a1f9d6a0c11", "0b0e7b64-9d0e-4b9b-8a55-0c8a5a5d3f22"]',
        b'["a3f0a5a8-7c55-4d5c-b6a5-0f3f0e9c9a33", "f2c6d1a0-0c7e-4d7f-9d3e-7d2f4c1b8e44"]',
        b'["a3f0a5a8-7c55-4d5c-b6a5-0f3f0e9c9a33", "a3f0a5a8-7c55-4d5c-b6a5-0f3f0e9c9a33"]',
    ]
    scrubbed = [
        Scrubber().request(Recorded("POST", "https://x.test/", body, {})).body for body in bodies
    ]
    assert scrubbed[0] == scrubbed[1] != scrubbed[2]


async def streamed(model: Any) -> str:
    return "".join([chunk.text async for chunk in model.astream("Hello")])


def test_clients_that_are_older_than_the_cassette_play_it(tmp_path: Path) -> None:
    path, network = tmp_path / "talk.yaml", {"transport": StillEmulator().transport()}

    def talk(network: dict[str, Any]) -> list[str]:
        model = ScoutAnthropicChatModel(api_key="nobodys", **network)
        answers = [asyncio.run(streamed(model)), asyncio.run(streamed(model))]
        return [*answers, "".join(chunk.text for chunk in model.stream("Hello"))]

    with cassette(path, record=True):
        recorded = talk(network)
    for _ in range(2):  # the second time with the connection pools of the first
        with cassette(path, record=False):
            assert talk({}) == recorded


def test_live_answers_come_decompressed(tmp_path: Path) -> None:
    zipped = httpx.MockTransport(
        lambda _: httpx.Response(
            200,
            headers={"content-encoding": "gzip", "content-type": "application/json"},
            content=GZIPPED,
        )
    )
    with httpx.Client(transport=zipped) as client, cassette(tmp_path / "z.yaml", record=True):
        assert post(client).json() == {"ok": True}
    with httpx.Client() as client, cassette(tmp_path / "z.yaml", record=False):
        assert post(client).json() == {"ok": True}


@pytest.mark.parametrize(("value", "meant"), [("", "replay"), ("live", "live"), ("yes", None)])
def test_a_misspelt_mode_is_refused(value: str, meant: str | None) -> None:
    if meant is None:
        with pytest.raises(ValueError, match="SCOUT_RECORD=yes: use one of"):
            mode({"SCOUT_RECORD": value})
    else:
        assert mode({"SCOUT_RECORD": value}) == meant


def test_a_face_on_a_cassette_answers_as_it_did(tmp_path: Path) -> None:
    emulator, messages = StillEmulator(), [HumanMessage("Hello")]
    with cassette(tmp_path / "a.yaml", record=True):
        live = ScoutOpenAIChatModel(api_key="k", transport=emulator.transport()).invoke(messages)
    with cassette(tmp_path / "a.yaml", record=False) as playing:
        assert ScoutOpenAIChatModel(api_key="k").invoke(messages).content == live.content
    assert isinstance(playing, Cassette)
    assert len(emulator.log) == 1


def test_nothing_answers_where_there_is_no_cassette(tmp_path: Path) -> None:
    model = ScoutGroqChatModel(api_key="nobodys", max_retries=0)
    with (
        cassette(tmp_path / "none.yaml", record=False),
        pytest.raises(CannotOverwriteExistingCassetteException),
    ):
        model.invoke("Hello")


def echo(request: httpx.Request) -> httpx.Response:
    """Answer with the request's key, in a body of the encoding that the prompt names."""
    key = next(
        value for name, value in request.headers.items() if name in SECRET_HEADERS
    ).removeprefix("Bearer ")
    encoding = json.loads(request.content)["encoding"]
    if encoding == "binary":
        return httpx.Response(401, content=b"\xff\xfe\x00\x81" + key.encode() + b"\xff")
    return httpx.Response(401, content=f"Incorrect key: {key} é".encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16", "binary"])
@pytest.mark.parametrize("header", SECRET_HEADERS)
def test_a_key_that_only_the_request_knows_is_scrubbed(
    header: str, encoding: str, tmp_path: Path
) -> None:
    path, secret = tmp_path / "echo.yaml", "plain7words7as7a7key"
    value = f"Bearer {secret}" if header == "authorization" else secret
    with (
        httpx.Client(transport=httpx.MockTransport(echo)) as client,
        cassette(path, record=True),
    ):
        body = {"encoding": encoding, "again": secret}
        client.post("https://api.groq.com/openai/v1/x", json=body, headers={header: value})
    data = path.read_bytes() + base64_texts(path)
    for form in (secret.encode(), secret.encode("utf-16-le"), b64encode(secret.encode())[:16]):
        assert form not in data
    assert path.stat().st_mode & 0o777 == 0o600


def base64_texts(path: Path) -> bytes:
    """Return the binary bodies of a cassette."""
    bodies = [each["response"]["body"]["string"] for each in read(path)["interactions"]]
    return b"".join(body if isinstance(body, bytes) else body.encode() for body in bodies)


def test_the_emulator_answers_where_the_environment_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCOUT_RECORD", "emulator")
    path = tmp_path / "mine.yaml"
    with cassette(path):
        content = ScoutGroqChatModel(api_key="k").invoke("Hello").content
        other = asyncio.run(ScoutAnthropicChatModel(api_key="k").ainvoke("Hello")).content
    assert read(path)["answered_by"] == "emulator"
    monkeypatch.delenv("SCOUT_RECORD")
    with cassette(path):
        assert ScoutGroqChatModel(api_key="other").invoke("Hello").content == content
        assert ScoutAnthropicChatModel(api_key="other").invoke("Hello").content == other
