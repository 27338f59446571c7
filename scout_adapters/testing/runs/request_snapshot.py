"""A snapshot of a test's requests, in a file beside the test."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from scout_adapters.testing.scrubbing.scrubber import numbered

if TYPE_CHECKING:
    from scout_adapters.testing.emulator.emulator import Emulator

FOLDER = "__snapshots__"


@dataclass(frozen=True, slots=True)
class RequestSnapshot:
    """The bodies of all requests to the emulator, compared with those in a file."""

    path: Path
    emulator: Emulator
    test: str
    """The node id of the test, for the command in messages."""

    updates: bool = False
    """Whether to write the file instead of reading it."""

    def matches(self) -> bool:
        """Return True, or raise `AssertionError` with the differences."""
        text = self._text()
        if self.updates:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(text, encoding="utf-8")
            return True
        command = f"pytest --scout-update '{self.test}'"
        if not self.path.is_file():
            raise AssertionError(f"there is no snapshot {self.path.name}; write it by: {command}")
        before = self.path.read_text(encoding="utf-8")
        if before == text:
            return True
        lines = difflib.unified_diff(
            before.splitlines(), text.splitlines(), "snapshot", "requests", lineterm="", n=2
        )
        difference = "\n".join(lines)
        raise AssertionError(f"requests differ from {self.path.name}:\n{difference}\n{command}")

    def _text(self) -> str:
        """Return the requests as JSON; random ids are numbered, and no header is contained."""
        requests: list[dict[str, Any]] = [
            {"provider": sent.provider, "path": _end(sent.path, sent.provider), "body": sent.body}
            for sent in self.emulator.log
        ]
        options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
        return numbered(orjson.dumps(requests, option=options).decode())


def _end(path: str, provider: str) -> str:
    """Return a path without the name that the emulator's own addresses begin with."""
    return path.removeprefix(f"/{provider}")


def snapshot_path(module: Path, test: str) -> Path:
    """Return the file of a test's snapshot; `test` is its name with its parameters."""
    name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in test)
    return module.parent / FOLDER / module.stem / f"{name}.json"
