"""One test with its cassette: begun before its fixtures, checked after its call, ended last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

from scout_adapters.errors import NoKeyError
from scout_adapters.testing.cassettes import RECORDED_AT, StillEmulator
from scout_adapters.testing.isolation.live_calls import place_of
from scout_adapters.testing.isolation.placeholder_keys import placeholder_keys
from scout_adapters.testing.isolation.virtual_time import VirtualTime
from scout_adapters.testing.process_state import reset, snapshot
from scout_adapters.testing.replay.cassette_errors import (
    CassetteError,
    CassetteNotPlayed,
    CassetteUnreadable,
    RequestNotRecorded,
    SecretInCassette,
)
from scout_adapters.testing.replay.cassette_files import (
    CassetteFile,
    Stamp,
    read_cassette,
    write_cassette,
)
from scout_adapters.testing.replay.cassette_owner import check_owner
from scout_adapters.testing.replay.cassette_paths import CassettePlan, Match, RecordingMode
from scout_adapters.testing.replay.emulated_network import emulated_network
from scout_adapters.testing.replay.masked_prompts import masked_text
from scout_adapters.testing.replay.named_failure import fail_by_name
from scout_adapters.testing.replay.played_cassette import PlayedCassette
from scout_adapters.testing.replay.recorded_addresses import is_recorded, model_of
from scout_adapters.testing.replay.request_differences import commands, emulator_command
from scout_adapters.testing.scrubbing.scrubber import known_secrets
from scout_adapters.testing.scrubbing.secret_scrubber import (
    Exchange,
    SecretScrubber,
    remaining_secrets,
)

PACKAGES = ("scout-adapters", "langchain-core", "vcrpy")
"""Packages whose versions a recording contains."""


def begin(item: pytest.Item, path: Path, mode: RecordingMode) -> CassetteSession:
    """Begin to play or record the cassette of a test."""
    marker = item.get_closest_marker("scout_cassette")
    match: Match = (marker.kwargs.get("match") if marker else None) or "meaning"
    plan = CassettePlan(path, item.nodeid, item.config.rootpath, mode, is_recorded, match)
    session = CassetteSession(plan)
    try:
        session.begin()
    except CassetteError as error:
        session.end(write=False)
        fail_by_name(f"{type(error).__name__}: {error}")
    except BaseException:  # raised again; the clients are as before
        session.end(write=False)
        raise
    return session


class CassetteSession:
    """The cassette of a test while the test runs; what the fixture `scout_cassette` returns."""

    def __init__(self, plan: CassettePlan) -> None:
        self.path = plan.path
        """The file, which may not exist yet."""

        self.mode = plan.mode
        """none, new, all, live or emulator."""

        self.warning = ""
        """What `end` has to report of a recording that was written."""

        self._plan = plan
        self._keeps = self._misses_key = False
        self._recorded_by = "live"
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
        if self.mode == "emulator":
            self._stack.enter_context(emulated_network(StillEmulator()))
        self._secrets = tuple(known_secrets())
        scrubber = SecretScrubber(self._secrets)
        cassette = PlayedCassette(self._plan, self._loaded(), scrubber)
        self._stack.enter_context(cassette.playing())
        self._cassette = cassette

    def _loaded(self) -> list[Exchange]:
        """Return what is played: the content of the file, unless it is recorded again.

        Raises:
            CassetteError: if the file is unreadable, of another test, or contains a key.
        """
        file = self._file()
        if file is None:
            return []
        check_owner(self._plan, file.stamp.test)
        if self.mode not in {"none", "new"}:
            return []
        if places := remaining_secrets(file.exchanges, self._secrets, file.outside):
            lines = "".join(f"\n  {place}" for place in places)
            raise SecretInCassette(
                f"{self._plan.shown_path} contains what looks like a key: revoke it, then remove"
                f" it with `scout-adapters cassettes redact {self._plan.shown_path}`{lines}"
            )
        self._recorded_by = file.stamp.answered_by
        return list(file.exchanges)

    def _file(self) -> CassetteFile | None:
        """Return the content of the file; None without one, or if an unreadable one is replaced.

        Raises:
            CassetteUnreadable: with the commands that replace the file.
        """
        if not self.path.is_file():
            return None
        try:
            return read_cassette(self.path, self._plan.shown_path)
        except CassetteUnreadable as error:
            if self.mode not in {"none", "new"}:
                return None
            text = "\n".join([str(error), *commands(self._plan, "all")])
            raise CassetteUnreadable(text) from None

    @contextmanager
    def checked(self) -> Iterator[None]:
        """Fail the test if a request had no answer, or an answer no request."""
        try:
            yield
        except BaseException as error:  # raised again, unless a missing answer or key is the cause
            self._fail_if_missing()
            self._fail_without_key(error)
            raise
        self._fail_if_missing()
        if (
            self._cassette is not None
            and self.mode in {"none", "new"}
            and (text := self._cassette.unplayed())
        ):
            fail_by_name(f"{CassetteNotPlayed.__name__}: {text}")

    def _fail_if_missing(self) -> None:
        """Fail for a request without an answer, also if the test has caught its error."""
        if self._cassette is not None and self._cassette.missing:
            fail_by_name(f"{RequestNotRecorded.__name__}: {self._cassette.missing[0]}")

    def _fail_without_key(self, error: BaseException) -> None:
        """Fail for a missing key of a live API, with the command that needs none."""
        if isinstance(error, NoKeyError) and self.mode in {"new", "all", "live"}:
            self._misses_key = True
            command = emulator_command(self._plan.test)
            fail_by_name(
                f"{type(error).__name__}{place_of(error)}: {error}\n"
                f"or record from the emulator: {command}"
            )

    def keep(self) -> None:
        """Let `end` write what was recorded: the test has passed."""
        self._keeps = True

    @property
    def unkept(self) -> str:
        """What to report of the recording of a failed test; "" if there is nothing to report."""
        if self._cassette is None or self._misses_key:
            return ""
        if not self._cassette.requests and self.mode in {"new", "all"}:
            command = emulator_command(self._plan.test)
            return f"The test has sent no request. Is a key missing? Without keys: {command}"
        if not self._cassette.dirty:
            return ""
        state = "stays as it was" if self.path.is_file() else "is not written"
        return f"{self._plan.shown_path} {state}: recordings of failed tests are not kept"

    def end(self, *, write: bool = True) -> None:
        """Stop answering, write what was recorded if the test passed, and reset the process."""
        cassette = self._cassette
        self._stack.close()
        if cassette is None or not write:
            return
        if cassette.dirty and self._keeps:
            self._write(cassette)
        if left := cassette.answers.left():
            lines = "".join(f"\n  {request}" for request in left)
            fail_by_name(f"StreamLeftOpen: read to the end, or close, the answers of{lines}")

    def _write(self, cassette: PlayedCassette) -> None:
        try:
            stamp, shown = self._stamp(cassette), self._plan.shown_path
            written = write_cassette(self.path, stamp, cassette.data, cassette.secrets, shown)
        except CassetteError as error:
            fail_by_name(f"{type(error).__name__}: {error}")
        self.warning = masked_text(shown, written, cassette.masked)

    def _stamp(self, cassette: PlayedCassette) -> Stamp:
        is_emulated = self.mode == "emulator"
        time = datetime.fromtimestamp(RECORDED_AT, UTC) if is_emulated else datetime.now(UTC)
        models = {model_of(request): None for request in cassette.requests}
        return Stamp(
            answered_by="emulator" if is_emulated else self._live_source(),
            test=self._plan.test,
            recorded_at=time.isoformat(timespec="seconds"),
            models=tuple(sorted(model for model in models if model)),
            versions=_versions(),
        )

    def _live_source(self) -> str:
        """Return who has answered a live recording: with `new`, a part may be the emulator's."""
        return "emulator and live" if self._recorded_by.startswith("emulator") else "live"


@cache
def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # the package runs from a folder that is not installed
            continue
    return found
