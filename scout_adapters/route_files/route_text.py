"""Read a route file: YAML or JSON, checked against its form, with the line of each error."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from scout_adapters._internal.redaction import mask_secrets
from scout_adapters.errors import ConfigurationError
from scout_adapters.errors.error_response import one_line
from scout_adapters.route_files.document import RouteDocument
from scout_adapters.route_files.yaml_text import MAX_CHARS, YamlText, parse_yaml

MAX_MESSAGE = 300
"""Characters of what is wrong with a value."""


def read_text(path: Path) -> str:
    """Return the text of a file.

    Raises: `ConfigurationError` for a file that cannot be read, or is no UTF-8.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return file.read(MAX_CHARS + 1)  # `parse_yaml` refuses more
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path} is no text in UTF-8") from None
    except ValueError as error:  # a name with a null byte
        raise ConfigurationError(f"{str(path)!r} cannot be read: {error}") from None


def parse_route(text: str, source: str) -> tuple[RouteDocument, YamlText]:
    """Parse the text of a route file.

    Raises: `ConfigurationError` for the first thing that is wrong, with file and line.
    """
    parsed = parse_yaml(text, source)
    if not isinstance(parsed.value, dict):
        raise parsed.error((), "a route file is a mapping with `models` or `routes`")
    try:
        return RouteDocument.model_validate(parsed.value), parsed
    except ValidationError as error:
        raise first_error(parsed, error) from None


def first_error(parsed: YamlText, error: ValidationError) -> ConfigurationError:
    """Return the error that stands first in the file, in one line and without values."""
    found = [(_path_of(item["loc"], parsed), item) for item in error.errors(include_input=False)]
    path, item = min(found, key=lambda pair: (parsed.line(pair[0]), -len(pair[0])))
    message = str(item["msg"]).removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        message = "there is no setting of this name"
    where = ".".join(map(str, path))
    text = one_line(mask_secrets(f"{where}: {message}" if where else message), MAX_MESSAGE)
    return parsed.error(path, text)


def _path_of(location: tuple[int | str, ...], parsed: YamlText) -> tuple[int | str, ...]:
    """Return where a value stands: pydantic adds names of alternatives, which are no keys."""
    path: tuple[int | str, ...] = ()
    for step in location:
        if (*path, step) in parsed.lines:
            path = (*path, step)
    return path if path or not location else (str(location[-1]),)


def route_schema() -> str:
    """Return the JSON schema of a route file, for editors."""
    schema = RouteDocument.model_json_schema()
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
