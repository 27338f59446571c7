"""The cassette of a test: where its file is, and which tests share one by mistake."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

FOLDER = "cassettes"
"""Name of the folder beside a test module."""

LONGEST_NAME = 120
"""Characters of a file's name without its suffix; file systems allow 255 bytes."""

_UNSAFE = re.compile(r"[^A-Za-z0-9_.=+\-]+")


Match = Literal["meaning", "exact"] | Callable[[Any, Any], bool]
RecordingMode = Literal["none", "new", "all", "live", "emulator"]


@dataclass(frozen=True)
class CassettePlan:
    """Which cassette a test has, and what may be done with it."""

    path: Path
    test: str
    """The id of the test."""

    root: Path = Path()
    """pytest's root, to which the paths in messages are relative."""

    mode: RecordingMode = "none"
    is_recorded: Callable[[str], bool] = lambda _: True
    """Whether a request to this address belongs on cassettes."""

    match: Match = "meaning"
    """How a request is compared with a recorded one: by meaning, without renamed ids (`exact`), or
    by a function of both, in vcrpy's form, that returns whether they match."""

    @property
    def shown_path(self) -> str:
        """The path as messages have it."""
        return shown_path(self.path, self.root)


def shown_path(path: Path, root: Path) -> str:
    """Return a path relative to a folder, or in full if it is not below it."""
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def cassette_path(module: Path, test: str, name: str | None = None) -> Path:
    """Return the path of a test's cassette: `cassettes/<module>/<test>.yaml` beside the module.

    `test` is the name of the test with its class and parameters. `name` replaces it; it may
    contain folders.

    Raises:
        ValueError: if `name` leaves the folder of cassettes.
    """
    folder = module.parent / FOLDER
    if name is None:
        return folder / module.stem / f"{file_name(test)}.yaml"
    path = folder / f"{name.removesuffix('.yaml')}.yaml"
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(
            f"name={name!r} of scout_cassette leaves the folder {FOLDER} beside {module.name}"
        )
    return path


def file_name(test: str) -> str:
    """Return the name of a test as a file may be called, with a digest where that loses anything.

    `test_it[groq-1]` becomes `test_it.groq-1`.
    """
    plain = re.sub(r"\[(.*)\]$", r".\1", test, flags=re.DOTALL)
    safe = _UNSAFE.sub("-", plain)
    if safe == plain and len(safe) <= LONGEST_NAME:
        return safe
    digest = hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe[: LONGEST_NAME - 9]}-{digest}"


def shared_paths(tests: Iterable[tuple[str, Path]]) -> Mapping[Path, list[str]]:
    """Return the paths that belong to several tests, with the tests' ids."""
    owners: dict[Path, list[str]] = defaultdict(list)
    for test, path in tests:
        # Two names that differ in case only are one file on macOS and Windows.
        owners[path.with_name(path.name.lower())].append(test)
    return {path: ids for path, ids in owners.items() if len(set(ids)) > 1}
