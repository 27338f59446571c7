"""A thousand secrets in every place of a recording, and texts that only resemble secrets."""

from __future__ import annotations

import base64
import json
import random
import string
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import yaml
from vcr.request import Request as Recorded

from scout_adapters.testing.replay.cassette_errors import SecretInCassette
from scout_adapters.testing.replay.cassette_files import Stamp, read_cassette, write_cassette
from scout_adapters.testing.scrubbing.secret_scrubber import SecretScrubber, remaining_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scout_adapters.testing.scrubbing.secret_scrubber import Exchange

SECRETS = 1_000
KEY = "sk-proj-9fX2kQ7LmZ4Tb8Wc1"  # no key
ALPHABET = string.ascii_letters + string.digits
URL = "https://api.groq.com/openai/v1/chat/completions"
PLACES = (
    "authorization", "header", "query", "path", "prompt", "base64", "stream", "arguments", "link",
    "data",
)  # fmt: skip
SHAPES = (
    "sk-proj-{40}", "sk-ant-api03-{60}", "gsk_{52}", "AIzaSy{33}", "xai-{60}", "csk-{40}",
    "nvapi-{50}", "hf_{34}", "pplx-{48}", "ya29.{50}", "ghp_{36}", "tgp_v1_{40}", "r8_{37}",
    "sk-or-v1-{50}", "fw_{24}", "eyJ{30}.{40}.{30}", "lsv2_pt_{40}", "tvly-{32}",
)  # fmt: skip
"""Shapes of keys; a number stands for that many random characters."""


def random_text(source: random.Random, length: int) -> str:
    return "".join(source.choices(ALPHABET, k=length))


def planted() -> tuple[list[str], list[str]]:
    """Return secrets that look like one, and formless ones that only the environment knows."""
    source = random.Random(19)  # the same in every run
    shaped = []
    for at in range(SECRETS * 4 // 5):
        parts = SHAPES[at % len(SHAPES)].replace("}", "{").split("{")
        shaped.append("".join(random_text(source, int(p)) if p.isdecimal() else p for p in parts))
    return shaped, [random_text(source, 20) for _ in range(SECRETS // 5)]


def pieces(text: str, secret: str) -> str:
    """Return a stream of which each event has three characters of a text with a secret in it."""
    whole = f"{text} {secret} and more"
    parts = [whole[at : at + 3] for at in range(0, len(whole), 3)]
    events = [{"choices": [{"index": 0, "delta": {"content": part}}]} for part in parts]
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"


def exchange(place: str, secret: str) -> Exchange:
    """Return an exchange with a secret in a place."""
    encoded = base64.b64encode(f'{{"token":"{secret}"}}'.encode()).decode()
    prompts = {"prompt": f"My key:\n{secret}. Is it good?", "base64": f"Decode {encoded}"}
    answers = {
        "authorization": json.dumps({"error": f"Incorrect API key provided: {secret}"}),
        "stream": pieces("Your key is", secret),
        "arguments": json.dumps({"arguments": json.dumps({"api_key": secret})}),
        "link": json.dumps({"content": f"see https://x.example/?token={quote(secret)}"}),
        "data": json.dumps({"image": f"data:text/plain;base64,{encoded}"}),
    }
    urls = {
        "query": f"{URL}?api-version=1&key={quote(secret)}",
        "path": f"https://user:{quote(secret)}@api.groq.com/v1/{quote(secret)}/chat/completions",
    }
    headers = {"content-type": "application/json", "x-custom": secret}
    headers |= {"authorization": f"Bearer {secret}"} if place == "authorization" else {}
    prompt = prompts.get(place, "Hello")
    body = json.dumps({"messages": [{"role": "user", "content": prompt}]}).encode()
    response = {
        "status": {"code": 200, "message": None},
        "headers": {"Set-Cookie": [f"session={secret}"], "content-type": ["application/json"]},
        "body": {"string": answers.get(place, '{"id": "chatcmpl-1"}').encode()},
    }
    return Recorded("POST", urls.get(place, URL), body, headers), response


def scrubbed(scrubber: SecretScrubber, pair: Exchange) -> Exchange:
    return scrubber.request(pair[0]), scrubber.response(pair[1])


def test_no_planted_secret_reaches_a_file(tmp_path: Path) -> None:
    shaped, formless = planted()
    for place in PLACES:
        at = PLACES.index(place)
        known, secrets = formless[at :: len(PLACES)], shaped[at :: len(PLACES)]
        scrubber = SecretScrubber(tuple(known))
        pairs = [scrubbed(scrubber, exchange(place, secret)) for secret in (*secrets, *known)]
        write_cassette(tmp_path / f"{place}.yaml", Stamp(), pairs, known)
    texts = [
        path.read_text() + "\n".join(everything_in(path)) for path in sorted(tmp_path.iterdir())
    ]
    text = "\n".join(texts)
    assert text.count("  uri: ") == SECRETS
    assert [secret for secret in (*shaped, *formless) if secret[-12:] in text] == []


def everything_in(path: Path) -> Iterator[str]:
    """Yield what the bodies of a cassette contain in base64, and in pieces of a stream."""
    for interaction in yaml.load(path.read_text(), Loader=yaml.CSafeLoader)["interactions"]:
        for body in (interaction["request"]["body"], interaction["response"]["body"]["string"]):
            for word in body.replace('"', " ").replace(",", " ").split():
                letters = "".join(filter(ALPHABET.__contains__, word))
                yield base64.b64decode(letters + "A" * (-len(letters) % 4)).decode("latin-1")
            events = [line[6:] for line in body.split("\n") if line.startswith("data: {")]
            deltas = [json.loads(event)["choices"][0]["delta"] for event in events]
            yield "".join(delta.get("content", "") for delta in deltas)


LOOK_ALIKES = [
    "6f1c2f3e-8f5d-4e0c-9b7a-2f6f4f0d9a11",
    "chatcmpl-8Zt3Yx1Qk9LmN4pR7sVw2",
    "call_abc123XYZ456defGHI789jkl",
    "toolu_01A09q90qw90lq917835lq9",
    "req_512c904421c2e6625f213c6a75",
    "fp_c82faf3ca0",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "sk-learn-compatible-estimators-v2",
    "hf_transformers_version_4_is_out",
    "msg_013Zva2CMHLNnXjNJJKqJ2EF",
    "gpt-6-luna-2026-10-01",
    "data:image/png;base64," + base64.b64encode(bytes(range(256)) * 40).decode(),
    base64.urlsafe_b64encode(random.Random(3).randbytes(20_000)).decode(),
    "max_tokens: 4096, password: ",
    "text-embedding-3-large",
    "/usr/lib/python3.11/site-packages/x_1.2.3-py3-none-any.whl",
]


@pytest.mark.parametrize("text", LOOK_ALIKES, ids=lambda text: text[:24])
def test_what_only_resembles_a_secret_is_left_as_it_is(text: str) -> None:
    scrubber = SecretScrubber()
    body = json.dumps({"messages": [{"role": "user", "content": f"see {text}"}], "id": text})
    answer = {"headers": {}, "body": {"string": body.encode()}}
    request = Recorded("POST", URL, body.encode(), {})
    assert scrubber.request(request).body == body.encode()
    assert scrubber.response(answer)["body"]["string"] == body.encode()


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"\xff\x00 " + KEY.encode(), "interaction 1, answer, binary body"),
        (
            b'{"a": ["%s"]}' % base64.b64encode(base64.b64encode(b"the key " + KEY.encode())),
            "interaction 1, answer, $.a[0]",
        ),
        (b'{"hex": "%s"}' % KEY.encode().hex().encode(), "answer, $.hex"),
    ],
)
def test_a_cassette_with_a_key_that_cannot_be_removed_is_not_written(
    body: bytes, place: str, tmp_path: Path
) -> None:
    path = tmp_path / "new.yaml"
    request, response = exchange("prompt", "k")
    response["body"]["string"] = body
    with pytest.raises(SecretInCassette) as caught:
        write_cassette(path, Stamp(), [(SecretScrubber().request(request), response)])
    assert place in str(caught.value)
    assert "9fX2kQ7" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_written_cassette_is_read_as_it_was(tmp_path: Path) -> None:
    pairs = [scrubbed(SecretScrubber(), exchange(place, KEY)) for place in PLACES]
    write_cassette(tmp_path / "x.yaml", Stamp(test="t.py::t", models=("a/b",)), pairs)
    read = read_cassette(tmp_path / "x.yaml")
    assert (read.stamp.test, read.stamp.models, len(read.exchanges)) == ("t.py::t", ("a/b",), 10)
    assert remaining_secrets(read.exchanges) == []
