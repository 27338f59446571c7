"""What is wrong with cassettes on disk: unreadable, with secrets, old, or without a test."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from scout_adapters.testing.replay.cassette_errors import CassetteUnreadable
from scout_adapters.testing.replay.cassette_files import (
    FORM,
    CassetteFile,
    read_cassette,
    write_cassette,
)
from scout_adapters.testing.replay.cassette_owner import has_test
from scout_adapters.testing.replay.cassette_paths import FOLDER
from scout_adapters.testing.scrubbing.scrubber import known_secrets
from scout_adapters.testing.scrubbing.secret_scrubber import SecretScrubber, remaining_secrets

_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages"})


@dataclass(frozen=True)
class CassetteProblem:
    """Something wrong with a cassette."""

    path: Path
    kind: str
    """unreadable, secret, form, age or gone."""

    what: str


def find_cassettes(places: Iterable[Path]) -> list[Path]:
    """Return the cassettes at these paths: files, and files in folders named `cassettes`."""
    found = {path for place in places for path in ([place] if place.is_file() else _below(place))}
    return sorted(found)


def _below(place: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(place):
        folders[:] = [name for name in folders if name not in _SKIPPED and name[0] != "."]
        if FOLDER in Path(folder).resolve().parts:
            yield from (Path(folder) / name for name in files if name.endswith(".yaml"))


def check_cassette(
    path: Path, max_days: int | None, now: datetime | None = None
) -> list[CassetteProblem]:
    """Return what is wrong with a cassette; `max_days` is the greatest age of live answers."""
    try:
        file = read_cassette(path)
    except (CassetteUnreadable, OSError) as error:
        return [CassetteProblem(path, "unreadable", str(error))]
    secrets = remaining_secrets(file.exchanges, tuple(known_secrets()), file.outside)
    problems = [("secret", f"looks like a key: {place}") for place in secrets]
    if file.stamp.form < FORM:
        problems.append(("form", f"has form {file.stamp.form} of {FORM}: record it again"))
    days = age_days(file, now or datetime.now(UTC))
    if max_days is not None and days is not None and days > max_days:
        problems.append(("age", f"was recorded {days} days ago, more than {max_days}"))
    if file.stamp.test and not has_test(path, file.stamp.test):
        gone = f"there is no test {file.stamp.test}: delete the file"
        problems.append(("gone", f"{gone}, or write the new id of a renamed test on line `test:`"))
    return [CassetteProblem(path, kind, what) for kind, what in problems]


def age_days(file: CassetteFile, now: datetime) -> int | None:
    """Return the age of live answers in days; None for the emulator's, and if it is unknown."""
    if file.stamp.answered_by == "emulator" or not file.stamp.recorded_at:
        return None
    try:
        recorded = datetime.fromisoformat(file.stamp.recorded_at)
    except ValueError:
        return None
    return (now - (recorded if recorded.tzinfo else recorded.replace(tzinfo=UTC))).days


def redact_cassette(path: Path) -> bool:
    """Remove what looks like a key from a cassette; return whether the file has changed.

    Raises:
        SecretInCassette: if a secret cannot be removed; the file stays as it is.
    """
    file, before = read_cassette(path), path.read_bytes()
    secrets = tuple(known_secrets())
    scrubber = SecretScrubber(secrets)
    exchanges = [
        (scrubber.request(request), scrubber.response(response))
        for request, response in file.exchanges
    ]
    write_cassette(path, file.stamp, exchanges, secrets)
    return path.read_bytes() != before
