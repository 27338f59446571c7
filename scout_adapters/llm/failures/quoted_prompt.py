"""Leave out a prompt that an error message quotes: its words say nothing of the failure."""

from __future__ import annotations

import re

_QUOTED = (
    r"\"(?:[^\"\\]|\\.)*\"(?!\w)|'(?:[^'\\]|\\.|(?<=\w)'(?=\w))*'(?!\w)|`[^`]*`"
    r"|\u201c[^\u201d]*\u201d|\u2018[^\u2019]*\u2019|\u00ab[^\u00bb]*\u00bb"
)
"""A quoted text; an apostrophe within a word ends none."""

_FIRST = re.compile(rf"\s{{0,9}}(?:{_QUOTED})", re.DOTALL)

_NAMED = re.compile(
    rf"(?P<word>(?<!['\"`\w])(?<!response )"
    rf"(?:prompts?|inputs?|queries|query|questions?|contents?|user messages?|texts?)"
    rf"\s{{0,3}}(?:was |is )?[:=]?\s{{0,3}})(?P<quoted>{_QUOTED})",
    re.IGNORECASE | re.DOTALL,
)
"""A quoted text after a word for what a caller sends.

Not after the quoted name of a field of JSON, nor a `response text`, which a server has sent.
"""

LEAST_WORDS = 3
"""A prompt has at least so many words; shorter quotes are names of options, models and types."""


MAX_CHARS = 4096
"""Characters of a message that are searched for named quotes: each name may take all of them."""

MAX_FIRST = 64 * 1024
"""Characters of a quote at the beginning."""


def without_prompt(message: str) -> str:
    """Return a message without the prompt that it quotes at its beginning, or names as one.

    A message that is nothing but a quoted text is returned whole.
    """
    rest, first = message, _FIRST.match(message, 0, MAX_FIRST)
    if first and _is_prompt(first[0]):
        rest = message[first.end() :].lstrip(" \t\r\n:,.-")
    head, tail = rest[:MAX_CHARS], rest[MAX_CHARS:]
    if not any(char.isalpha() for char in head):
        return message
    return _NAMED.sub(lambda m: m["word"] if _is_prompt(m["quoted"]) else m[0], head) + tail


def _is_prompt(quoted: str) -> bool:
    return len(quoted.split()) >= LEAST_WORDS
