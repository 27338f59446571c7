"""Takes keys out of whatever a provider sends back, which may hold the one that it was sent.

Gemini's `CONSUMER_SUSPENDED` prints the whole key, xAI and DeepSeek its first or last characters.
The caller's own `redact` knows the exact keys; the patterns here catch those that nobody knows.
"""

from __future__ import annotations

import re

MASK = "[redacted]"

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


def masked(text: str) -> str:
    """Replace what looks like a key, and what no log takes: control codes and lone surrogates."""
    text = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)
    return _SECRETS.sub(lambda found: (found["word"] or found["bare"] or "") + MASK, text)
