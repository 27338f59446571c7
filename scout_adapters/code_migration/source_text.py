"""Source code as bytes with its syntax tree, and edits that leave all other bytes as they are."""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
import warnings
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from scout_adapters.errors import ConfigurationError

_NEWLINE = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True, slots=True, order=True)
class Edit:
    """Bytes from `start` to `end` become `text`."""

    start: int
    end: int
    text: bytes


class SourceText:
    """A module's source; positions are numbers of bytes."""

    def __init__(self, data: bytes) -> None:
        """Raise `ConfigurationError` for what is no UTF-8 or does not parse."""
        self.mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        self.data = data.removeprefix(codecs.BOM_UTF8)
        self.tree = _parsed(self.data)
        self._lines = [0, *(match.end() for match in _NEWLINE.finditer(self.data))]

    def start(self, node: ast.expr | ast.stmt | ast.alias | ast.keyword) -> int:
        """Return where a node begins."""
        return self._lines[node.lineno - 1] + node.col_offset

    def end(self, node: ast.expr | ast.stmt | ast.alias | ast.keyword) -> int:
        """Return where a node ends."""
        return self._lines[(node.end_lineno or 1) - 1] + (node.end_col_offset or 0)

    def line_of(self, position: int) -> int:
        """Return the number of a line, from 1."""
        return bisect_right(self._lines, position)

    def line_start(self, position: int) -> int:
        """Return where the line of a position begins."""
        return self._lines[self.line_of(position) - 1]

    def next_line(self, position: int) -> int:
        """Return where the line after a position begins."""
        number = self.line_of(position)
        return self._lines[number] if number < len(self._lines) else len(self.data)

    def newline(self) -> bytes:
        """Return how lines end."""
        found = _NEWLINE.search(self.data)
        return found[0] if found else b"\n"

    def text(self, start: int, end: int, edits: Iterable[Edit] = ()) -> str:
        """Return a part of the source, after the edits within it."""
        parts, position = [], start
        for edit in sorted(edits):
            if start <= edit.start and edit.end <= end:
                parts += [self.data[position : edit.start], edit.text]
                position = edit.end
        return b"".join([*parts, self.data[position:end]]).decode()

    def edited(self, edits: Iterable[Edit]) -> bytes:
        """Return the source after edits, which must not overlap."""
        return self.mark + self.text(0, len(self.data), edits).encode()


def _parsed(data: bytes) -> ast.Module:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode("utf-8")
    except (SyntaxError, UnicodeDecodeError):
        raise ConfigurationError("is not UTF-8") from None
    if encoding not in {"utf-8", "utf-8-sig"}:
        raise ConfigurationError(f"is written in {encoding}, not in UTF-8")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in strings, which are not changed
            return ast.parse(text)
    except SyntaxError as error:
        raise ConfigurationError(f"line {error.lineno}: does not parse: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise ConfigurationError(f"does not parse: {type(error).__name__}") from None
