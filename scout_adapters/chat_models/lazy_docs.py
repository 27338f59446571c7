"""Signature and documentation of chat models, made when they are first looked at.

Pydantic builds the classes on first use; until then their signature would lack the fields.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from typing_extensions import override

if TYPE_CHECKING:
    Model = BaseModel
else:
    Model = object  # a mixin: a pydantic class of its own takes milliseconds to import

PACKAGE = __name__.partition(".")[0]
HEADING = "Options:"


class LazySignature:
    """Builds a model class, and documents its fields, when its `__signature__` is read.

    `help` reads the signature before the docstring.
    """

    def __init__(self, built: Any = None) -> None:
        """`built` is pydantic's own signature; None before the class is built."""
        self._built = built

    def __get__(self, instance: object, owner: type[BaseModel]) -> inspect.Signature:
        if self._built is None:
            owner.model_rebuild()
        else:
            _document(owner)
        built = self._built or vars(owner)["__signature__"]
        signature: inspect.Signature = built.__get__(None, owner)
        return signature


def document_lazily(model: type[Any]) -> None:
    """Give a class its signature and documentation when they are read; call it again when built."""
    built = vars(model).get("__signature__")
    if not isinstance(built, LazySignature):
        complete = model.__pydantic_complete__
        model.__signature__ = LazySignature(built if complete else None)


class LazilyDocumented(Model):
    """Mixin of pydantic models whose subclasses get signature and documentation when read."""

    @classmethod
    @override
    def __pydantic_init_subclass__(cls, **settings: Any) -> None:
        super().__pydantic_init_subclass__(**settings)
        document_lazily(cls)

    @classmethod
    @override
    def __pydantic_on_complete__(cls) -> None:
        document_lazily(cls)


def _document(owner: type[BaseModel]) -> None:
    """Add the fields, with their documentation, to a class's docstring."""
    text = vars(owner).get("__doc__")
    if not isinstance(text, str) or HEADING in text:
        return
    fields = dict(
        field
        for model in reversed(owner.__mro__)
        if model.__module__.startswith(PACKAGE)
        for field in _documented_fields(model)
    )
    lines = (
        f"    {name}:\n{textwrap.indent(doc, ' ' * 8)}"
        for name, doc in fields.items()
        if name in owner.model_fields
    )
    owner.__doc__ = "\n".join((inspect.cleandoc(text), "", HEADING, *lines))


def _documented_fields(model: type) -> Iterator[tuple[str, str]]:
    """Yield name and docstring of the fields that a class declares."""
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(model))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return  # the source is not there
    body = getattr(tree, "body", [])
    for statement, after in pairwise(body):
        match statement, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, inspect.cleandoc(text)
