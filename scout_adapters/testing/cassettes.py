"""Cassettes without secrets: how vcrpy records and replays the providers, for our tests and yours.

    from scout_adapters.testing.cassettes import cassette

    with cassette("cassettes/groq/hello.yaml"):
        ScoutGroqChatModel().invoke("Hello")

With `SCOUT_RECORD=live` in the environment that asks Groq and writes the file; without it nothing
but the file answers, and any key will do.

With pytest-recording, return `options()` from the fixture `vcr_config`, and call `configure(vcr)`
in the hook `pytest_recording_configure`.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson

# vcrpy and PyYAML come without types.
import vcr
import yaml
from vcr.persisters.filesystem import CassetteNotFoundError
from vcr.serialize import deserialize, serialize

from scout_adapters._internal.redaction import key_forms
from scout_adapters.testing.emulator.emulator import Emulator
from scout_adapters.testing.ids import Ids

if TYPE_CHECKING:
    from vcr.cassette import Cassette
    from vcr.request import Request as Recorded

    from scout_adapters.testing.http_messages import Request

VARIABLE = "SCOUT_RECORD"
Mode = Literal["replay", "emulator", "live"]

KEPT_HEADERS = frozenset({"content-type", "anthropic-version", "anthropic-beta", "retry-after"})
"""The headers that a cassette holds, of requests and answers; all others may name somebody."""

MATCHED = ("method", "scheme", "host", "port", "path", "query", "said")
MASK = "KEY"
MOMENT = 1_767_225_600.0
"""When recordings of the emulator take place: the first second of 2026, UTC."""

_SECRET_VARIABLE = re.compile(r"(KEYS?|TOKEN|SECRET|PASSWORD)$")
_SHORTEST_SECRET = 8
_SECRET_PARAMETERS = frozenset({"key", "api_key", "api-key", "apikey", "access_token", "token"})

LOOKS_LIKE_A_KEY = re.compile(
    r"(?:(?<![A-Za-z0-9/+])|(?<=\\[nrt]))(?:"
    r"(?:sk|pk|rk|csk|xai|pplx|nvapi|gsk|hf|fw|r8|tgp|ghp|github_pat|ya29|AQ)[-_.]"
    r"(?=[A-Za-z0-9_\-.]*\d)[A-Za-z0-9_\-.]{16,}"
    r"|AIza[A-Za-z0-9_\-]{30,}"
    r"|eyJ[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-.]{16,}"
    r"|org[-_](?=[A-Za-z0-9]*\d)[A-Za-z0-9]{16,}"
    r"|(?<=[Bb]earer )[A-Za-z0-9_\-.=]{8,}"
    r"|[A-Za-z0-9_\-]{2,16}\*{3,}[A-Za-z0-9_\-]{2,16})"
)
"""Keys, tokens, half-masked keys and accounts, as providers write them."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class CassetteNotPlayed(AssertionError):
    """A cassette holds answers that nobody asked for any more: record it again."""


def mode(environment: Mapping[str, str] = os.environ) -> Mode:
    """Read from `SCOUT_RECORD` who answers: the cassettes, the emulator, or the live APIs."""
    match environment.get(VARIABLE, ""):
        case "" | "replay":
            return "replay"
        case "emulator":
            return "emulator"
        case "live":
            return "live"
        case other:
            raise ValueError(f"{VARIABLE}={other} is none of replay, emulator, live")


@contextmanager
def cassette(
    path: str | Path,
    *,
    record: bool | None = None,
    keys: Iterable[str] = (),
    repeats: bool = False,
    check: bool = True,
    source: str = "live",
) -> Iterator[Cassette]:
    """Play a cassette, or record it anew; by default as `SCOUT_RECORD` says.

    While it plays, a request that it does not hold fails, and so does leaving before all of it was
    asked for (`CassetteNotPlayed`), unless `check` is off. `keys` are secrets besides those in the
    environment; with `repeats` an answer may be given many times. A recording says its `source`.
    """
    recording = mode() != "replay" if record is None else record
    if recording:
        Path(path).unlink(missing_ok=True)
    given = options(keys) | {"record_mode": "all" if recording else "none"}
    with configure(vcr.VCR(), source).use_cassette(
        str(path), **given, allow_playback_repeats=repeats
    ) as playing:
        yield playing
    if check and not recording:
        check_played(playing)


def check_played(playing: Cassette) -> None:
    """See to it that every answer of a cassette was asked for; raises `CassetteNotPlayed`."""
    unasked = [
        request for at, request in enumerate(playing.requests) if not playing.play_counts[at]
    ]
    if unasked:
        listed = "".join(f"\n  {one.method} {one.uri} {_bytes(one)[:200]!r}" for one in unasked)
        raise CassetteNotPlayed(f"nobody asked for {len(unasked)} of the answers:{listed}")


def options(keys: Iterable[str] = ()) -> dict[str, Any]:
    """Return what `use_cassette` takes, of a VCR made by `configure`; the record mode is yours."""
    scrubber = Scrubber(tuple(known_secrets(keys)))
    return {
        "match_on": MATCHED,
        "before_record_request": scrubber.request,
        "before_record_response": scrubber.response,
        "decode_compressed_response": True,
    }


def configure(recorder: vcr.VCR, source: str = "live") -> vcr.VCR:
    """Teach a VCR to compare bodies as JSON, and to write files that stay the same."""
    recorder.register_matcher("said", same_body)
    recorder.register_persister(StillPersister(source))
    return recorder


def known_secrets(
    keys: Iterable[str] = (), environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """Yield every secret that is known, longest first: `keys`, and what the environment holds."""
    held = (value for name, value in environment.items() if _SECRET_VARIABLE.search(name.upper()))
    parts = (part.strip() for value in held for part in value.split(","))
    found = {*keys, *(part for part in parts if len(part) >= _SHORTEST_SECRET)}
    yield from sorted(found, key=lambda one: (-len(one), one))


@dataclass(frozen=True)
class Scrubber:
    """Takes out of requests and answers whatever names a key, an account or a moment."""

    secrets: Sequence[str] = ()

    def __repr__(self) -> str:
        return f"Scrubber({len(self.secrets)} secrets)"

    def text(self, text: str) -> str:
        """Mask the known secrets, and what looks like one."""
        for secret in self.secrets:
            for form in key_forms(secret) if len(secret) >= _SHORTEST_SECRET else (secret,):
                text = text.replace(form, MASK)
        return LOOKS_LIKE_A_KEY.sub(MASK, text)

    def url(self, url: str) -> str:
        """Drop query parameters that carry keys, mask the rest."""
        parts = urlsplit(url)
        named = parse_qsl(parts.query, keep_blank_values=True)
        query = [(name, value) for name, value in named if name.lower() not in _SECRET_PARAMETERS]
        bare = parts._replace(query=urlencode(query), netloc=parts.netloc.rpartition("@")[2])
        return self.text(urlunsplit(bare))

    def request(self, request: Recorded) -> Recorded:
        """Scrub a request; what LangChain numbers at random is numbered in order instead."""
        request.headers = _kept(request.headers)
        request.uri = self.url(request.uri)
        if text := _text_of(request.body):
            request.body = numbered(self.text(text))
        return request

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        """Scrub an answer."""
        response["headers"] = _kept(response["headers"])
        if text := _text_of(response["body"].get("string")):
            response["body"]["string"] = self.text(text).encode()
        return response


def _kept(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): headers[name] for name in headers if name.lower() in KEPT_HEADERS}


def _bytes(request: Recorded) -> bytes:
    body = request.body
    return body if isinstance(body, bytes) else b""


def _text_of(body: Any) -> str:
    """Return a body's text, "" where it is none, as of a picture."""
    if not isinstance(body, bytes):
        return body if isinstance(body, str) else ""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return ""


def numbered(text: str) -> str:
    """Replace random UUIDs by numbered ones, each by its own, in the order of their coming."""
    seen: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return seen.setdefault(found[0], f"00000000-0000-4000-8000-{len(seen):012d}")

    return _UUID.sub(number, text)


def same_body(one: Recorded, other: Recorded) -> None:
    """Match two requests by what they say: JSON whatever the order of its keys, else the bytes."""
    ours, theirs = _said(one), _said(other)
    if ours != theirs:
        raise AssertionError("\n".join(_differences(ours, theirs)))


def _said(request: Recorded) -> Any:
    body = _bytes(request)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body


def _differences(ours: Any, theirs: Any, where: str = "$") -> Iterator[str]:
    """Name the places where two JSON values differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            yield from _differences(ours.get(name), theirs.get(name), f"{where}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for at, (left, right) in enumerate(zip(ours, theirs, strict=True)):
            yield from _differences(left, right, f"{where}[{at}]")
    elif ours != theirs:
        yield f"{where}: {ours!r:.300} is not {theirs!r:.300}"


@dataclass(frozen=True)
class StillPersister:
    """Writes files that are the same whenever the same was said, and that read well.

    Interactions stand in the order of their size, not of their arrival, which threads change.
    """

    source: str
    """Who gave the answers: `emulator` or `live`. Every file says it in its first line."""

    def load_cassette(self, path: str | Path, serializer: Any) -> tuple[list[Any], list[Any]]:
        """Read a cassette; raises vcrpy's `CassetteNotFoundError`."""
        if not Path(path).is_file():
            raise CassetteNotFoundError(path)
        text = Path(path).read_text(encoding="utf-8")
        loaded: tuple[list[Any], list[Any]] = deserialize(text, serializer)
        return loaded

    def save_cassette(self, path: str | Path, said: dict[str, Any], serializer: Any) -> None:  # noqa: ARG002  # vcrpy's signature
        """Write a cassette."""
        pairs = sorted(zip(said["requests"], said["responses"], strict=True), key=_by_size)
        ordered = {"requests": [one for one, _ in pairs], "responses": [one for _, one in pairs]}
        text = f"answered_by: {self.source}\n{serialize(ordered, _Readable)}"
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")


def _by_size(pair: tuple[Recorded, Any]) -> tuple[int, str, bytes]:
    request, _ = pair
    return len(_bytes(request)), request.uri, _bytes(request)


class _Readable:
    """Writes YAML that vcrpy's own serializer reads, text of many lines as such."""

    @staticmethod
    def serialize(data: Mapping[str, Any]) -> str:
        return cast("str", yaml.dump(data, Dumper=_Dumper, allow_unicode=True, width=10**6))


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # untyped, as all of PyYAML
    """Writes text of many lines as a block."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


class StillEmulator(Emulator):
    """An emulator for recording: what it says depends on what it is asked, and on nothing else.

    Its ids are made of the request and of how often that came before, its dates are all one.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{"wall": _moment, **named})
        self._asked: Counter[str] = Counter()
        self._counting = threading.Lock()

    def ids(self, request: Request, house: str, number: int) -> Ids:  # noqa: ARG002  # never the number
        """Return the ids of an exchange."""
        said = f"{request.path}?{request.query} {numbered(_text_of(request.body))}"
        seed = hashlib.sha256(said.encode()).hexdigest()
        with self._counting:
            self._asked[seed] += 1
            return Ids(f"{house}/{seed}/{self._asked[seed]}")


def _moment() -> float:
    return MOMENT
