"""Copies of pydantic models and dataclasses without validation, for values that are valid."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
_set = object.__setattr__


def copy_unvalidated(model: M, fields: dict[str, Any]) -> M:
    """Return a copy of a pydantic model with other values for `fields`, which are not validated.

    Private attributes are not copied. `model_copy` takes three times as long. The four attributes
    set here are all that an instance has: https://docs.pydantic.dev/latest/api/base_model/
    """
    kind, extra = type(model), model.__pydantic_extra__
    copied = kind.__new__(kind)
    _set(copied, "__dict__", {**model.__dict__, **fields})
    _set(copied, "__pydantic_extra__", None if extra is None else {**extra})
    _set(copied, "__pydantic_private__", None)
    _set(copied, "__pydantic_fields_set__", model.__pydantic_fields_set__.copy())
    return copied


def copy_dataclass(value: T, fields: dict[str, Any]) -> T:
    """Return a copy of a dataclass without slots, with other values for `fields`.

    Like `dataclasses.replace`, which takes ten times as long. `__post_init__` is not called.
    """
    copied: T = object.__new__(type(value))
    copied.__dict__.update(value.__dict__, **fields)
    return copied
