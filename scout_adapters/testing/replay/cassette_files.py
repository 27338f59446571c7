"""The file of a cassette: read with its header, checked, and written in one step."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

# vcrpy and PyYAML come without types.
import yaml
from vcr.request import Request as Recorded
from vcr.serialize import serialize

from scout_adapters.testing.replay.cassette_errors import CassetteUnreadable, SecretInCassette
from scout_adapters.testing.replay.recorded_json import broken_body
from scout_adapters.testing.scrubbing.secret_scrubber import Exchange, remaining_secrets

FORM = 2
"""The version of our part of a file. 1 has no stamp but `answered_by`."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Stamp:
    """Who answered a cassette's requests, when, for which test, and with which versions."""

    answered_by: str = "live"
    """`live`, `emulator`, or `emulator and live` for an emulator's recording that was extended."""

    form: int = FORM
    test: str | None = None
    """The id of the test, relative to pytest's root."""

    recorded_at: str | None = None
    """A time in ISO 8601, UTC."""

    models: tuple[str, ...] = ()
    """Providers and models that answered, as `provider/model`."""

    versions: Mapping[str, str] = field(default_factory=dict)
    """Installed versions by package."""

    not_json: tuple[int, ...] = ()
    """Numbers of the interactions that were recorded with broken JSON, as a provider sent it."""


@dataclass(frozen=True)
class CassetteFile:
    """What a file contains."""

    path: Path
    stamp: Stamp
    exchanges: Sequence[Exchange]
    outside: str = field(default="", repr=False)
    """Comments, and fields beside the interactions: edited by hand, they may contain a key."""


def read_cassette(path: Path, shown: str = "") -> CassetteFile:
    """Read a cassette; messages have the path `shown` instead of `path`, if it is given.

    Raises:
        CassetteUnreadable: if the file is no cassette, or one of a newer version.
        FileNotFoundError: if there is none.
    """
    shown = shown or str(path)
    text, data = _parsed(path, shown)
    form = _form(shown, data)
    interactions = data.get("interactions")
    if not isinstance(interactions, list):
        raise CassetteUnreadable(f"{shown} has no list `interactions`: record it again")
    exchanges = [_exchange(shown, number, each) for number, each in enumerate(interactions, 1)]
    stamp = _stamp(data, form)
    _check_json(shown, exchanges, stamp)
    return CassetteFile(path, stamp, exchanges, _outside(text, data))


def _form(shown: str, data: Mapping[str, Any]) -> int:
    """Return the form of a file.

    Raises:
        CassetteUnreadable: if this version does not read it.
    """
    form, version = data.get("form", 1), data.get("version", 1)
    numbers = type(form) is int and type(version) is int
    if not numbers or not 1 <= form <= FORM or version != 1:
        raise CassetteUnreadable(
            f"{shown} has form {form!r}, this version of scout_adapters reads forms 1 to {FORM}:"
            " upgrade scout-adapters, or record the cassette again"
        )
    return int(form)


def _outside(text: str, data: Mapping[str, Any]) -> str:
    """Return what a file contains beside its interactions. Bodies are indented, comments not."""
    comments = [line for line in text.splitlines() if line.startswith("#")]
    fields = [f"{name}: {value}" for name, value in data.items() if name != "interactions"]
    return "\n".join([*comments, *fields])


def _check_json(shown: str, exchanges: Sequence[Exchange], stamp: Stamp) -> None:
    """Check that bodies of JSON were not edited into something else.

    Raises:
        CassetteUnreadable: if one was.
    """
    for number, each in enumerate(exchanges, 1):
        if number not in stamp.not_json and (problem := broken_body(each)):
            raise CassetteUnreadable(
                f"{shown}: interaction {number} is not readable: {problem}; record it again"
            )


def _parsed(path: Path, shown: str) -> tuple[str, dict[str, Any]]:
    """Return the text of a file, and its content."""
    try:
        text = path.read_text(encoding="utf-8")
        data = yaml.load(text, Loader=_Loader)  # noqa: S506  # a safe loader
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{shown}:{mark.line + 1}" if mark else shown
        what = getattr(error, "problem", None) or str(error)
        raise CassetteUnreadable(f"{place} is no YAML: {what}; record it again") from None
    if not isinstance(data, dict):
        raise CassetteUnreadable(
            f"{shown} is no cassette: its content is no mapping; record it again"
        )
    return text, data


def _stamp(data: Mapping[str, Any], form: int) -> Stamp:
    models, versions = data.get("models"), data.get("versions")
    test, time, broken = data.get("test"), data.get("recorded_at"), data.get("not_json")
    return Stamp(
        answered_by=str(data.get("answered_by", "live")),
        form=form,
        test=test if isinstance(test, str) else None,
        recorded_at=str(time) if time is not None else None,
        models=tuple(map(str, models)) if isinstance(models, list) else (),
        versions={str(name): str(value) for name, value in versions.items()}
        if isinstance(versions, dict)
        else {},
        not_json=tuple(broken) if isinstance(broken, list) else (),
    )


def _exchange(shown: str, number: int, each: Any) -> Exchange:
    """Return an interaction of a file as vcrpy has it.

    Raises:
        CassetteUnreadable: if a part is missing or of another type; the message names it.
    """
    request, response = _part(each, "request", dict), _part(each, "response", dict)
    method, uri = _part(request, "method", str), _address(request)
    headers = _part(request, "headers", dict)
    status, body = _part(response, "status", dict), _part(response, "body", dict)
    code = _code(status)
    answer_headers = _part(response, "headers", dict)
    sent, answer = _content(request, "body"), _content(body, "string")
    parts = (method, uri, headers, code, answer_headers, body, sent, answer)
    wrong = next((part for part in parts if isinstance(part, _Wrong)), None)
    if wrong is not None:
        raise CassetteUnreadable(
            f"{shown}: interaction {number} is not readable: `{wrong.name}` is {wrong.what};"
            " record it again"
        )
    recorded = Recorded(method, uri, sent, headers)
    message = status.get("message")
    status = {"code": code, "message": message if isinstance(message, str) else None}
    lists = {
        name: value if isinstance(value, list) else [value]
        for name, value in answer_headers.items()
    }
    return recorded, {"status": status, "headers": lists, "body": {"string": answer or b""}}


@dataclass(frozen=True)
class _Wrong:
    """A part that is missing or of another type."""

    name: str
    what: str

    def get(self, *_: Any) -> None:
        """Return nothing, as a part of it is missing too."""


def _part(value: Any, name: str, kind: type) -> Any:
    if isinstance(value, _Wrong):
        return value
    part = value.get(name) if isinstance(value, dict) else None
    if isinstance(part, kind):
        return part
    return _Wrong(name, "missing" if part is None else f"no {_KINDS[kind]}")


def _address(request: Any) -> Any:
    uri = _part(request, "uri", str)
    if isinstance(uri, _Wrong):
        return uri
    try:
        is_address = bool(urlsplit(uri).hostname)
    except ValueError:
        is_address = False
    return uri if is_address else _Wrong("uri", "no address")


def _code(status: Any) -> Any:
    code = _part(status, "code", int)
    if isinstance(code, _Wrong) or (type(code) is int and code in _STATUSES):
        return code
    return _Wrong("code", "no status of HTTP")


_STATUSES = range(100, 600)
_KINDS: Mapping[type, str] = {dict: "mapping", str: "text", int: "number"}


def _content(value: Any, name: str) -> Any:
    """Return a body as bytes; None if there is none."""
    content = value.get(name)
    if isinstance(content, str):
        return content.encode()
    return content if isinstance(content, bytes | None) else _Wrong(name, "no text")


def write_cassette(
    path: Path,
    stamp: Stamp,
    exchanges: Iterable[Exchange],
    secrets: Sequence[str] = (),
    shown: str = "",
) -> Sequence[Exchange]:
    """Write a cassette, or nothing at all; readable by its owner only. Return it in its order.

    `secrets` may not be in it either. Messages have the path `shown`, if it is given.

    Raises:
        SecretInCassette: if something that looks like a key is left in it.
    """
    ordered = sorted(exchanges, key=_by_size)
    if stamp.answered_by == "emulator":  # equal requests of threads have no order
        ordered.sort(key=lambda each: (*_by_size(each), each[1]["body"]["string"]))
    requests, responses = [each[0] for each in ordered], [each[1] for each in ordered]
    serialized = serialize({"requests": requests, "responses": responses}, ReadableYaml)
    broken = tuple(number for number, each in enumerate(ordered, 1) if broken_body(each))
    text = _stamp_text(replace(stamp, not_json=broken)) + serialized
    if places := remaining_secrets(ordered, secrets):
        raise SecretInCassette(
            f"{shown or path} is not written, something that looks like a key would be left in it:"
            + "".join(f"\n  {place}" for place in places)
        )
    replace_file(path, text)
    return ordered


def replace_file(path: Path, text: str) -> None:
    """Write a file in one step, so that no other process reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(part).replace(path)
    except BaseException:  # raised again; no half-written file stays
        Path(part).unlink(missing_ok=True)
        raise


def _by_size(exchange: Exchange) -> tuple[int, str, bytes]:
    """Sort exchanges by size, not by arrival, which depends on threads."""
    request, _ = exchange
    body = request.body if isinstance(request.body, bytes) else b""
    return len(body), request.uri, body


def _stamp_text(stamp: Stamp) -> str:
    fields = {name: value for name, value in asdict(stamp).items() if value}
    fields |= {"models": list(stamp.models)} if stamp.models else {}
    fields |= {"not_json": list(stamp.not_json)} if stamp.not_json else {}
    return str(yaml.dump(fields, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10**6))


class ReadableYaml:
    """Writes YAML that vcrpy's own serializer can read, with long texts as blocks."""

    @staticmethod
    def serialize(data: Mapping[str, Any]) -> str:
        """Return the text of a cassette."""
        return str(yaml.dump(data, Dumper=_Dumper, allow_unicode=True, width=10**6))


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]  # untyped, as all of PyYAML
    """Writes texts with several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
