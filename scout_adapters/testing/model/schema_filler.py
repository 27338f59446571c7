"""Fill a JSON schema with values that fit it and, where possible, come from the prompt."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scout_adapters.testing.http_messages import Json

MAX_DEPTH = 6
"""Levels below which optional values are left out, so that recursive schemas end."""

_PLACES = re.compile(r"(?:^|_)(?:city|location|place|town)", re.IGNORECASE)
_VERBATIM = re.compile(r"query|question|prompt|message|request|text|topic", re.IGNORECASE)
_OPEN, _CLOSE = "'\"\u2018\u201c\u300c", "'\"\u2019\u201d\u300d"
_QUOTED = re.compile(rf"(?<!\w)[{_OPEN}]([^{_CLOSE}]+)[{_CLOSE}]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORD = r"[A-Z][\w'-]*"
_PLACE = rf"{_WORD}(?:\s{_WORD})*(?:,\s[A-Z]{{2}}\b)?"
_PLACES_AFTER = re.compile(rf"(?<!\w)(?:in|for|at|of|near|and|or|to|&)\s+(?:in\s+)?({_PLACE})")
_LISTED = re.compile(rf",\s*(?:and\s+)?(?:in\s+)?({_WORD}(?:\s{_WORD})*)(?=[,.?!]|\s+and\b|$)")

# Values by the name of a property, for prompts without a value.
_SAMPLES: Mapping[str, str] = {
    "setup": "Why did the cat sit on the keyboard?",
    "punchline": "To keep an eye on the mouse.",
    "answer_style": "Pirate",
    "style": "friendly",
    "language": "English",
    "name": "Ada",
    "email": "ada@example.com",
    "url": "https://example.com",
    "country": "France",
}
_FORMATS: Mapping[str, str] = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "PT1H",
    "email": "ada@example.com",
    "uri": "https://example.com",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
}


def places(prompt: str) -> list[str]:
    """Return the places that a prompt names, in its order: `San Francisco, CA`, `Paris`."""
    names: dict[int, str] = {}
    for pattern in (_PLACES_AFTER, _LISTED):
        for match in pattern.finditer(prompt):
            if not any(
                start <= match.start(1) < start + len(name) for start, name in names.items()
            ):
                names[match.start(1)] = match.group(1)
    return list(dict.fromkeys(names[start] for start in sorted(names)))


def takes_place(schema: Json) -> str | None:
    """Return the name of a property for a place, None if there is none."""
    return next((name for name in schema.get("properties") or {} if _PLACES.search(name)), None)


@dataclass(slots=True)
class SchemaFiller:
    """Fills one schema; uses each number and quoted word of the prompt once."""

    prompt: str
    arguments: Sequence[str] = ()
    """The arguments in brackets after the tool's name in the prompt."""

    place: str | None = None
    root: Json = field(default_factory=dict)
    numbers: list[float] = field(init=False)
    quoted: list[str] = field(init=False)
    cities: list[str] = field(init=False)

    def __post_init__(self) -> None:
        text = " ".join(self.arguments) or self.prompt
        self.numbers = [float(number) for number in _NUMBER.findall(text)]
        self.quoted = _QUOTED.findall(text)
        bare = (word.strip() for word in self.arguments)
        self.quoted += [
            word for word in bare if not _NUMBER.fullmatch(word) and word[:1] not in "'\""
        ]
        self.cities = [self.place] if self.place else places(self.prompt)

    def fill(self, schema: Any, name: str = "", depth: int = 0) -> Any:
        """Return a value for `schema`, the schema of the property `name`."""
        schema = self._resolve(schema, depth)
        fixed = schema.get("const", schema.get("default"))
        if fixed is not None or schema.get("enum"):
            return self._choose(schema["enum"]) if fixed is None else fixed
        match _kind(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer" | "number" as kind:
                return self._number(schema, whole=kind == "integer")
            case "string":
                return self._text(schema, name)
            case kind:
                return kind == "boolean" or None

    def _resolve(self, schema: Any, depth: int) -> Json:
        """Follow references and alternatives to a schema with a type; null below `MAX_DEPTH`."""
        resolved: Json = schema if isinstance(schema, dict) else {}
        for _ in range(MAX_DEPTH):
            reference = resolved.get("$ref")
            choices = resolved.get("anyOf") or resolved.get("oneOf") or resolved.get("allOf")
            if isinstance(reference, str):
                resolved = _look_up(self.root, reference)
            elif choices:
                null = depth > MAX_DEPTH
                fitting = (choice for choice in choices if (choice.get("type") == "null") is null)
                resolved = next(fitting, choices[0])
            else:
                return resolved
        return {"type": "null"}

    def _choose(self, options: Sequence[Any]) -> Any:
        prompt = self.prompt.lower()
        return next((option for option in options if str(option).lower() in prompt), options[0])

    def _object(self, schema: Json, depth: int) -> Json:
        properties = schema.get("properties") or {}
        required = set(schema.get("required") or ())
        names = [name for name in properties if name in required or depth < 1]
        return {name: self.fill(properties[name], name, depth + 1) for name in names}

    def _array(self, schema: Json, name: str, depth: int) -> list[Any]:
        prefix = schema.get("prefixItems")
        if prefix:
            return [self.fill(item, name, depth + 1) for item in prefix]
        count = int(schema.get("minItems") or (1 if depth < MAX_DEPTH else 0))
        return [self.fill(schema.get("items"), name, depth + 1) for _ in range(count)]

    def _number(self, schema: Json, *, whole: bool) -> float | int:
        low, high = _bounds(schema, whole=whole)
        fitting = [number for number in self.numbers if low <= number <= high]
        value = fitting[0] if fitting else min(max(1.0, low), high)
        if fitting:
            self.numbers.remove(value)
        step = schema.get("multipleOf")
        if step:
            value = max(low, value) // step * step
        return int(value) if whole or value.is_integer() else value

    def _text(self, schema: Json, name: str) -> str:
        if schema.get("format") in _FORMATS:
            return _FORMATS[schema["format"]]
        text = self._word(name)
        shortest, longest = int(schema.get("minLength") or 0), schema.get("maxLength")
        return text.ljust(shortest, ".")[: int(longest) if longest else None]

    def _word(self, name: str) -> str:
        if _PLACES.search(name) and self.cities:
            return self.cities.pop(0)
        if name in {"setup", "punchline"}:
            return _SAMPLES[name]
        if self.quoted:
            return self.quoted.pop(0)
        if _VERBATIM.search(name) and self.prompt:
            return self.prompt
        return _SAMPLES.get(name.lower(), name.replace("_", " ") or "something")


def _kind(schema: Json) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    return str(kind or ("object" if "properties" in schema else "string")).lower()


def _bounds(schema: Json, *, whole: bool) -> tuple[float, float]:
    edge = 1.0 if whole else 1e-6
    low = float(schema.get("minimum", "-inf"))
    high = float(schema.get("maximum", "inf"))
    # Draft 4 wrote `exclusiveMinimum: true` beside `minimum`.
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None:
        low = low + edge if above is True else max(low, float(above) + edge)
    if below is not None:
        high = high - edge if below is True else min(high, float(below) - edge)
    return low, high


def _look_up(root: Json, reference: str) -> Json:
    schema: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        schema = schema.get(step, {}) if isinstance(schema, dict) else {}
    return schema if isinstance(schema, dict) else {}
