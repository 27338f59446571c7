"""Every public name has a docstring, its public members too, and every option is on a page."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from importlib import import_module

import pytest
from pydantic import BaseModel

import scout_adapters
from tests.system.test_public_names import PUBLIC
from tools.pages.marked_places import DOCS


def public_names(module: str) -> set[str]:
    return {*PUBLIC[module], *getattr(import_module(module), "__all__", ())}


def undocumented(name: str, value: object) -> Iterator[str]:
    """Yield a name without a docstring, and its own public members without one."""
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        return
    if not vars(value).get("__doc__") and not (inspect.isfunction(value) and value.__doc__):
        yield name
    if inspect.isclass(value) and value.__module__.startswith("scout_adapters"):
        for member, found in [*vars(value).items()]:
            function = getattr(found, "fget", None) or getattr(found, "__func__", found)
            if not member.startswith("_") and inspect.isfunction(function) and not function.__doc__:
                yield f"{name}.{member}"


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_and_member_is_documented(module: str) -> None:
    home = import_module(module)
    names = sorted(public_names(module))
    assert [gap for name in names for gap in undocumented(name, getattr(home, name))] == []


def test_every_option_of_a_chat_model_is_on_the_page() -> None:
    page = (DOCS / "options.md").read_text()
    models = [getattr(scout_adapters, name) for name in scout_adapters.__all__]
    classes = [each for each in models if inspect.isclass(each) and issubclass(each, BaseModel)]
    options = {name for each in classes for name in own_options(each)}
    assert len(options) > 30
    assert [name for name in sorted(options) if f"`{name}`" not in page] == []


def own_options(model: type[BaseModel]) -> Iterator[str]:
    """Yield the fields that this package declares; the others are LangChain's."""
    for base in model.__mro__:
        if base.__module__.startswith("scout_adapters"):
            yield from (
                name for name in inspect.get_annotations(base) if name in model.model_fields
            )
