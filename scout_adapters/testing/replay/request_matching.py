"""Whether a request means the same as a recorded one, and what differs if not.

Bodies are compared as JSON, whatever the order of keys. Random ids (UUIDs, ids of tool calls) may
differ if one can be renamed to the other throughout. Hosts may differ within a provider.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from scout_adapters.testing.emulated_providers import provider_at
from scout_adapters.testing.isolation.provider_hosts import LOCAL
from scout_adapters.testing.scrubbing.scrubber import MASK

if TYPE_CHECKING:
    from vcr.request import Request as Recorded

ID_FIELDS = frozenset(
    {
        "id",
        "call_id",
        "conversation_id",
        "item_id",
        "message_id",
        "previous_response_id",
        "prompt_cache_key",
        "request_id",
        "response_id",
        "run_id",
        "thread_id",
        "tool_call_id",
        "tool_use_id",
        "toolUseId",
        "trace_id",
    }
)
"""Fields of a body whose whole value is an id."""

RANDOM_ID = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|(?:call|toolu|tooluse|fc|rs|msg|resp|run|lc|chatcmpl|req|thread|trace)[-_]"
    r"(?=[A-Za-z0-9_\-]{0,64}\d)[A-Za-z0-9_\-]{8,64}"
    r"|[0-9a-f]{32}"
    r")(?![A-Za-z0-9])"
)
"""Ids of random origin within a text: UUIDs with and without dashes, ids of calls and messages."""

_ID = re.compile(r"[A-Za-z0-9_\-]{6,128}")
_PLACE_OF_CLOUD = re.compile(r"/(projects|locations)/[^/]+")

Difference = tuple[str, Any, Any]
"""A place in the request (`$.messages[0].content`, `host`), the recorded value, the value now."""

MISSING: Any = "(nothing)"
"""Stands for a value that one of two requests does not have."""


@dataclass
class Renaming:
    """Random ids of a recorded request, and those of the request that is compared with it."""

    current: dict[str, str] = field(default_factory=dict)
    """The id now, by recorded id."""

    recorded: dict[str, str] = field(default_factory=dict)
    """The recorded id, by the id now."""

    masked: int = 0
    """How many texts are equal only because a masked secret stands for any word."""

    def add(self, recorded: str, current: str) -> bool:
        """Map an id to another; return False if one of them is mapped to a third."""
        return (
            self.current.setdefault(recorded, current) == current
            and self.recorded.setdefault(current, recorded) == recorded
        )

    @property
    def changes(self) -> Mapping[str, str]:
        """The ids that differ."""
        return {old: new for old, new in self.current.items() if old != new}


@dataclass(frozen=True)
class Comparison:
    """How a request differs from a recorded one."""

    differences: tuple[Difference, ...]
    renaming: Renaming

    @property
    def same(self) -> bool:
        """Whether the request means the same."""
        return not self.differences

    @property
    def rank(self) -> tuple[int, int, int]:
        """Sorts the nearest first: number of differences, of masked texts, of renamed ids."""
        place = sum(100 for where, *_ in self.differences if not where.startswith("$"))
        return len(self.differences) + place, self.renaming.masked, len(self.renaming.changes)


def compare(recorded: Recorded, current: Recorded) -> Comparison:
    """Compare a scrubbed request with a recorded one."""
    renaming = Renaming()
    differences = [*_places(recorded, current)]
    differences += _values(_body(recorded), _body(current), "$", renaming)
    return Comparison(tuple(differences), renaming)


def _places(recorded: Recorded, current: Recorded) -> Iterator[Difference]:
    """Yield the differences in method and address."""
    if recorded.method.upper() != current.method.upper():  # aiohttp takes both
        yield "method", recorded.method, current.method
    ours, theirs = address_parts(recorded.uri), address_parts(current.uri)
    for name in ("host", "path", "query"):
        if ours[name] != theirs[name]:
            yield name, ours[name], theirs[name]


def address_parts(url: str) -> Mapping[str, str]:
    """Return host, path and query of an address, equal for all addresses of a provider's API."""
    parts = urlsplit(url)
    provider = provider_at(parts.netloc, parts.path) or provider_at(
        parts.hostname or "", parts.path
    )
    if provider is None:
        # Servers of tests have another port in each run.
        host = "localhost" if LOCAL.match(parts.hostname or "") else parts.netloc
        return {"host": host, "path": parts.path, "query": _query(parts.query)}
    path = _PLACE_OF_CLOUD.sub(r"/\1/*", parts.path)
    return {"host": provider.name, "path": path, "query": _query(parts.query)}


def _query(query: str) -> str:
    return "&".join(sorted(filter(None, query.split("&"))))


def _body(request: Recorded) -> Any:
    body = request.body
    data = body if isinstance(body, bytes) else b""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            return data.decode()
        except UnicodeDecodeError:
            return data


def _values(
    recorded: Any, current: Any, where: str, ids: Renaming, name: str = ""
) -> Iterator[Difference]:
    """Yield the differences of two JSON values; ids that differ are added to `ids`."""
    if isinstance(recorded, dict) and isinstance(current, dict):
        for key in sorted(recorded.keys() | current.keys()):
            place = f"{where}.{key}"
            yield from _values(
                recorded.get(key, MISSING), current.get(key, MISSING), place, ids, key
            )
    elif isinstance(recorded, list) and isinstance(current, list):
        yield from _items(recorded, current, where, ids)
    elif isinstance(recorded, str) and isinstance(current, str):
        if not _same_text(recorded, current, ids, is_id=name in ID_FIELDS):
            yield where, recorded, current
    elif recorded != current or isinstance(recorded, bool) is not isinstance(current, bool):
        yield where, recorded, current


def _items(
    recorded: list[Any], current: list[Any], where: str, ids: Renaming
) -> Iterator[Difference]:
    for at in range(max(len(recorded), len(current))):
        ours = recorded[at] if at < len(recorded) else MISSING
        theirs = current[at] if at < len(current) else MISSING
        yield from _values(ours, theirs, f"{where}[{at}]", ids)


def _same_text(recorded: str, current: str, ids: Renaming, *, is_id: bool) -> bool:
    """Compare texts; random ids in them may be renamed, one to one, and masks stand for any key."""
    if recorded == current:
        return all(ids.add(text, text) for text in RANDOM_ID.findall(recorded))
    if is_id and _ID.fullmatch(recorded) and _ID.fullmatch(current):
        return ids.add(recorded, current)
    ours, theirs = RANDOM_ID.findall(recorded), RANDOM_ID.findall(current)
    if len(ours) != len(theirs):
        return False
    pairs = zip(RANDOM_ID.split(recorded), RANDOM_ID.split(current), strict=True)
    changed = [(old, new) for old, new in pairs if old != new]
    if not all(_matches_masked(old, new) for old, new in changed):
        return False
    ids.masked += len(changed)
    return all(ids.add(old, new) for old, new in zip(ours, theirs, strict=True))


def _matches_masked(recorded: str, current: str) -> bool:
    """Return whether texts differ only where a secret was masked in the recorded one."""
    if MASK not in recorded:
        return False
    parts = map(re.escape, recorded.split(MASK))
    return re.fullmatch(r"[^\s\"']{1,4096}?".join(parts), current) is not None


def renamed(body: bytes, changes: Mapping[str, str]) -> bytes:
    """Return an answer with recorded ids replaced by those of the request."""
    if not changes:
        return body
    pattern = re.compile(b"|".join(re.escape(old.encode()) for old in changes))
    return pattern.sub(lambda match: changes[match[0].decode()].encode(), body)
