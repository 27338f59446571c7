"""Remove API keys from text that a provider sends; it may contain the key of the request.

Gemini's `CONSUMER_SUSPENDED` contains the whole key, xAI and DeepSeek its first or last characters.
`key_redactor` removes a known key; `mask_secrets` removes text that looks like one.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

MASK = "[redacted]"
SHORTEST_SECRET = 8
"""Characters: shorter keys ("k", for a local server) occur in any text, and are not secret."""

PART_CHARS = 8
"""Characters: a part of a key of this length is removed too."""

LONG_KEY_CHARS = 16
"""Characters: only keys of this length or more are searched by their parts; dummies are shorter."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

_PREFIXED = (
    r"(?<![A-Za-z0-9])(?:"
    r"(?:sk|pk|rk|csk|xai|pplx|nvapi|gsk|hf|fw|r8|tgp|ghp|ya29|AQ)[-_.][A-Za-z0-9_\-.]{8,}"
    r"|AIza[A-Za-z0-9_\-]{8,}"
    r"|eyJ[A-Za-z0-9_\-]{8,}\.[A-Za-z0-9_\-.]{8,})"
)
_HALF_MASKED = r"[A-Za-z0-9_\-.]{0,64}\*{3,}[A-Za-z0-9_\-]{0,64}"
_BEARER = r"(?<=\bbearer )(?=[^\s\"',;]{0,200}\d)[^\s\"',;]{6,}"
_WORD = r"(?:key|token|secret|password)(?: [a-z]{1,12}\b){0,2}[\"'`]?\s{0,2}"
_AFTER_THE_WORD = (
    rf"(?P<word>{_WORD}(?:[:=]\s{{0,2}}[\"'`]?|[\"'`]))"
    r"(?=[^\s\"'`]{0,200}\d)[A-Za-z0-9_\-./+=]{16,}"
    rf"|(?P<bare>{_WORD})(?=[^\s\"'`]{{0,200}}\d)[A-Za-z0-9+/_]{{24,}}={{0,2}}"
)
_PROVIDED = r"(?<=api key provided: )[^\s<]+[^\s<.]"
_SHAPES = (_PROVIDED, _PREFIXED, _HALF_MASKED, _BEARER, _AFTER_THE_WORD)


@cache
def _secrets() -> re.Pattern[str]:
    """Return the pattern of what looks like a key; compiled on first use, as few calls fail."""
    return re.compile("|".join(_SHAPES), re.IGNORECASE)


_OPAQUE = re.compile(r"(?=[^/]*\d)(?=[^/]*[A-Za-z])[A-Za-z0-9_\-.~%=]{20,}|[0-9a-fA-F-]{16,}")
"""A segment of a path that may be a token; versions and words are shorter."""


_TOKEN_NAME = re.compile(
    r"(?:[\w-]*[_-])?(?:tokens?|keys?|secrets?|hooks?)|webhooks?", re.IGNORECASE
)
_VERSION = re.compile(r"v\d{1,2}(?:(?:alpha|beta)\d?)?|")


@lru_cache(maxsize=4096)
def key_redactor(key: str, name: str) -> Callable[[str], str]:
    """Return a function that replaces a key, and parts of it, by `name`.

    It finds the key in plain form, and as URLs, JSON, HTML, base64 and hex encode it.
    """
    if len(key) < SHORTEST_SECRET:
        return str

    def redact(text: str) -> str:
        output: list[str] = []
        end = 0
        # Search the original text: an earlier replacement would split other parts.
        for first, last in sorted(_occurrences(text, key)):
            if first > end or not output:
                output += [text[end:first], name]
            end = max(end, last)
        return "".join((*output, text[end:]))

    return redact


def _occurrences(text: str, key: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each occurrence of a key or a part of it; they may overlap."""
    whole, pieces = _forms_and_parts(key)
    ends: dict[tuple[str, int], int] = {}  # by form, and where in the text the form would begin
    if (escaped := _escaped(key)) is not None:
        yield from (match.span(1) for match in escaped.finditer(text))
    for form in whole:
        for at in _positions(text, form):
            ends[form, at] = at + len(form)
            yield at, ends[form, at]
    for form, at, piece in pieces:
        for start in _positions(text, piece):
            # A part inside an occurrence of the same form would be extended to that occurrence.
            if start >= ends.get((form, start - at), 0):
                first, ends[form, start - at] = _extend(text, start, form, at, len(piece))
                yield first, ends[form, start - at]


def _positions(text: str, part: str) -> Iterator[int]:
    """Yield the positions of a part in a text, overlapping ones included."""
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


@lru_cache(maxsize=256)
def _forms_and_parts(key: str) -> tuple[tuple[str, ...], tuple[tuple[str, int, str], ...]]:
    """Return the forms of a key, and the parts of each form: form, position, part."""
    forms = dict(_forms(key))
    pieces = (
        (form, at, form[at : at + PART_CHARS])
        for form, step in forms.items()
        for at in range(0, len(form) - PART_CHARS + 1, step)
    )
    return tuple(forms), tuple(pieces) if len(key) >= LONG_KEY_CHARS else ()


@lru_cache(maxsize=256)
def _escaped(key: str) -> re.Pattern[str] | None:
    """Return a pattern of a key and its parts with any number of backslashes.

    None if the key contains no character that is escaped.
    """
    if not set(key) & set("\"'\\/"):
        return None
    bare = [re.escape(char) for char in key if char != "\\"]
    windows = (
        bare[at : at + PART_CHARS]
        for at in range(len(bare) - PART_CHARS + 1 if len(key) >= LONG_KEY_CHARS else 0)
    )
    runs = "|".join(r"\\*".join(run) for run in (bare, *windows))
    return re.compile(f"(?=({runs}))")  # a lookahead finds overlapping occurrences


def key_forms(key: str) -> tuple[str, ...]:
    """Return a key in plain form, and as URLs, JSON, HTML, base64 and hex encode it."""
    return _forms_and_parts(key)[0]


def _forms(key: str) -> Iterator[tuple[str, int]]:
    """Yield every form of a key, with the step between the positions of its parts.

    Forms with several characters per character of the key need fewer parts.
    """
    quoted, escaped = quote(key, safe=""), json.dumps(key)[1:-1]
    plain = {key, quoted, escaped, json.dumps(escaped)[1:-1], escaped.replace("/", "\\/")}
    plain |= {html.escape(key), html.escape(key, quote=False), _lower_escapes(quoted)}
    plain.add(quote(key))
    plain.add("".join(c if c.isalnum() or c in "-_." else f"\\u{ord(c):04x}" for c in key))
    yield from ((form, 1) for form in sorted(plain, key=len, reverse=True))
    raw = key.encode()
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw).decode()
        # The outermost characters contain bits of the text beside the key.
        inner = coded.rstrip("=")[(0, 2, 3)[before] : -1 if (len(raw) + before) % 3 else None]
        yield from ((form, 4) for form in {inner, inner.replace("+", "-").replace("/", "_")})
    yield from ((form, PART_CHARS) for form in (raw.hex(), raw.hex().upper()))


def _lower_escapes(quoted: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda match: match[0].lower(), quoted)


def _extend(text: str, start: int, form: str, at: int, size: int) -> tuple[int, int]:
    """Return start and end of the longest match of a form around a part that was found."""
    first, last, end = start, start + size, at + size
    while first and at and text[first - 1] == form[at - 1]:
        first, at = first - 1, at - 1
    while last < len(text) and end < len(form) and text[last] == form[end]:
        last, end = last + 1, end + 1
    return first, last


def mask_secrets(text: str) -> str:
    """Replace text that looks like a key, and control codes and surrogates, which break logs."""
    text = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return _secrets().sub(lambda match: (match["word"] or match["bare"] or "") + MASK, text)


def mask_values(value: Any) -> Any:
    """Return a JSON value with `mask_secrets` applied to its texts; equal texts stay equal."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return mask_secrets(value)
    if isinstance(value, dict):
        return {name: mask_values(item) for name, item in value.items()}
    return [mask_values(item) for item in value] if isinstance(value, (list, tuple)) else value


def _path_shape(parts: list[str]) -> Iterator[str]:
    """Yield the parts of a path, with "..." for tokens and for what follows their name."""
    is_after_name = False
    for part in parts:
        is_token = is_after_name and not _VERSION.fullmatch(part)
        yield "..." if is_token or "=" in part or _OPAQUE.fullmatch(part) else part
        is_after_name = is_after_name or bool(_TOKEN_NAME.fullmatch(part))


@lru_cache(maxsize=256)
def address_shape(url: str) -> str:
    """Return an address as logs may show it: origin and path, without query, user and tokens.

    A digest is appended if a part was removed, so that different addresses stay different.
    """
    scheme, host, path, query, _ = urlsplit(url)
    host = host.rpartition("@")[2]
    path = "/".join(_path_shape(path.split("/")))
    shape = f"{scheme}://{host}{path}" + ("?..." if query else "")
    if shape == url:
        return url
    return f"{shape} #{hashlib.sha256(url.encode()).hexdigest()[:8]}"
