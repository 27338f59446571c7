"""Where a text has secrets: known ones in every encoding, and whatever looks like a key.

Ids, hashes, UUIDs, names of models and pictures in base64 are not secrets.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from urllib.parse import unquote

from scout_adapters._internal.redaction import SHORTEST_SECRET, key_forms
from scout_adapters.testing.scrubbing.scrubber import KEY_START, LOOKS_LIKE_A_KEY

Span = tuple[int, int]
"""Start and end of a secret, in characters."""

LONGEST_KEY = 250
"""Characters. A longer run that only contains the shape of a key is data, such as a signature."""

_START = r"(?:(?<![A-Za-z0-9])|\\(?:[nrt]|u[0-9a-fA-F]{4})|%(?:25)?[0-9a-fA-F]{2})"
"""Where a key may begin: also after a character that JSON or a URL has encoded."""

_MORE_SHAPES = re.compile(
    _START + r"(?P<key>"
    r"(?:IQoJb3JpZ2lu|F[wQ]oGZXIvYXdz)(?:[A-Za-z0-9+/=_\-]|%2[BbFf]|%3[Dd]){40,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])"
    r"|(?:ABSKQmVkcm9ja0FQSUtleS|bedrock-api-key-)[A-Za-z0-9+/]{40,}={0,2}"
    r"|[A-Za-z0-9]{40,60}JQQJ99[A-Za-z0-9]{16,30}"
    r"|(?:dapi|fc-)[0-9a-f]{32}(?![0-9A-Za-z])|dop_v1_[0-9a-f]{64}|npm_[A-Za-z0-9]{36}"
    r"|(?:pypi-|pcsk_)(?=[A-Za-z0-9_\-]*\d)[A-Za-z0-9_\-]{40,}"
    r"|(?:glpat|GOCSPX)-(?=[A-Za-z0-9_\-]*[A-Z\d])[A-Za-z0-9_\-]{20,}"
    r"|hvs\.(?=[A-Za-z0-9_\-]*\d)[A-Za-z0-9_\-]{24,}|SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}"
    r"|(?P<prefixed>(?:gh[osur]|xox[abeprs]|tvly|lsv2|dapi|pat|jina|voyage|co)[-_]"
    r"(?=[A-Za-z0-9_\-]*\d)[A-Za-z0-9_\-]{20,})"
    r"|[A-Za-z0-9_\-]{2,16}\*{3,}[A-Za-z0-9_\-]{2,16}"
    r"|(?<=[Bb]earer%20)[A-Za-z0-9_\-.=%]{8,}"
    r"|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----.*?-----END [A-Z ]{0,20}PRIVATE KEY-----)",
    re.DOTALL,
)
"""Keys of other services that chains use, and keys of clouds.

Every newer key of Azure contains `JQQJ99`; a long one of Bedrock is a text in base64.
"""

_NAMED = re.compile(
    rf"(?i){_START}"
    r"(?:(?:api|(?:secret[_-]?)?access|secret|private|subscription|account|signing)[_-]?key"
    r"|(?:access|refresh|session|security|auth|id|bot|sas)[_-]?token|client[_-]?secret|password|passwd"
    r"|authorization|x-amz-signature|(?<=[?&])sig(?:nature)?"
    r"|(?<![A-Za-z0-9_\-])(?:token|secret)(?=[\"'\\:=\s%]{1,8}[A-Za-z0-9_\-./+=~%]{16}))"
    r"(?:(?:\\*[\"']|%22)?\s{0,3}(?:[:=]|%(?:25)?3[AaDd])\s{0,3}(?:\\*[\"']|%22)?"
    r"|\\*\"(?:\\r|\r)?(?:\\n|\n)(?:\\r|\r)?(?:\\n|\n))(?:Bearer |Basic )?"
    r"(?P<value>[A-Za-z0-9_\-./+=~!@#$^&*%]{8,4096})"
)
"""A value after the name of a secret: in JSON, query strings, configuration and forms."""

_VARIABLE = re.compile(
    rf"{_START}(?:[A-Z][A-Z0-9_]{{0,62}}_(?:TOKEN|SECRET|KEY|PASSWORD)S?|[a-z][a-z0-9]{{0,30}}_secret)"
    r"(?:\\*[\"']|%22)?\s{0,3}(?:[:=]|%(?:25)?3[AaDd])\s{0,3}(?:\\*[\"']|%22)?"
    r"(?P<value>[A-Za-z0-9_\-./+=~%]{16,4096})"
)
"""A value after the name of a variable: it is a secret if it is random."""

_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_IN_ADDRESS = re.compile(r"://[^\s:/@\"'<>\\]{1,64}:(?P<value>[^\s:/@\"'<>\\]{8,256})@")
"""The password of an address, as of a database."""

_BASIC = re.compile(r"(?<=[Bb]asic )[A-Za-z0-9+/]{12,}={0,2}")
"""User and password in base64; also any word after "basic"."""

_WRAPPED = re.compile(
    r"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{60,76}(?:\\r|\r)?(?:\\n|\n))+[A-Za-z0-9+/]{1,76}={0,2}"
)
"""Base64 in lines, as in mails."""

_BASE64 = re.compile(r"[A-Za-z0-9+/_\-]{24,}={0,2}")
_LONG = 20
"""Characters from which a text is long enough to show that it is random."""

_WORDS = 0.28
"""Share of upper case letters: it is smaller in a name of several words."""

_SHAPES = re.compile(
    _START
    + "(?P<key>"
    + LOOKS_LIKE_A_KEY.pattern.removeprefix(KEY_START)
    + r"|(?:sk|gsk|csk|xai|hf|fw|r8)[-_][A-Za-z]{20,})"
)
"""Keys also behind a slash, as in addresses; and such without a digit."""

_RUN = re.compile(r"[A-Za-z0-9]{12,}")
_LONGEST_PREFIX = 24
"""Characters before a text in base64."""

_MASKED = "KEY"


def secret_spans(text: str, secrets: Sequence[str] = ()) -> list[Span]:
    """Return the places of secrets in a text, in order and without overlaps."""
    spans = sorted(
        {*_known(text, secrets), *_shaped(text), *_named(text), *_encoded(text, secrets)}
    )
    merged: list[Span] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _known(text: str, secrets: Sequence[str]) -> Iterator[Span]:
    for form in _forms(tuple(secrets)):
        at = text.find(form)
        while at >= 0:
            yield at, at + len(form)
            at = text.find(form, at + 1)


@lru_cache(maxsize=64)
def _forms(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """Return all secrets in the forms in which URLs, JSON and base64 have them."""
    forms = {
        form
        for secret in secrets
        for form in (key_forms(secret) if len(secret) >= SHORTEST_SECRET else (secret,))
    }
    return tuple(sorted(forms, key=len, reverse=True))


def _shaped(text: str) -> Iterator[Span]:
    for match in _SHAPES.finditer(text):
        key = match["key"]
        if "***" in key or (is_random(key) and not _is_in_data(text, *match.span("key"))):
            yield match.span("key")
    for match in _MORE_SHAPES.finditer(text):
        if not match["prefixed"] or is_random(match["prefixed"]):  # models are `jina-…`, too
            yield match.span("key")
    yield from (match.span() for match in _BASIC.finditer(text) if ":" in decoded_text(match[0]))


def is_random(text: str) -> bool:
    """Return whether a text with the prefix of a key can be one: words with a version are not.

    `sk-learn-compatible-2` is no key; `sk-proj-9fX2kQ7LmZ4T` is one.
    """
    if any(map(_is_mixed, _RUN.findall(text))):
        return True
    cases = (str.isupper, str.islower, str.isdigit)
    return len(text) >= _LONG and all(any(map(case, text)) for case in cases)


def _is_mixed(run: str) -> bool:
    """Return whether a run has letters and digits, or is long and as often upper as lower case."""
    letters = sum(map(str.isalpha, run))
    if letters < len(run):
        return letters > 0
    upper = sum(map(str.isupper, run))
    return len(run) >= _LONG and _WORDS < upper / len(run) < 1


def _is_in_data(text: str, start: int, end: int) -> bool:
    """Return whether the text around a match is one long run, as signatures and pictures are."""
    around = text[max(0, start - LONGEST_KEY) : start]
    before = re.search(r"[A-Za-z0-9+/_\-]*\Z", around)
    return before is not None and len(before[0]) + end - start > LONGEST_KEY and bool(before[0])


def _named(text: str) -> Iterator[Span]:
    for pattern in (_NAMED, _IN_ADDRESS):
        for match in pattern.finditer(text):
            if match["value"] != _MASKED and _is_value(match["value"]):
                yield match.span("value")
    for match in _VARIABLE.finditer(text):
        if is_random(match["value"]) and not _UUID.fullmatch(match["value"]):
            yield match.span("value")


def _is_value(value: str) -> bool:
    """Return whether a value can be a secret: it has a digit and a letter, and is no number."""
    return any(map(str.isdigit, value)) and any(map(str.isalpha, value))


def _encoded(text: str, secrets: Sequence[str]) -> Iterator[Span]:
    """Yield the places of texts in base64 that contain secrets."""
    for match in (*_BASE64.finditer(text), *_WRAPPED.finditer(text)):
        if any(_is_secret(decoded, secrets) for decoded in _decoded_texts(match[0])):
            yield match.span()


def _is_secret(text: str, secrets: Sequence[str]) -> bool:
    return any(_known(text, secrets)) or any(_shaped(text)) or any(_named(text))


def _decoded_texts(data: str) -> Iterator[str]:
    """Yield what base64 encodes, in lines, and as a JSON object behind a prefix like `token_`."""
    lines = re.sub(r"\\[rn]|[\r\n]", "", data)
    yield decoded_text(lines)
    for match in re.finditer(r"[_\-](?=ey)", lines[:_LONGEST_PREFIX]):
        yield decoded_text(lines[match.end() :])


def decoded_text(data: str) -> str:
    """Return the text that base64 encodes; "" if it encodes no text."""
    standard = data.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        decoded = base64.b64decode(standard + "=" * (-len(standard) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return decoded if decoded.isprintable() or "\n" in decoded else ""


def hidden_texts(text: str) -> Iterator[str]:
    """Yield what a text contains in other encodings, in which secrets are not replaced."""
    if "%" in text:
        yield unquote(text)
        yield unquote(unquote(text))
    for match in _BASE64.finditer(text):
        inner = decoded_text(match[0])
        yield from (decoded_text(again[0]) for again in _BASE64.finditer(inner))
    for match in re.finditer(r"\b(?:[0-9a-fA-F]{2}){16,}\b", text):
        yield bytes.fromhex(match[0]).decode("latin-1")
