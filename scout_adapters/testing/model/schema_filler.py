"""Fills a JSON schema with values that fit it and, where they can, the prompt."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scout_adapters.testing.http_messages import Json

DEEPEST = 6
"""Below this, optional things are left out, so that recursive schemas end."""

_PLACES = re.compile(r"(?:^|_)(?:city|location|place|town)", re.IGNORECASE)
_VERBATIM = re.compile(r"query|question|prompt|message|request|text|topic", re.IGNORECASE)
_OPEN, _CLOSE = "'\"\u2018\u201c\u300c", "'\"\u2019\u201d\u300d"
_QUOTED = re.compile(rf"(?<!\w)[{_OPEN}]([^{_CLOSE}]+)[{_CLOSE}]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORD = r"[A-Z][\w'-]*"
_PLACE = rf"{_WORD}(?:\s{_WORD})*(?:,\s[A-Z]{{2}}\b)?"
_PLACES_AFTER = re.compile(rf"(?<!\w)(?:in|for|at|of|near|and|or|to|&)\s+(?:in\s+)?({_PLACE})")
_LISTED = re.compile(rf",\s*(?:and\s+)?(?:in\s+)?({_WORD}(?:\s{_WORD})*)(?=[,.?!]|\s+and\b|$)")

# By the name of a property, what a sensible model would say where the prompt says nothing.
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
    """Find the places that a prompt names, in its order: `San Francisco, CA`, `Paris`."""
    found: dict[int, str] = {}
    for pattern in (_PLACES_AFTER, _LISTED):
        for match in pattern.finditer(prompt):
            if not any(
                start <= match.start(1) < start + len(name) for start, name in found.items()
            ):
                found[match.start(1)] = match.group(1)
    return list(dict.fromkeys(found[start] for start in sorted(found)))


def takes_place(schema: Json) -> str | None:
    """Return the name of the property that takes a place, None if there is none."""
    return next((name for name in schema.get("properties") or {} if _PLACES.search(name)), None)


@dataclass(slots=True)
class SchemaFiller:
    """Fills one schema; takes each number and quoted word of the prompt once."""

    prompt: str
    arguments: Sequence[str] = ()
    """What stood between the tool's brackets in the prompt."""

    place: str | None = None
    root: Json = field(default_factory=dict)
    numbers: list[float] = field(init=False)
    quoted: list[str] = field(init=False)
    cities: list[str] = field(init=False)

    def __post_init__(self) -> None:
        said = " ".join(self.arguments) or self.prompt
        self.numbers = [float(number) for number in _NUMBER.findall(said)]
        self.quoted = _QUOTED.findall(said)
        bare = (word.strip() for word in self.arguments)
        self.quoted += [
            word for word in bare if not _NUMBER.fullmatch(word) and word[:1] not in "'\""
        ]
        self.cities = [self.place] if self.place else places(self.prompt)

    def fill(self, schema: Any, name: str = "", depth: int = 0) -> Any:
        """Return a value for `schema`, which stands under the property `name`."""
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
        """Follow references and take the first alternative that says something."""
        found: Json = schema if isinstance(schema, dict) else {}
        for _ in range(DEEPEST):
            reference = found.get("$ref")
            choices = found.get("anyOf") or found.get("oneOf") or found.get("allOf")
            if isinstance(reference, str):
                found = _look_up(self.root, reference)
            elif choices:
                nothing = depth > DEEPEST
                fitting = (one for one in choices if (one.get("type") == "null") is nothing)
                found = next(fitting, choices[0])
            else:
                return found
        return {"type": "null"}

    def _choose(self, options: Sequence[Any]) -> Any:
        said = self.prompt.lower()
        return next((one for one in options if str(one).lower() in said), options[0])

    def _object(self, schema: Json, depth: int) -> Json:
        properties = schema.get("properties") or {}
        required = set(schema.get("required") or ())
        wanted = [name for name in properties if name in required or depth < 1]
        return {name: self.fill(properties[name], name, depth + 1) for name in wanted}

    def _array(self, schema: Json, name: str, depth: int) -> list[Any]:
        prefix = schema.get("prefixItems")
        if prefix:
            return [self.fill(one, name, depth + 1) for one in prefix]
        least = int(schema.get("minItems") or (1 if depth < DEEPEST else 0))
        return [self.fill(schema.get("items"), name, depth + 1) for _ in range(least)]

    def _number(self, schema: Json, *, whole: bool) -> float | int:
        low, high = _bounds(schema, whole=whole)
        fitting = [one for one in self.numbers if low <= one <= high]
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
        least, most = int(schema.get("minLength") or 0), schema.get("maxLength")
        return text.ljust(least, ".")[: int(most) if most else None]

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
        kind = next((one for one in kind if one != "null"), "null")
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
    found: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        found = found.get(step, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}
