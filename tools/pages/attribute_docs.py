"""Docstrings of a class's attributes, read from its source."""

from __future__ import annotations

import ast
import inspect
import textwrap
from itertools import pairwise


def attribute_docs(owner: type) -> dict[str, str]:
    """Return the docstrings of the attributes that a class declares itself, by name."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(owner))).body
    docs: dict[str, str] = {}
    for statement, after in pairwise(getattr(tree, "body", [])):
        match statement, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                docs[name] = inspect.cleandoc(text)
    return docs


def inherited_docs(owner: type) -> dict[str, str]:
    """Return the docstrings of a class's attributes, those of its bases included."""
    bases = [base for base in owner.__mro__ if base.__module__.startswith("scout_adapters")]
    docs: dict[str, str] = {}
    for base in reversed(bases):
        docs |= attribute_docs(base)
    return docs
