"""Cassettes without secrets: record and replay providers with vcrpy, in your tests and ours.

    from scout_adapters.testing.cassettes import cassette

    with cassette("cassettes/groq/hello.yaml"):
        ScoutGroqChatModel().invoke("Hello")

With `SCOUT_RECORD=live` in the environment, this sends the request to Groq and writes the file.
Without it, the answer comes from the file, and any key is accepted. `all` is the same as `live`,
and `none` or `replay` the same as no value.

With pytest-recording, return `options()` from the fixture `vcr_config`, and call `configure(vcr)`
in the hook `pytest_recording_configure`.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import orjson

# vcrpy comes without types.
import vcr
from vcr.persisters.filesystem import CassetteNotFoundError
from vcr.serialize import deserialize, serialize

from scout_adapters.testing.emulator.emulator import Emulator
from scout_adapters.testing.ids import Ids
from scout_adapters.testing.replay.cassette_errors import CassetteNotPlayed, SecretInCassette
from scout_adapters.testing.replay.cassette_files import ReadableYaml
from scout_adapters.testing.replay.emulated_network import emulated_network
from scout_adapters.testing.scrubbing.scrubber import known_secrets, numbered, text_of
from scout_adapters.testing.scrubbing.secret_scrubber import NumberedScrubber, remaining_secrets

if TYPE_CHECKING:
    from vcr.cassette import Cassette
    from vcr.request import Request as Recorded

    from scout_adapters.testing.http_messages import Request

__all__ = [
    "RECORDED_AT",
    "CassetteNotPlayed",
    "StillEmulator",
    "cassette",
    "check_played",
    "configure",
    "mode",
    "options",
    "same_body",
]

VARIABLE = "SCOUT_RECORD"
Mode = Literal["replay", "emulator", "live"]

MATCHED = ("method", "scheme", "host", "port", "path", "query", "json_body")
RECORDED_AT = 1_767_225_600.0
"""Seconds since 1970: the time of all recordings of the emulator, 2026-01-01 00:00:00 UTC."""


def mode(environment: Mapping[str, str] = os.environ) -> Mode:
    """Return from `SCOUT_RECORD` what answers: cassettes, the emulator, or the live APIs.

    Raises:
        ValueError: if the variable has another value.
    """
    match environment.get(VARIABLE, ""):
        case "" | "none" | "replay":
            return "replay"
        case "emulator":
            return "emulator"
        case "all" | "live":
            return "live"
        case other:
            raise ValueError(f"{VARIABLE}={other}: use one of none, replay, emulator, all, live")


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
    """Replay a cassette, or record it again; by default according to `SCOUT_RECORD`.

    `keys` are secrets in addition to those in the environment. With `repeats`, an answer can be
    replayed several times. `source` is written into a recording. A recording whose block raises
    leaves the file as it was.

    Raises:
        vcr.errors.CannotOverwriteExistingCassetteException: for a request that is not in the file.
        CassetteNotPlayed: at the end, if an answer was not requested and `check` is on.
        SecretInCassette: at the end of a recording, if what looks like a key would be left in it.
        NotEmulated: if the emulator answers, for a host or an HTTP client that it does not play.
    """
    answering = mode() if record is None else ("live" if record else "replay")
    recording = answering != "replay"
    source = "emulator" if answering == "emulator" else source
    settings = options(keys) | {"record_mode": "all" if recording else "none"}
    network = emulated_network(StillEmulator()) if answering == "emulator" else nullcontext()
    recorder = configure(vcr.VCR())
    persister = StillPersister(source, records=recording, secrets=tuple(known_secrets(keys)))
    recorder.register_persister(persister)
    tape = recorder.use_cassette(str(path), **settings, allow_playback_repeats=repeats)
    with network, tape as playing, persister.kept_after_failures():
        yield playing
    if recording:
        _drop_if_empty(playing, Path(path))
    elif check:
        check_played(playing)


def _drop_if_empty(recorded: Cassette, path: Path) -> None:
    """Remove the old file of a recording without requests: nothing would play it."""
    if not recorded.requests:
        path.unlink(missing_ok=True)


def check_played(playing: Cassette) -> None:
    """Check that every answer of a cassette was requested.

    Raises:
        CassetteNotPlayed: if one was not.
    """
    left = [request for at, request in enumerate(playing.requests) if not playing.play_counts[at]]
    if left:
        lines = (
            f"\n  {request.method} {request.uri} {_bytes(request)[:200]!r}" for request in left
        )
        what = f"{len(left)} of the answers were not requested, record the cassette again:"
        raise CassetteNotPlayed(what + "".join(lines))


def options(keys: Iterable[str] = ()) -> dict[str, Any]:
    """Return the arguments of `use_cassette`, without the record mode, for a VCR of `configure`."""
    scrubber = NumberedScrubber(tuple(known_secrets(keys)))
    return {
        "match_on": MATCHED,
        "before_record_request": scrubber.request,
        "before_record_response": scrubber.response,
        "decode_compressed_response": True,
    }


def configure(recorder: vcr.VCR, source: str = "live") -> vcr.VCR:
    """Make a VCR compare bodies as JSON, and write the same file for the same exchanges."""
    recorder.register_matcher("json_body", same_body)
    recorder.register_persister(StillPersister(source))
    return recorder


def _bytes(request: Recorded) -> bytes:
    body = request.body
    return body if isinstance(body, bytes) else b""


def same_body(one: Recorded, other: Recorded) -> None:
    """Match the bodies of two requests: as JSON with keys in any order, else as bytes.

    Raises:
        AssertionError: if they differ.
    """
    ours, theirs = _body_value(one), _body_value(other)
    if ours != theirs:
        raise AssertionError("\n".join(_differences(ours, theirs)))


def _body_value(request: Recorded) -> Any:
    body = _bytes(request)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body


def _differences(ours: Any, theirs: Any, where: str = "$") -> Iterator[str]:
    """Yield the differences between two JSON values, with their paths."""
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
    """Writes the same readable file for the same exchanges.

    Exchanges are in order of size, not of arrival, which depends on threads.
    """

    source: str
    """Where the answers come from, `emulator` or `live`; the first line of every file."""

    records: bool = False
    """Whether a new file takes the place of the old one, which is not read."""

    failures: list[str] = field(default_factory=list)
    """Names of the exceptions that ended the recording: with one, no file is written."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Texts that no file may contain, in addition to what looks like a key."""

    @contextmanager
    def kept_after_failures(self) -> Iterator[None]:
        """Leave the file as it is if the block raises: no half of a recording replaces a whole."""
        try:
            yield
        except BaseException as error:  # raised again: after any of them no file is written
            self.failures.append(type(error).__name__)
            raise

    def load_cassette(self, path: str | Path, serializer: Any) -> tuple[list[Any], list[Any]]:
        """Read a cassette.

        Raises:
            CassetteNotFoundError: if there is no such file.
        """
        if self.records or not Path(path).is_file():
            raise CassetteNotFoundError(path)
        text = Path(path).read_text(encoding="utf-8")
        loaded: tuple[list[Any], list[Any]] = deserialize(text, serializer)
        return loaded

    def save_cassette(self, path: str | Path, exchanges: dict[str, Any], serializer: Any) -> None:  # noqa: ARG002  # vcrpy's signature
        """Write a cassette, unless its recording failed.

        Raises:
            SecretInCassette: if something that looks like a key is left in it.
        """
        if self.failures:
            return
        pairs = sorted(
            zip(exchanges["requests"], exchanges["responses"], strict=True), key=_by_size
        )
        if places := remaining_secrets(pairs, self.secrets):
            raise SecretInCassette(
                f"{path} is not written, something that looks like a key would be left in it:"
                + "".join(f"\n  {place}" for place in places)
            )
        requests, responses = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        ordered = {"requests": requests, "responses": responses}
        text = f"answered_by: {self.source}\n{serialize(ordered, ReadableYaml)}"
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)


def _by_size(pair: tuple[Recorded, Any]) -> tuple[int, str, bytes]:
    request, _ = pair
    return len(_bytes(request)), request.uri, _bytes(request)


class StillEmulator(Emulator):
    """An emulator for recordings: its answers depend on the requests only.

    Ids are made of the request and of how often it occurred before; all dates are `RECORDED_AT`.
    Signatures and tokens, which no recording contains, are checked at the time of the request.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **{"wall": lambda: RECORDED_AT, **named})
        self.time_of_requests = named.get("wall", time.time)
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()

    def ids(self, request: Request, provider: str, number: int) -> Ids:  # noqa: ARG002  # never the number
        """Return the ids of an exchange."""
        text = f"{request.path}?{request.query} {numbered(text_of(request.body))}"
        seed = hashlib.sha256(text.encode()).hexdigest()
        with self._counting:
            self._counts[seed] += 1
            return Ids(f"{provider}/{seed}/{self._counts[seed]}")
