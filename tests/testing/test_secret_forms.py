"""Secrets in the forms of clouds, redirects, streams and forms: none reaches a file."""

from __future__ import annotations

import base64
import gzip
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
import zstandard
from vcr.request import Request as Recorded

from scout_adapters.testing.cassettes import StillPersister, options
from scout_adapters.testing.replay.cassette_errors import SecretInCassette
from scout_adapters.testing.replay.cassette_files import Stamp, write_cassette
from scout_adapters.testing.scrubbing.secret_scrubber import SecretScrubber

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from scout_adapters.testing.scrubbing.secret_scrubber import Exchange

URL = "https://api.groq.com/openai/v1/chat/completions"
KEY = "sk-proj-9fX2kQ7LmZ4Tb8Wc1Rr5"  # no key
PLAIN = "plain7words7as7a7secret"
HEX = "0123456789abcdef0f1e2d3c4b5a6978"
SESSION = "IQoJb3JpZ2luX2VjE" + "aB3/+xY9" * 40  # no token
PARTS = [KEY[at : at + 4] for at in range(0, len(KEY), 4)]
NAME = f'filename="{KEY}.txt"'


def exchange(
    prompt: str = "Hello",
    answer: str | bytes = "{}",
    *,
    body: bytes = b"",
    url: str = URL,
    **headers: Any,
) -> Exchange:
    sent = body or json.dumps({"messages": [{"role": "user", "content": prompt}]}).encode()
    data = answer if isinstance(answer, bytes) else answer.encode()
    response = {"status": {"code": 200, "message": None}, "headers": {}, "body": {"string": data}}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Recorded("POST", url, sent, names), response


def answered(value: Any) -> Exchange:
    return exchange(answer=json.dumps(value))


def streamed(events: Iterable[Any]) -> Exchange:
    return exchange(answer="".join(f"data: {json.dumps(event)}\n\n" for event in events))


def call(index: int, text: str) -> Any:
    delta = {"tool_calls": [{"index": index, "function": {"arguments": text}}]}
    return {"choices": [{"index": 0, "delta": delta}]}


def encoded(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def framed(events: Iterable[Any]) -> Exchange:
    """Return an answer in frames of AWS, with other bytes between the events."""
    frames = (b"\x00\x00\x00\xa1\xdd\xf9\x0b:event-type" + json.dumps(e).encode() for e in events)
    return exchange(answer=b"\xfe\x9c\x01".join(frames))


def multipart(header: str, content: bytes = b"Hello") -> Exchange:
    text = f"--xyz\r\nContent-Disposition: form-data; {header}\r\n\r\n".encode()
    return exchange(body=text + content + b"\r\n--xyz--", content_type="multipart/form-data")


FORMS: dict[str, tuple[str, Callable[[], Exchange]]] = {
    "AWS session token": (SESSION, lambda: exchange(f"export it: {SESSION} now")),
    "AWS credentials": (PLAIN, lambda: answered({"SessionToken": PLAIN, "SecretAccessKey": PLAIN})),
    "variables": (PLAIN, lambda: exchange(f"AWS_SECRET_ACCESS_KEY={PLAIN}\nMY_PASSWORD={PLAIN}")),
    "AWS signed address": (HEX, lambda: exchange(f"https://b.example/k?X-Amz-Signature={HEX}")),
    "Azure SAS": (PLAIN, lambda: exchange(f"https://b.example/k?sv=2022&sig={PLAIN}%2Fa%3D")),
    "Azure header": (HEX, lambda: exchange(answer=f'{{"e": "{HEX}"}}', Api_KEY=HEX)),
    "bytes in a header": (HEX, lambda: exchange(answer=HEX, aPi_Key=[HEX.encode()])),
    "other header": (HEX, lambda: exchange(answer=HEX, Ocp_Apim_Subscription_Key=HEX)),
    "header of a gateway": (HEX, lambda: exchange(answer=HEX, cf_aig_auth=f"Bearer {HEX}")),
    "calls of a stream": (
        KEY,
        lambda: streamed(event for part in PARTS for event in (call(0, part), call(1, "{}"))),
    ),
    "pieces of Anthropic": (
        KEY,
        lambda: streamed({"index": 1, "delta": {"partial_json": part}} for part in PARTS),
    ),
    "pieces in a JSON array": (
        KEY,
        lambda: answered([{"content": {"parts": [{"text": part}]}} for part in PARTS]),
    ),
    "JSON in base64": (KEY, lambda: exchange(f"Decode {encoded({'key': KEY})}")),
    "name in base64": (PLAIN, lambda: exchange(f"Decode {encoded({'password': PLAIN})}")),
    "prefixed base64": (KEY, lambda: exchange(f"session_{encoded({'key': KEY})}")),
    "base64 in lines": (
        KEY,
        lambda: exchange(base64.encodebytes(f"{'a' * 40}: {KEY}, {'b' * 40}".encode()).decode()),
    ),
    "redirect": (KEY, lambda: answered({"to": f"https://x/?next=https%3A%2F%2Fy%3Fkey%3D{KEY}"})),
    "redirect in a redirect": (KEY, lambda: exchange(f"https://x/?next=y%253Fkey%253D{KEY}%2526a")),
    "named in a redirect": (PLAIN, lambda: exchange(f"https://x/?next=y%3Fapi_key%3D{PLAIN}%26a")),
    "redirect in the query": (PLAIN, lambda: exchange(url=f"{URL}?to=y%3Faccess_token%3D{PLAIN}")),
    "fragment": (PLAIN, lambda: exchange(f"https://x/cb#access_token={PLAIN}&x=1")),
    "address of a database": (PLAIN, lambda: exchange(f"postgres://user:{PLAIN}@db.example/x")),
    "escaped bracket": (KEY, lambda: exchange(answer=f'{{"m": "bad \\u003c{KEY}\\u003e"}}')),
    "nested arguments": (PLAIN, lambda: answered(json.dumps({"b": f'{{"api_key":"{PLAIN}"}}'}))),
    "name of a field": (KEY, lambda: answered({KEY: 1})),
    "configuration": (PLAIN, lambda: exchange(f"auth:\n  token: {PLAIN}\n  secret: '{PLAIN}'")),
    "form": (PLAIN, lambda: exchange(body=f"a=1&client_secret={PLAIN}&b=2".encode())),
    "file name": (KEY, lambda: multipart(f'name="f"; {NAME}')),
    "file name of binary data": (KEY, lambda: multipart(f'name="f"; {NAME}', b"\xff\xfe\x00\x01")),
    "encoded file name": (KEY, lambda: multipart(f"name=f; filename*=UTF-8''a%20{KEY}.txt")),
    "variable of a service": (PLAIN, lambda: exchange(f"A_TOKEN={PLAIN}\nDEPLOY_KEY: {PLAIN}")),
    "variables in JSON": (PLAIN, lambda: answered({"a": json.dumps({"SERVICE_TOKEN": PLAIN})})),
    "secret of a webhook": (PLAIN, lambda: exchange(f"webhook_secret: {PLAIN}")),
    "field of a form": (PLAIN, lambda: multipart('name="api_key"', PLAIN.encode())),
}  # fmt: skip
REFUSED = {
    "frames": lambda: framed({"delta": {"text": part}} for part in PARTS),
    "frames in base64": lambda: framed({"bytes": encoded({"delta": part})} for part in PARTS),
}
"""A secret cannot be removed from these: lengths and sums are in the data."""


def scrubbed(pair: Exchange) -> Exchange:
    scrubber = SecretScrubber()
    return scrubber.request(pair[0]), scrubber.response(pair[1])


def everything_in(text: str) -> str:
    """Return a text with what it encodes, and with the pieces of its streams joined."""
    lines = text.replace("\\n", "").replace("\n", "")
    runs = [run[at:] for run in re.findall(r"[A-Za-z0-9+/]{16,}", lines) for at in range(4)]
    decoded = (base64.b64decode(run[: len(run) // 4 * 4]).decode("latin-1") for run in runs)
    pieces = re.findall(r'"(?:arguments|partial_json|text)": ?"((?:[^"\\]|\\.)*)"', text)
    return "\n".join([text, unquote(unquote(text)), "".join(pieces).replace("{}", ""), *decoded])


def record_in_a_test(pair: Exchange, path: Path) -> None:
    """Write a cassette as the pytest plugin does."""
    write_cassette(path, Stamp(), [scrubbed(pair)])


def record_in_a_program(pair: Exchange, path: Path) -> None:
    """Write a cassette as `cassette()` does."""
    settings, (request, response) = options(), pair
    sent = settings["before_record_request"](request)
    answer = settings["before_record_response"](response)
    exchanges = {"requests": [sent], "responses": [answer]}
    StillPersister("live").save_cassette(path, exchanges, None)


RECORDERS = (record_in_a_test, record_in_a_program)


@pytest.mark.parametrize("record", RECORDERS)
@pytest.mark.parametrize("form", FORMS)
def test_a_secret_in_this_form_is_removed(
    form: str, record: Callable[[Exchange, Path], None], tmp_path: Path
) -> None:
    secret, build = FORMS[form]
    request, response = build()
    bodies = [request.body, response["body"]["string"], request.uri.encode()]
    before = everything_in("\n".join(body.decode("latin-1") for body in bodies))
    assert secret in before
    record((request, response), tmp_path / "x.yaml")
    after = everything_in((tmp_path / "x.yaml").read_text())
    parts = {secret[at : at + 9] for at in range(0, len(secret) - 9, 3)}
    assert [part for part in sorted(parts) if part in after] == []


@pytest.mark.parametrize("record", RECORDERS)
@pytest.mark.parametrize("form", REFUSED)
def test_a_secret_that_cannot_be_removed_keeps_the_file_from_being_written(
    form: str, record: Callable[[Exchange, Path], None], tmp_path: Path
) -> None:
    with pytest.raises(SecretInCassette, match=r"interaction 1, (request|answer), "):
        record(REFUSED[form](), tmp_path / "x.yaml")
    assert not list(tmp_path.iterdir())


DIGITS = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
OTHER_SERVICES = [
    f"dapi{DIGITS}",
    f"fc-{DIGITS}",
    f"dop_v1_{DIGITS}{DIGITS}",
    "npm_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "glpat-maIlxkWHuscGSbxMywTN",
    f"hvs.{DIGITS}-_A",
    "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",
    f"pypi-AgEIcHlwaS5vcmc{DIGITS}{DIGITS}",
    f"pcsk_EBXOX7_{DIGITS}{DIGITS}",
    "ABSK" + base64.b64encode(f"BedrockAPIKey-ab12-at-1:{DIGITS}".encode()).decode(),
    f"bedrock-api-key-{encoded({'presigned': DIGITS})}",
    f"{DIGITS}{DIGITS[:20]}JQQJ99BAACYeBjFXJ3w3AAABACOG0K6H",
]
"""No keys."""


@pytest.mark.parametrize("key", OTHER_SERVICES, ids=lambda key: key[:8])
def test_a_key_of_another_service_is_removed(key: str) -> None:
    request, response = scrubbed(exchange(f"It is {key}, is it good?", json.dumps({"a": key})))
    assert json.loads(request.body)["messages"][0]["content"] == "It is KEY, is it good?"
    assert json.loads(response["body"]["string"]) == {"a": "KEY"}


def test_a_variable_that_the_test_sets_is_known_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scrubber = SecretScrubber()
    monkeypatch.setenv("SHOP_TOKEN", PLAIN)
    request, response = exchange(f"Is {PLAIN} good?", f'{{"a": "{PLAIN} is"}}')
    pair = scrubber.request(request), scrubber.response(response)
    monkeypatch.delenv("SHOP_TOKEN")
    write_cassette(tmp_path / "x.yaml", Stamp(), [pair])
    assert PLAIN not in (tmp_path / "x.yaml").read_text()


def test_a_compressed_request_is_scrubbed_inside() -> None:
    request, _ = scrubbed(exchange(body=gzip.compress(f"the {KEY}".encode())))
    assert gzip.decompress(request.body) == b"the KEY"


def test_an_answer_that_httpx_had_compressed_is_recorded_as_text(tmp_path: Path) -> None:
    request, response = exchange(answer=zstandard.compress(f'{{"e": "{KEY}"}}'.encode()))
    response["headers"] = {"Content-Encoding": ["zstd"], "content-type": ["application/json"]}
    write_cassette(tmp_path / "x.yaml", Stamp(), [scrubbed((request, response))])
    assert 'string: \'{"e": "KEY"}\'' in (tmp_path / "x.yaml").read_text()


@pytest.mark.parametrize(
    "text",
    [
        "A basic introduction, and basic authentication is another one",
        "next_page_token, cache_key: conversation-20261130, Idempotency-Key: 6f1c2f3e8f5d4e0c",
        '{"token": "Hello123", "logprob": -0.5, "total_tokens": 4096}',
        "https://user@host.example/path1?design=abc12345678&resign=abc12345678",
        "a%3Dsk-learn-compatible-2 and \\u003chf_transformers_version_4",
        "the author: someone12345, a tokenizer=cl100k_base, secret: none12 of them",
        "msg_" + "ab12" * 6 + " session_" + "cd34" * 6,
        "PRIMARY_KEY=6f1c2f3e-8f5d-4e0c-9b7a-2f6f4f0d9a11, CACHE_KEY=conversation-20261130",
        "next_page_token=6f1c2f3e8f5d4e0c9b7a, MAX_TOKENS=100000000000000000000",
        "jina-embeddings-v2-base-en, jina-reranker-v2-base-multilingual, co-authored-on-20261130",
        "sg.example.org, npm_config_registry=https://x, fc-list, hvs.example, dapi/v1/users",
    ],
)
def test_a_text_that_resembles_these_forms_stays(text: str) -> None:
    request, response = exchange(text, json.dumps({"content": text}))
    before = request.body, response["body"]["string"]
    scrubbed((request, response))
    assert (request.body, response["body"]["string"]) == before
