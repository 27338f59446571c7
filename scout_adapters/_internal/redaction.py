"""Takes keys out of whatever a provider sends back, which may hold the one that it was sent.

Gemini's `CONSUMER_SUSPENDED` prints the whole key, xAI and DeepSeek its first or last characters.
The caller's own `redact` knows the exact keys; the patterns here catch those that nobody knows.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from urllib.parse import quote

MASK = "[redacted]"
SHORTEST_SECRET = 8
"""Shorter keys ("k", for a server on one's own machine) occur in any text, and are no secret."""

PIECE = 8
"""Characters in a row that give a key away."""

LONG = 16
"""From so many characters on a key is looked for by its pieces; dummies of a word are not."""

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
_SECRETS = re.compile("|".join(_SHAPES), re.IGNORECASE)


@lru_cache(maxsize=4096)
def hider(key: str, name: str) -> Callable[[str], str]:
    """Make the function that puts `name` in a key's place, wherever it or a piece of it stands.

    It knows the key as it is, and as URLs, JSON, HTML, base64 and hex dumps spell it.
    """
    if len(key) < SHORTEST_SECRET:
        return str

    def hide(text: str) -> str:
        shown: list[str] = []
        end = 0
        # Found in the text as it came: what is replaced first would cut other pieces in two.
        for first, last in sorted(_places(text, key)):
            if first > end or not shown:
                shown += [text[end:first], name]
            end = max(end, last)
        return "".join((*shown, text[end:]))

    return hide


def _places(text: str, key: str) -> Iterator[tuple[int, int]]:
    """Yield from where to where a text shows a key, or a piece of it; these may overlap."""
    whole, pieces = _looked_for(key)
    if (escaped := _escaped(key)) is not None:
        yield from (found.span(1) for found in escaped.finditer(text))
    for form in whole:
        yield from ((at, at + len(form)) for at in _found(text, form))
    for form, at, piece in pieces:
        yield from (_run(text, found, form, at, len(piece)) for found in _found(text, piece))


def _found(text: str, part: str) -> Iterator[int]:
    """Yield where a part stands in a text, overlapping places too."""
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


@lru_cache(maxsize=256)
def _looked_for(key: str) -> tuple[tuple[str, ...], tuple[tuple[str, int, str], ...]]:
    """List the forms of a key, and the pieces of each: where in it they stand, what they are."""
    forms = dict(_forms(key))
    pieces = (
        (form, at, form[at : at + PIECE])
        for form, step in forms.items()
        for at in range(0, len(form) - PIECE + 1, step)
    )
    return tuple(forms), tuple(pieces) if len(key) >= LONG else ()


@lru_cache(maxsize=256)
def _escaped(key: str) -> re.Pattern[str] | None:
    """Match a key, and pieces of it, however often escaped; None where nothing in it would be."""
    if not set(key) & set("\"'\\/"):
        return None
    bare = [re.escape(char) for char in key if char != "\\"]
    windows = (
        bare[at : at + PIECE] for at in range(len(bare) - PIECE + 1 if len(key) >= LONG else 0)
    )
    runs = "|".join(r"\\*".join(run) for run in (bare, *windows))
    return re.compile(f"(?=({runs}))")  # looks ahead, to find those that overlap


def spellings(key: str) -> tuple[str, ...]:
    """Return a key as it is, and as URLs, JSON, HTML, base64 and hex dumps spell it."""
    return _looked_for(key)[0]


def _forms(key: str) -> Iterator[tuple[str, int]]:
    """Yield every spelling of a key, and at each how many characters pieces of it are looked for.

    What spells a character in several is looked for more seldom: eight of the key's are enough.
    """
    quoted, escaped = quote(key, safe=""), json.dumps(key)[1:-1]
    plain = {key, quoted, escaped, json.dumps(escaped)[1:-1], escaped.replace("/", "\\/")}
    plain |= {html.escape(key), html.escape(key, quote=False), _lower_escapes(quoted)}
    plain.add("".join(c if c.isalnum() or c in "-_." else f"\\u{ord(c):04x}" for c in key))
    yield from ((form, 1) for form in sorted(plain, key=len, reverse=True))
    raw = key.encode()
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw).decode()
        # The outermost characters hold bits of what stands beside the key.
        inner = coded.rstrip("=")[(0, 2, 3)[before] : -1 if (len(raw) + before) % 3 else None]
        yield from ((form, 4) for form in {inner, inner.replace("+", "-").replace("/", "_")})
    yield from ((form, PIECE) for form in (raw.hex(), raw.hex().upper()))


def _lower_escapes(quoted: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), quoted)


def _run(text: str, found: int, form: str, at: int, size: int) -> tuple[int, int]:
    """Return from where to where a text goes on like a form that it has in common a piece with."""
    first, last, end = found, found + size, at + size
    while first and at and text[first - 1] == form[at - 1]:
        first, at = first - 1, at - 1
    while last < len(text) and end < len(form) and text[last] == form[end]:
        last, end = last + 1, end + 1
    return first, last


def masked(text: str) -> str:
    """Replace what looks like a key, and what no log takes: control codes and lone surrogates."""
    text = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return _SECRETS.sub(lambda found: (found["word"] or found["bare"] or "") + MASK, text)
