"""Read YAML as plain values, with the line of each: no tags, no duplicate keys, bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from scout_adapters.errors import ConfigurationError

MAX_CHARS = 1_000_000
"""Characters of a file."""

MAX_NODES = 50_000
"""Values of a file with its aliases expanded: a few lines can expand to billions of values."""

Path = tuple[str | int, ...]
"""Keys and indexes from the root of a document to a value."""

MERGE = "tag:yaml.org,2002:merge"


@dataclass(frozen=True, slots=True)
class YamlText:
    """A YAML document as plain values, and where each stands."""

    source: str
    """The name of the file, for errors."""

    value: Any
    lines: dict[Path, int]
    """The line of each value, from 1."""

    def line(self, path: Path) -> int:
        """Return the line of a value; of its nearest parent if it is not in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def error(self, path: Path, message: str) -> ConfigurationError:
        """Return an error about a value, with file and line; a value without lines has none."""
        if not self.lines:
            return ConfigurationError(f"{self.source}: {message}")
        return ConfigurationError(f"{self.source}, line {self.line(path)}: {message}")


def parse_yaml(text: str, source: str) -> YamlText:
    """Parse a document.

    Raises: `ConfigurationError` with file and line: it is no YAML, has a tag, a key twice, or is
    too large.
    """
    if len(text) > MAX_CHARS:
        raise ConfigurationError(f"{source} has more than {MAX_CHARS:,} characters")
    reader = _NodeReader(source)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = None if node is None else reader.read(node, ())
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{source}, {_fault(error)}") from None
    except RecursionError:
        raise ConfigurationError(f"{source}: its values are nested too deeply") from None
    return YamlText(source, value, reader.lines)


def _fault(error: yaml.YAMLError) -> str:
    """Return line and problem of an error, without the text around it, which may have a key."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be read"
    return f"line {mark.line + 1 if mark else 1}: this is no YAML: {problem}"


class _NodeReader:
    """Converts the nodes of a document to values, and notes their lines."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines: dict[Path, int] = {}
        self._open: set[int] = set()
        self._scalars = yaml.constructor.SafeConstructor()

    def read(self, node: yaml.Node, path: Path) -> Any:
        """Return the value of a node."""
        self.lines[path] = node.start_mark.line + 1
        if len(self.lines) > MAX_NODES:
            raise self._error(node, f"more than {MAX_NODES:,} values, aliases included")
        if id(node) in self._open:
            raise self._error(node, "an alias contains itself")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        self._open.add(id(node))
        try:
            return self._collection(node, path)
        finally:
            self._open.discard(id(node))

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        construct = self._scalars.yaml_constructors.get(node.tag)
        if construct is None or node.tag == "tag:yaml.org,2002:binary":
            raise self._error(node, f"the tag {node.tag} is not accepted")
        try:
            return construct(self._scalars, node)
        except (ValueError, yaml.YAMLError):
            raise self._error(node, "a value that its type does not allow") from None

    def _collection(self, node: yaml.Node, path: Path) -> Any:
        if isinstance(node, yaml.SequenceNode) and node.tag == "tag:yaml.org,2002:seq":
            return [self.read(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode) and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node, path)
        raise self._error(node, f"the tag {node.tag} is not accepted")

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        own: dict[str, Any] = {}
        for key, value in self._items(node):
            if key in own:
                raise self._error(value, f"the key {key!r} stands twice")
            own[key] = self.read(value, (*path, key))
        merged = [self.read(value, path) for key, value in node.value if key.tag == MERGE]
        parts = [part for item in merged for part in (item if isinstance(item, list) else [item])]
        for part in parts:  # the first one wins, as in YAML's own rules for merging
            if not isinstance(part, dict):
                raise self._error(node, "`<<` merges mappings only")
            own = {**part, **own}
        return own

    def _items(self, node: yaml.MappingNode) -> Iterator[tuple[str, yaml.Node]]:
        for key, value in node.value:
            if key.tag == MERGE:
                continue
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(key, "a key must be a text")
            yield str(key.value), value

    def _error(self, node: yaml.Node, message: str) -> ConfigurationError:
        return ConfigurationError(f"{self.source}, line {node.start_mark.line + 1}: {message}")
