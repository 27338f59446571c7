"""The Python files of a folder, with what would be rewritten in each; writing them is apart."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scout_adapters.code_migration.rewritten_source import Change, rewrite
from scout_adapters.errors import ConfigurationError

SKIPPED = frozenset(
    {"__pycache__", "build", "dist", "node_modules", "site-packages", "venv", "env"}
)
"""Folders without code of the project; those that begin with a dot are left out, too."""

MAX_BYTES = 5_000_000
"""Files that are larger are data."""


@dataclass(frozen=True, slots=True)
class CodeMigration:
    """What would be rewritten in a file."""

    path: Path
    changes: tuple[Change, ...] = ()
    problem: str = ""
    """Why the file cannot be read or written."""

    data: bytes = field(default=b"", repr=False)
    """The source after the changes."""

    @property
    def has_edits(self) -> bool:
        """Whether a call of the file is rewritten."""
        return any(change.is_made for change in self.changes)


def migrate_code(path: str | os.PathLike[str]) -> Iterator[CodeMigration]:
    """Yield the files of a folder, or a file, that make chat models or cannot be read.

    Nothing is written.

    Raises: `ConfigurationError` if there is nothing at the path.
    """
    place = Path(path)
    if not place.exists():
        raise ConfigurationError(f"{place} does not exist")
    for file in [place] if place.is_file() else _files(place):
        migration = _migrated(file, place)
        if migration.changes or migration.problem:
            yield migration


def write_code(migration: CodeMigration) -> str:
    """Write a file's changes in one step; return why it cannot be written, else "".

    A file that changed since it was read is not written.
    """
    path = migration.path
    try:
        mode = path.stat().st_mode
        if not mode & stat.S_IWUSR or not os.access(path, os.W_OK):
            return "is read-only"
        if rewrite(path.read_bytes()).data != migration.data:
            return "has changed meanwhile"
        _replace(path, migration.data, stat.S_IMODE(mode))
    except ConfigurationError:
        return "has changed meanwhile"
    except OSError as error:
        return f"cannot be written: {error.strerror}"
    return ""


def _replace(path: Path, data: bytes, mode: int) -> None:
    """Put a new file in the place of one, with its permissions."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(mode)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    """Yield the Python files below a folder in their order; links to folders are not followed."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(
            name for name in folders if name not in SKIPPED and not name.startswith(".")
        )
        for name in sorted(names):
            if name.endswith((".py", ".pyi")):
                yield Path(root) / name


def _migrated(file: Path, place: Path) -> CodeMigration:
    try:
        if file.is_symlink():
            inside = file.resolve().is_relative_to(place.resolve())
            return CodeMigration(file, problem="" if inside else "is a link out of the folder")
        if not file.is_file() or file.stat().st_size > MAX_BYTES:
            return CodeMigration(file, problem="is no file of code")
        found = rewrite(file.read_bytes())
    except ConfigurationError as error:
        return CodeMigration(file, problem=str(error))
    except OSError as error:
        return CodeMigration(file, problem=f"cannot be read: {error.strerror}")
    return CodeMigration(file, found.changes, data=found.data)
