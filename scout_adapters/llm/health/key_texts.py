"""API keys as text: fingerprints, cleaning, and the environment variables they come from."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain

from pydantic import SecretStr

from scout_adapters.errors import InvalidKey

PLACEHOLDER = re.compile(r"\$\{?\w+\}?|%\w+%|<.*>|[\[{].*|.*[\]}]|.*\.\.\.|\*{3,}")
"""Matches a placeholder of a template or example, or a part of JSON, instead of a key."""

MAX_KEY = 8192
"""Characters of the longest key: servers refuse longer headers."""

VARIABLE = "os.environ/"
"""LiteLLM's notation for the value of an environment variable."""

FILE, ENV = "file:", "env:"
"""Prefixes of a reference to a file or an environment variable with the key."""

ASSIGNMENT = re.compile(r"[A-Z][A-Z0-9_]*(?:KEY|TOKEN)S?=.*")
"""A line of a `.env` file."""


@lru_cache(maxsize=4096)
def fingerprint(key: str) -> str:
    """Return a name for a key that contains no part of it: eight hex digits, always the same."""
    return hmac.new(b"scout_adapters", key.encode(), hashlib.sha256).hexdigest()[:8]


def clean_key(raw: str | SecretStr, *, source: str) -> str:
    """Return a key without surrounding white space and quotes.

    `source` names in errors where the key comes from.

    Raises: `InvalidKey` for a text that is no key; see `clean_keys`.
    """
    key, fault = _cleaned(raw)
    if not fault:
        return key
    del raw, key  # crash reports show the local variables of frames
    raise InvalidKey(f"a key from {source} {fault}")


def clean_keys(raw: Iterable[str | SecretStr], *, source: str) -> tuple[str, ...]:
    """Return the keys of each text, cleaned, without empty and repeated ones, in their order.

    A text has one key, or several between commas, semicolons or line breaks. `os.environ/NAME`
    stands for the value of a variable. `source` names in errors where the texts come from.

    Raises:
        InvalidKey: an HTTP header cannot contain a key, or it is a placeholder; the message does
            not show it.
    """
    keys, fault = _split_keys(raw)
    if not fault:
        return keys
    del raw, keys  # crash reports show the local variables of frames
    raise InvalidKey(f"a key from {source} {fault}")


def has_several(text: str) -> bool:
    """Return whether a text is a list of keys."""
    return len([part for part in _parts(text) if part.strip()]) > 1


def is_reference(text: str) -> bool:
    """Return whether a text names a file or a variable with a key, instead of being one."""
    return text.startswith((FILE, ENV)) and text not in {FILE, ENV}


def _split_keys(raw: Iterable[str | SecretStr]) -> tuple[tuple[str, ...], str]:
    """Return the keys of all texts and ""; or no keys and what is wrong with the first bad one."""
    keys: dict[str, None] = {}
    for text in raw:
        plain = text.get_secret_value() if isinstance(text, SecretStr) else text
        for part in _parts(_unquoted(plain)):
            if _unquoted(part):
                key, fault = _cleaned(part)
                if fault:
                    return (), fault
                keys.update(dict.fromkeys(_variable_keys(key) or (key,)))
    return tuple(keys), ""


def _parts(text: str) -> list[str]:
    """Split a list of keys; at semicolons only if the parts are of similar length."""
    parts = re.split("[,\n]", text)
    if len(parts) > 1 or ";" not in text:
        return parts
    parts = [part.strip() for part in text.split(";") if part.strip()]
    lengths = [len(part) for part in parts]
    return parts if lengths and max(lengths) <= 2 * min(lengths) else [text]


def _cleaned(raw: str | SecretStr) -> tuple[str, str]:
    """Strip white space and quotes around a key, and check it.

    Returns the key and ""; of a key that cannot be used, "" and what is wrong with it.
    """
    key = _unquoted(raw.get_secret_value() if isinstance(raw, SecretStr) else raw)
    if not key:
        return "", "is empty; copy it again"
    fault = _fault_of_header(key) or _fault_of_copy(key)
    return ("", fault) if fault else (key, "")


def _fault_of_header(key: str) -> str:
    if len(key) > MAX_KEY:
        return f"is longer than {MAX_KEY} characters; copy it again"
    if not all("!" <= char <= "~" for char in key):
        return "contains a blank, a line break or a non-ASCII character; copy it again"
    return ""


def _fault_of_copy(key: str) -> str:
    """Return what a text is, if it is not a key but a placeholder or the like; "" for a key."""
    if PLACEHOLDER.fullmatch(key):
        return "is a placeholder or a part of JSON; write the key itself, or os.environ/NAME"
    if ASSIGNMENT.fullmatch(key):
        return "is a line of a .env file; write what comes after the ="
    if key in {FILE, ENV}:
        return f"is a reference without a name: {key}"
    if key.startswith(VARIABLE):
        value = os.environ.get(key.removeprefix(VARIABLE), "").strip()
        if not value or value.startswith(VARIABLE):
            return f"is the value of a variable that has none: {key}"
    return ""


def _variable_keys(key: str) -> tuple[str, ...]:
    """Return the keys in the variable that `os.environ/NAME` names; none for any other key."""
    if not key.startswith(VARIABLE):
        return ()
    name = key.removeprefix(VARIABLE)
    return clean_keys([SecretStr(os.environ[name])], source=name)


def _unquoted(text: str) -> str:
    text = text.strip()
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "\"'`"
    return text[1:-1].strip() if quoted and text.count(text[0]) == len("''") else text


def env_keys(names: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of the first variable in `names` that has any; () if none has.

    The keys in its numbered variables `NAME_1`, `NAME_2`, … are included.
    """
    for name in names:
        numbered = (variable_keys(number) for number in key_numbers(name))
        if keys := tuple(dict.fromkeys(chain(variable_keys(name), *numbered))):
            return keys
    return ()


def key_numbers(name: str) -> list[str]:
    """Return the set variables `NAME_1`, `NAME_2`, …, in order; [] if `name` ends in "S"."""
    if name.endswith("S"):
        return []
    start = f"{name}_"
    ends = (v.removeprefix(start) for v in os.environ if v.startswith(start))
    return [f"{start}{end}" for end in sorted((e for e in ends if e.isdecimal()), key=int)]


def variable_keys(variable: str) -> tuple[str, ...]:
    """Return the keys in an environment variable; none if it is not set."""
    return clean_keys([SecretStr(os.environ.get(variable, ""))], source=variable)
