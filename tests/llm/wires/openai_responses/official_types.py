"""Values of the openai package's own types: every field it declares, filled by a random choice."""

from __future__ import annotations

import types
from random import Random
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from openai.types.responses import ResponseOutputItem
from pydantic import BaseModel

ITEMS: tuple[type[BaseModel], ...] = get_args(get_args(ResponseOutputItem)[0])
"""The types of output items."""

WORDS = ("", "a", 'héllo {"x": 1}', "line\nbreak")
DEPTH = 8


def kind_of(item: type[BaseModel]) -> str:
    return str(get_args(item.model_fields["type"].annotation)[0])


def value_of(kind: Any, random: Random, depth: int = 0) -> Any:
    """Return a value of a type; an optional field is filled, or left out."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return value_of(arguments[0], random, depth)
    if origin in (Union, types.UnionType):
        given = [each for each in arguments if each is not type(None)]
        return value_of(random.choice(given), random, depth + 1)
    if origin is Literal:
        return random.choice(arguments)
    if origin is list:
        count = random.randint(0, 2) if depth < DEPTH else 0
        return [value_of(arguments[0], random, depth + 1) for _ in range(count)]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return fields_of(kind, random, depth)
    plain = {str: random.choice(WORDS), bool: True, int: random.randint(0, 5), float: 0.5}
    return plain.get(kind, {"k": "v"})


def fields_of(model: type[BaseModel], random: Random, depth: int = 0) -> dict[str, Any]:
    """Return a value of a model as JSON; two in three optional fields are there."""
    return {
        field.alias or name: value_of(field.annotation, random, depth + 1)
        for name, field in model.model_fields.items()
        if field.is_required() or (random.random() > 1 / 3 and depth < DEPTH)
    }


def item_of(model: type[BaseModel], number: int) -> dict[str, Any]:
    """Return an output item with ids and a name of its own; the same number gives the same item."""
    item = fields_of(model, Random(number))  # no secret
    named = {"id": f"it_{number}", "call_id": f"call_{number}", "name": "f"}
    return item | {name: value for name, value in named.items() if name in item}
