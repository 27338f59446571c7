"""Find parts of bodies of Chat Completions that some models refuse, each with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scout_adapters.testing.model.chat_request import mapping, objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scout_adapters.testing.http_messages import Json
    from scout_adapters.testing.unsupported.unsupported_row import Feature


def always(_: Json) -> Iterator[Json]:
    """Yield one place for any body."""
    yield {}


def parts(*kinds: str) -> Feature:
    """Return a feature: parts of messages with one of these types (`{at}`, `{part_at}`)."""

    def find(body: Json) -> Iterator[Json]:
        for at, message in enumerate(objects(body.get("messages"))):
            for part_at, part in enumerate(objects(message.get("content"))):
                if part.get("type") in kinds:
                    yield {"at": at, "part_at": part_at, "kind": part["type"]}

    return find


def files(*kinds: str) -> Feature:
    """Return a feature: files whose MIME type does not begin with one of these (`{mime}`)."""

    def find(body: Json) -> Iterator[Json]:
        for at, message in enumerate(objects(body.get("messages"))):
            for part_at, part in enumerate(objects(message.get("content"))):
                data = str(mapping(part.get("file")).get("file_data") or "")
                mime = data.removeprefix("data:").partition(";")[0]
                if data.startswith("data:") and not mime.startswith(kinds):
                    yield {"at": at, "part_at": part_at, "mime": mime}

    return find


def data_of(kind: str, *beginnings: str) -> Feature:
    """Return a feature: base64 data of parts of a type that begins with one of the texts."""

    def find(body: Json) -> Iterator[Json]:
        for message in objects(body.get("messages")):
            for part in objects(message.get("content")):
                data = part.get(kind)
                data = data.get("data") if isinstance(data, dict) else data
                if part.get("type") == kind and str(data).startswith(beginnings):
                    yield {}

    return find


def images_except(*kinds: str) -> Feature:
    """Return a feature: images in the body whose MIME type is none of these."""

    def find(body: Json) -> Iterator[Json]:
        for message in objects(body.get("messages")):
            for part in objects(message.get("content")):
                image = part.get("image_url")
                url = str(image.get("url") if isinstance(image, dict) else image)
                mime = url.removeprefix("data:").partition(";")[0]
                if url.startswith("data:") and mime not in kinds:
                    yield {"mime": mime}

    return find


def field(name: str, *values: Any) -> Feature:
    """Return a feature: a field that is set, or has one of the values (`{value}`)."""

    def find(body: Json) -> Iterator[Json]:
        value = body.get(name)
        if value in values if values else (value is not None and value is not False):
            yield {"name": name, "value": value}

    return find


def field_not(name: str, *values: Any) -> Feature:
    """Return a feature: a field that is set to something other than the values (`{value}`)."""

    def find(body: Json) -> Iterator[Json]:
        if body.get(name) is not None and body[name] not in values:
            yield {"name": name, "value": body[name]}

    return find


def both(one: str, other: str) -> Feature:
    """Return a feature: two fields that are set at the same time."""

    def find(body: Json) -> Iterator[Json]:
        if body.get(one) is not None and body.get(other) is not None:
            yield {}

    return find


def tools(body: Json) -> Iterator[Json]:
    """Yield one place if a body offers tools."""
    if body.get("tools"):
        yield {}


def tools_except(*kinds: str) -> Feature:
    """Return a feature: tools of other types than these (`{at}`, `{kind}`)."""

    def find(body: Json) -> Iterator[Json]:
        for at, tool in enumerate(objects(body.get("tools"))):
            kind = tool.get("type", "function")
            if kind not in kinds:
                yield {"at": at, "kind": kind, "tool": tool}

    return find


def forced_tool(body: Json) -> Iterator[Json]:
    """Yield one place if a body forces the call of a tool."""
    if body.get("tools") and body.get("tool_choice") not in (None, "auto", "none"):
        yield {}


def response_format(kind: str) -> Feature:
    """Return a feature: an answer in this format is requested."""

    def find(body: Json) -> Iterator[Json]:
        if mapping(body.get("response_format")).get("type") == kind:
            yield {}

    return find


def schema_missing(body: Json) -> Iterator[Json]:
    """Yield one place if a body requests an answer by a JSON schema, and contains no schema."""
    form = mapping(body.get("response_format"))
    if form.get("type") == "json_schema" and not mapping(form.get("json_schema")).get("schema"):
        yield {}
