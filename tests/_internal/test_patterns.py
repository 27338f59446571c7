"""The package's regular expressions mean the same in each version of Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import scout_adapters

PACKAGE = Path(scout_adapters.__file__).parent
SET_OR_ESCAPE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]", re.DOTALL)
POSSESSIVE = re.compile(r"[*+?}]\+|\(\?>")
"""Matches a repeat that gives nothing back, or a group of that kind."""


def texts(path: Path) -> Iterator[str]:
    """Yield the texts in a module that may be patterns."""
    source = path.read_text()
    if POSSESSIVE.search(source):
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_no_pattern_has_a_possessive_repeat_which_python_3_11_2_gets_wrong() -> None:
    """https://github.com/python/cpython/issues/106052."""
    found = [
        (path.name, text)
        for path in PACKAGE.rglob("*.py")
        for text in texts(path)
        if POSSESSIVE.search(SET_OR_ESCAPE.sub("x", text))
    ]
    assert found == []
