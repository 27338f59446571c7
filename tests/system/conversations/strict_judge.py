"""A provider's own SDK as judge: what it declares of a request, and no key beyond that.

SDKs declare requests as TypedDicts, whose nested ones pydantic lets hold anything, and lists as
`Iterable`, which pydantic reads only when somebody asks for the items; beside the TypedDicts they
take their own models of answers, which let dicts with any key pass. All that is closed here, in a
copy of the compiled schema: the SDK's own classes stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic_core import SchemaValidator, ValidationError

Json = dict[str, Any]
Judge = Callable[[Json], list[str]]

SHOWN = 5


def judge(declared: Any) -> Judge:
    """Make a judge of a TypedDict: it tells where a body departs from what is declared."""
    validator = SchemaValidator(_closed(TypeAdapter(declared).core_schema))
    return lambda body: _complaints(lambda: validator.validate_python(body, strict=True))


def judge_model(declared: type[BaseModel]) -> Judge:
    """Make a judge of a pydantic model that forbids unknown keys itself, all the way down."""
    return lambda body: _complaints(lambda: declared.model_validate_json(json.dumps(body)))


def extended(judged: Judge, *, message: Iterable[str] = (), body: Iterable[str] = ()) -> Judge:
    """Let a body, and its assistant messages, have fields that a provider documents beyond."""
    more, beyond = frozenset(message), frozenset(body)

    def judge_rest(body: Json) -> list[str]:
        rest = _without(body, beyond)
        rest["messages"] = [
            _without(one, more) if one["role"] == "assistant" else one for one in body["messages"]
        ]
        return judged(rest)

    return judge_rest


def either(first: Judge, second: Judge) -> Judge:
    """Let a body pass that one of two judges lets pass."""
    return lambda body: second(body) and first(body)


def _without(fields: Json, names: frozenset[str]) -> Json:
    return {name: value for name, value in fields.items() if name not in names}


def _complaints(validate: Callable[[], Any]) -> list[str]:
    try:
        validate()
    except ValidationError as error:
        return list(_messages(error))
    return []


def _messages(error: ValidationError) -> Iterator[str]:
    """Yield the deepest faults: a union complains about each of its branches."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    for fault in sorted(faults, key=lambda one: -len(one["loc"]))[:SHOWN]:
        steps = [str(step) for step in fault["loc"] if "[" not in str(step)]
        yield f"{'.'.join(steps)}: {fault['msg']}"


def _closed(schema: Any) -> Any:
    """Copy a compiled schema; its TypedDicts refuse unknown keys, and lists are read at once."""
    if isinstance(schema, list | tuple):
        return type(schema)(_closed(item) for item in schema)
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    match schema.get("type"):  # a schema's kind; among `fields`, the field of that name
        case "typed-dict":
            closed["extra_behavior"] = "forbid"
            closed.pop("extras_schema", None)
            # `format_` and its like: Python's names, where JSON's are taken.
            closed["fields"] = {name.rstrip("_"): field for name, field in closed["fields"].items()}
        case "generator":
            closed["type"] = "list"
        case "model":
            closed = {"type": "is-instance", "cls": schema["cls"], "ref": schema.get("ref")}
    return closed
