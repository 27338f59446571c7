"""Keys that occur nowhere by chance, and every form in which one of them may come to light."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import random
import re
from functools import cached_property
from urllib.parse import quote, quote_plus

SHOWN = 8
"""So many characters of a key in a row are a leak."""

ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
REALISTIC = {
    "groq": "gsk_{52}",
    "google": "AIzaSy{33}",
    "anthropic": "sk-ant-api03-{40}-{40}AA",
    "openai": "sk-proj-{70}T3BlbkFJ{70}",
    "openrouter": "sk-or-v1-{64}",
    "minimax": "eyJhbGciOiJSUzI1NiJ9.{120}.{86}",
    "mistral": "{32}",
    "xai": "xai-{80}",
    "deepseek": "sk-{32}",
}


def random_text(seed: str, length: int, letters: str = ALNUM) -> str:
    """Make a text that is always the same for the same seed."""
    rng = random.Random(hashlib.sha256(seed.encode()).digest())
    return "".join(rng.choice(letters) for _ in range(length))


def realistic(provider: str, seed: str = "") -> str:
    """Make a key as the provider makes them."""
    form = REALISTIC.get(provider, "{40}")
    return re.sub(
        r"{(\d+)}",
        lambda match: random_text(f"{seed}{provider}{match.start()}", int(match[1])),
        form,
    )


def odd(seed: str) -> str:
    """Make a key that URLs, JSON and HTML spell differently."""
    return random_text(f"odd {seed}", 44, ALNUM + "+/=%&\"\\<>'#?@:;~|")


class Canary:
    """A key, and what must be found nowhere."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __repr__(self) -> str:
        return "Canary()"

    @cached_property
    def spelt(self) -> frozenset[str]:
        """The key as it is, and as URLs, JSON, HTML and Python spell it."""
        written = json.dumps(self.key)[1:-1]
        quoted = {quote(self.key, safe=""), quote(self.key), quote_plus(self.key)}
        forms = {self.key, written, json.dumps(written)[1:-1], repr(self.key)[1:-1]}
        return frozenset(forms | quoted | {html.escape(self.key)})

    @cached_property
    def coded(self) -> frozenset[str]:
        """The key in base64, beginning at each of three bits, without what stands beside it."""
        forms: set[str] = set()
        for before in range(3):
            raw = base64.b64encode(b"\0" * before + self.key.encode()).decode()
            inner = raw.rstrip("=")[4:-1]
            forms |= {inner, inner.translate(URL_SAFE)}
        return frozenset(forms)

    @cached_property
    def hexed(self) -> frozenset[str]:
        """The key as hex dumps show it."""
        raw = self.key.encode().hex()
        return frozenset({raw, raw.upper()})

    @property
    def whole(self) -> frozenset[str]:
        """The key in every form."""
        return self.spelt | self.coded | self.hexed

    @cached_property
    def needles(self) -> frozenset[str]:
        """Every eight characters of the key in a row, in every form."""
        sizes = ((self.spelt, SHOWN), (self.coded, 11), (self.hexed, 2 * SHOWN))
        return frozenset(p for forms, size in sizes for form in forms for p in pieces(form, size))

    @cached_property
    def signs(self) -> frozenset[str]:
        """Texts of which each needle holds at least one: they are fewer, and faster to look for."""
        sizes = ((self.spelt, 4), (self.coded, 6), (self.hexed, SHOWN))
        return frozenset(
            form[at : at + size]
            for forms, size in sizes
            for form in forms
            for at in range(0, len(form) - size + 1, size)
        )

    def seen_in(self, text: str) -> str | None:
        """Return a form of the key, or of a piece of it, that stands in a text."""
        if not any(sign in text for sign in self.signs):
            return None
        return next((needle for needle in self.needles if needle in text), None)


URL_SAFE = str.maketrans("+/", "-_")


def pieces(text: str, size: int) -> set[str]:
    return {text[at : at + size] for at in range(len(text) - size + 1)}
