"""Scrub recordings of tests, and refuse those in which a secret would be left."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from scout_adapters.testing.scrubbing.content_encoding import decompressed
from scout_adapters.testing.scrubbing.scrubber import (
    KEPT_HEADERS,
    MASK,
    known_secrets,
    numbered,
    text_of,
)
from scout_adapters.testing.scrubbing.secret_spans import hidden_texts, secret_spans
from scout_adapters.testing.scrubbing.split_secrets import framed_texts, split_texts
from scout_adapters.testing.scrubbing.stream_scrubber import StreamScrubber

if TYPE_CHECKING:
    from vcr.request import Request as Recorded

    from scout_adapters.testing.scrubbing.secret_spans import Span

Exchange = tuple["Recorded", dict[str, Any]]
"""A recorded request, and its answer in vcrpy's form."""

_CREDENTIAL = re.compile(
    r"(?i)^(key|api[_-]?key|access[_-]?token|token|sig|signature|code|secret|subscription-key"
    r"|x-amz-(signature|credential|security-token))$"
)
"""Names of query parameters whose value is left out of cassettes."""


class SecretScrubber(StreamScrubber):
    """Removes secrets also in base64 and in pieces of a stream; leaves what only resembles them."""

    def request(self, request: Recorded) -> Recorded:
        """Scrub a request; a test may have set variables since the scrubber was made."""
        self.seen.update(set(known_secrets()).difference(self.secrets))
        return super().request(request)

    def text(self, text: str) -> str:
        """Mask the known secrets, and texts that look like one."""
        parts, end = [], 0
        for start, stop in self.spans(text):
            parts += [text[end:start], MASK]
            end = stop
        return "".join([*parts, text[end:]])

    def spans(self, text: str) -> list[Span]:
        """Return the places of secrets in a text."""
        return secret_spans(text, (*self.secrets, *sorted(self.seen)))

    def with_ids(self, text: str) -> str:
        """Return the text with its random ids, by which answers are given those of a later run."""
        return text

    def url(self, url: str) -> str:
        """Remove query parameters that are credentials, and mask the rest."""
        parts = urlsplit(super().url(url))
        pairs = (pair for pair in parts.query.split("&") if not _is_credential(pair))
        return parts._replace(query="&".join(pairs)).geturl()


class NumberedScrubber(SecretScrubber):
    """The same, with random ids as numbers: cassettes that are matched by whole bodies."""

    def with_ids(self, text: str) -> str:
        """Return the text of a request with its random ids numbered."""
        return numbered(text)


def _is_credential(pair: str) -> bool:
    return _CREDENTIAL.match(pair.partition("=")[0]) is not None


def remaining_secrets(
    exchanges: Iterable[Exchange], secrets: Sequence[str] = (), outside: str = ""
) -> list[str]:
    """Return where exchanges contain what looks like a key, as places that do not show it.

    `outside` is what their file contains beside them.
    """
    beside = ["beside the interactions"] if _has_secret(outside, secrets) else []
    places = (
        f"interaction {number}, {place}"
        for number, (request, response) in enumerate(exchanges, 1)
        for place, text in _texts(request, response)
        if _has_secret(text, secrets)
    )
    return beside + list(dict.fromkeys(places))  # a value is looked at with its name and without it


def _has_secret(text: str, secrets: Sequence[str]) -> bool:
    if secret_spans(text, secrets):
        return True
    return any(secret_spans(hidden, secrets) for hidden in hidden_texts(text))


def _texts(request: Recorded, response: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the texts of an exchange with their places."""
    yield "request, address", request.uri
    for name, value in parse_qsl(urlsplit(request.uri).query):
        yield f"request, query parameter {name}", f"{name}={value}"
    for side, headers in (("request", request.headers), ("answer", response["headers"])):
        for name, value in headers.items():
            kept = name.lower() in KEPT_HEADERS
            if secret_spans(name):
                yield f"{side}, name of a header", name
                continue
            yield f"{side}, header {name}", str(value) if kept else f"{name}: {value}"
    yield from _body_texts("request", request.body)
    yield from _body_texts("answer", response["body"].get("string"))


def _body_texts(side: str, body: Any) -> Iterator[tuple[str, str]]:
    text = text_of(body)
    if not text:
        if isinstance(body, bytes) and body:
            yield f"{side}, binary body", body.decode("latin-1")
            yield f"{side}, compressed body", decompressed(body).decode("latin-1")
            yield from ((f"{side}, pieces of frames", joined) for joined in framed_texts(body))
        return
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        yield f"{side}, body", text
        yield from ((f"{side}, pieces of the stream", joined) for joined in split_texts(text))
    else:
        yield from ((f"{side}, pieces of the answer", joined) for joined in split_texts(text))
        yield from _leaves(value, f"{side}, $")


def _leaves(value: Any, place: str, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield f"{place}, name of a field", key
            yield from _leaves(item, f"{place}.{key}", key)
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from _leaves(item, f"{place}[{at}]", name)
    elif isinstance(value, str):
        yield place, value
        yield place, f'"{name}": "{value}"'
