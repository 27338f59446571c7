"""One test with its cassette: begun before its fixtures, checked after its call, ended last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

import pytest

from scout_adapters.testing.cassettes import RECORDED_AT, StillEmulator
from scout_adapters.testing.isolation.placeholder_keys import placeholder_keys
from scout_adapters.testing.isolation.virtual_time import VirtualTime
from scout_adapters.testing.process_state import reset, snapshot
from scout_adapters.testing.replay.cassette_errors import (
    CassetteError,
    CassetteNotPlayed,
    RequestNotRecorded,
    SecretInCassette,
)
from scout_adapters.testing.replay.cassette_files import Stamp, read_cassette, write_cassette
from scout_adapters.testing.replay.cassette_paths import CassettePlan, Match, RecordingMode
from scout_adapters.testing.replay.emulated_network import emulated_network
from scout_adapters.testing.replay.played_cassette import PlayedCassette
from scout_adapters.testing.replay.recorded_addresses import is_recorded, model_of
from scout_adapters.testing.scrubbing.scrubber import known_secrets
from scout_adapters.testing.scrubbing.secret_scrubber import (
    Exchange,
    SecretScrubber,
    remaining_secrets,
)

PACKAGES = ("scout-adapters", "langchain-core", "vcrpy")
"""Packages whose versions a recording contains."""


def begin(item: pytest.Item, path: Path, mode: str) -> CassetteSession:
    """Begin to play or record the cassette of a test."""
    marker = item.get_closest_marker("scout_cassette")
    match: Match = (marker.kwargs.get("match") if marker else None) or "meaning"
    session = CassetteSession(path, item.nodeid, mode, match)
    try:
        session.begin()
    except (CassetteError, RequestNotRecorded) as error:
        session.end(write=False)
        pytest.fail(f"{type(error).__name__}: {error}", pytrace=False)
    except BaseException:  # raised again; the clients are as before
        session.end(write=False)
        raise
    return session


class CassetteSession:
    """The cassette of a test while the test runs; what the fixture `scout_cassette` returns."""

    def __init__(self, path: Path, test: str, mode: str, match: Match = "meaning") -> None:
        self.path = path
        """The file, which may not exist yet."""

        self.mode = mode
        """none, new, all, live or emulator."""

        self._test, self._match = test, match
        self._stack = ExitStack()
        self._secrets: tuple[str, ...] = ()
        self._cassette: PlayedCassette | None = None

    @property
    def requests(self) -> list[Any]:
        """The recorded requests, without secrets."""
        return list(self._cassette.requests) if self._cassette is not None else []

    def begin(self) -> None:
        """Reset what the package keeps in the process, set keys, and answer from now on."""
        before = snapshot()
        reset(before)
        self._stack.callback(reset, before)
        if self.mode in {"none", "emulator"}:
            self._stack.enter_context(placeholder_keys())
            self._stack.enter_context(VirtualTime().installed())
        if self.mode == "live":
            return
        mode = cast("RecordingMode", self.mode)
        plan = CassettePlan(self.path, self._test, mode, is_recorded, self._match)
        if self.mode == "emulator":
            self._stack.enter_context(emulated_network(StillEmulator()))
        self._secrets = tuple(known_secrets())
        scrubber = SecretScrubber(self._secrets)
        cassette = PlayedCassette(plan, self._loaded(), scrubber)
        self._stack.enter_context(cassette.playing())
        self._cassette = cassette

    def _loaded(self) -> list[Exchange]:
        if self.mode not in {"none", "new"} or not self.path.is_file():
            return []
        exchanges = read_cassette(self.path).exchanges
        if places := remaining_secrets(exchanges, self._secrets):
            lines = "".join(f"\n  {place}" for place in places)
            raise SecretInCassette(
                f"{self.path} contains what looks like a key: revoke it, then remove it with"
                f" `scout-adapters cassettes redact {self.path}`{lines}"
            )
        return list(exchanges)

    @contextmanager
    def checked(self) -> Iterator[None]:
        """Fail the test if a request had no answer, or an answer no request."""
        try:
            yield
        except BaseException:  # raised again, unless a missing answer is the cause
            self._fail_if_missing()
            raise
        self._fail_if_missing()
        if (
            self._cassette is not None
            and self.mode in {"none", "new"}
            and (text := self._cassette.unplayed())
        ):
            pytest.fail(f"{CassetteNotPlayed.__name__}: {text}", pytrace=False)

    def _fail_if_missing(self) -> None:
        """Fail for a request without an answer, also if the test has caught its error."""
        if self._cassette is not None and self._cassette.missing:
            text = f"{RequestNotRecorded.__name__}: {self._cassette.missing[0]}"
            try:
                pytest.fail(text, pytrace=False)
            except pytest.fail.Exception as failure:
                raise failure from None

    def end(self, *, write: bool = True) -> None:
        """Stop answering, write what was recorded, and reset the process."""
        cassette = self._cassette
        self._stack.close()
        if cassette is None or not write:
            return
        if cassette.dirty:
            self._write(cassette)
        if left := cassette.answers.left():
            lines = "".join(f"\n  {request}" for request in left)
            pytest.fail(
                f"StreamLeftOpen: read to the end, or close, the answers of{lines}", pytrace=False
            )

    def _write(self, cassette: PlayedCassette) -> None:
        try:
            write_cassette(self.path, self._stamp(cassette), cassette.data, cassette.secrets)
        except CassetteError as error:
            pytest.fail(f"{type(error).__name__}: {error}", pytrace=False)

    def _stamp(self, cassette: PlayedCassette) -> Stamp:
        is_emulated = self.mode == "emulator"
        time = datetime.fromtimestamp(RECORDED_AT, UTC) if is_emulated else datetime.now(UTC)
        models = {model_of(request): None for request in cassette.requests}
        return Stamp(
            answered_by="emulator" if is_emulated else "live",
            test=self._test,
            recorded_at=time.isoformat(timespec="seconds"),
            models=tuple(sorted(model for model in models if model)),
            versions=_versions(),
        )


@cache
def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # the package runs from a folder that is not installed
            continue
    return found
