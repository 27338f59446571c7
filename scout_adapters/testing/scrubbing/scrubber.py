"""Remove keys, accounts and random ids from recorded requests and answers."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import orjson

from scout_adapters._internal.redaction import key_forms
from scout_adapters.testing.scrubbing.content_encoding import decompress, decompressed

if TYPE_CHECKING:
    from vcr.request import Request as Recorded

KEPT_HEADERS = frozenset({"content-type", "anthropic-version", "anthropic-beta", "retry-after"})
"""Headers of requests and answers that a cassette contains; others may identify a user."""

SECRET_HEADERS = (
    "authorization",
    "x-api-key",
    "api-key",
    "x-goog-api-key",
    "ocp-apim-subscription-key",
    "x-amz-security-token",
)
"""Headers of requests that contain a key."""

_SECRET_HEADER = re.compile(
    r"(?i)(?<![a-z])auth(orization)?(?![a-z])|(api|access|subscription)-?key|token|secret|password"
)
"""Names of headers of gateways that contain a key, such as `cf-aig-authorization`."""

MASK = "KEY"

_ESCAPES = re.compile(r"(?:\\u00[2-7][0-9A-Fa-f]){8,}")

_SECRET_VARIABLE = re.compile(r"(KEYS?|TOKEN|SECRET|PASSWORD)$")
_SHORTEST_SECRET = 8
"""Characters. Shorter values of the environment are not masked."""
_SECRET_PARAMETERS = frozenset({"key", "api_key", "api-key", "apikey", "access_token", "token"})

KEY_START = r"(?:(?<![A-Za-z0-9/+])|(?<=\\[nrt]))"
LOOKS_LIKE_A_KEY = re.compile(
    KEY_START + r"(?:"
    r"(?:sk|pk|rk|csk|xai|pplx|nvapi|gsk|hf|fw|r8|tgp|ghp|github_pat|ya29|AQ)[-_.]"
    r"(?=[A-Za-z0-9_\-.]*\d)[A-Za-z0-9_\-.]{16,}"
    r"|AIza[A-Za-z0-9_\-]{30,}"
    r"|eyJ[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-.]{16,}"
    r"|org[-_](?=[A-Za-z0-9]*\d)[A-Za-z0-9]{16,}"
    r"|(?<=[Bb]earer )[A-Za-z0-9_\-.=]{8,}"
    r"|[A-Za-z0-9_\-]{2,16}\*{3,}[A-Za-z0-9_\-]{2,16})"
)
"""Keys, tokens, partly masked keys and account ids, as providers write them."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def known_secrets(
    keys: Iterable[str] = (), environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """Yield all known secrets, the longest first: `keys`, and values of the environment."""
    values = (value for name, value in environment.items() if _SECRET_VARIABLE.search(name.upper()))
    parts = (part.strip() for value in values for part in value.split(","))
    secrets = {*keys, *(part for part in parts if len(part) >= _SHORTEST_SECRET)}
    yield from sorted(secrets, key=lambda secret: (-len(secret), secret))


@dataclass(frozen=True)
class Scrubber:
    """Removes keys, accounts and times from requests and answers.

    The key in the headers of each scrubbed request is masked wherever it appears from then on.
    """

    secrets: Sequence[str] = ()
    seen: set[str] = field(default_factory=set, repr=False)
    """Secrets that were found since: keys in the headers of the requests so far."""

    def __repr__(self) -> str:
        return f"Scrubber({len(self.secrets)} secrets)"

    def text(self, text: str) -> str:
        """Mask the known secrets, and texts that look like one."""
        for secret in (*self.secrets, *sorted(self.seen, key=len, reverse=True)):
            for form in key_forms(secret) if len(secret) >= _SHORTEST_SECRET else (secret,):
                text = text.replace(form, MASK)
        return LOOKS_LIKE_A_KEY.sub(MASK, text)

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield start and end of each text that is a secret, or looks like one."""
        for secret in (*self.secrets, *self.seen):
            forms = key_forms(secret) if len(secret) >= _SHORTEST_SECRET else (secret,)
            for form in forms:
                at = text.find(form)
                while at >= 0:
                    yield at, at + len(form)
                    at = text.find(form, at + len(form))
        yield from (match.span() for match in LOOKS_LIKE_A_KEY.finditer(text))

    def encoded_text(self, text: str) -> str:
        """Mask the known secrets in UTF-16, and those of which each character is escaped."""
        if "\0" in text:
            for secret in (*self.secrets, *self.seen):
                text = text.replace("\0".join(secret), "\0".join(MASK))
        return self.text(_ESCAPES.sub(self._without_escapes, text))

    def _without_escapes(self, match: re.Match[str]) -> str:
        plain = match[0].encode().decode("unicode_escape")
        masked = self.text(plain)
        return match[0] if masked == plain else masked

    def url(self, url: str) -> str:
        """Remove query parameters with keys, and mask the rest."""
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        query = [(name, value) for name, value in pairs if name.lower() not in _SECRET_PARAMETERS]
        bare = parts._replace(query=urlencode(query), netloc=parts.netloc.rpartition("@")[2])
        return self.text(urlunsplit(bare))

    def request(self, request: Recorded) -> Recorded:
        """Scrub a request, and replace LangChain's random ids by numbers in order."""
        for name, value in request.headers.items():
            if name.lower() in SECRET_HEADERS or _SECRET_HEADER.search(name):
                key = _header_text(value).rpartition(" ")[2]
                if len(key) >= _SHORTEST_SECRET:
                    self.seen.add(key)
        request.headers = _recorded_headers(request.headers)
        request.uri = self.url(request.uri)
        if isinstance(request.body, dict | list):  # aiohttp's argument `json`
            request.body = orjson.dumps(request.body)
        if isinstance(request.body, bytes) and not text_of(request.body):
            request.body = self.data(request.body)
        elif text := text_of(request.body):
            request.body = self.with_ids(self.encoded_text(text))
        return request

    def with_ids(self, text: str) -> str:
        """Return the text of a request as a cassette has it: random ids are numbered."""
        return numbered(text)

    def response(self, response: dict[str, Any]) -> dict[str, Any]:
        """Scrub an answer."""
        decompress(response)
        response["headers"] = _recorded_headers(response["headers"])
        body = response["body"].get("string")
        status = response.get("status") or {}
        if status.get("message"):
            status["message"] = self.text(str(status["message"]))
        if text := text_of(body):
            response["body"]["string"] = self.encoded_text(text).encode()
        elif isinstance(body, bytes):
            response["body"]["string"] = self.data(body)
        return response

    def data(self, data: bytes) -> bytes:
        """Mask secrets in data that is not UTF-8: between any other bytes, in UTF-16 and gzip."""
        if inner := decompressed(data):
            scrubbed = self.data(inner)
            return data if scrubbed == inner else gzip.compress(scrubbed, mtime=0)
        for encoding in ("utf-16-le", "utf-16-be"):
            for secret in (*self.secrets, *self.seen):
                data = data.replace(secret.encode(encoding), MASK.encode(encoding))
        return self.text(data.decode("latin-1")).encode("latin-1")


def _recorded_headers(headers: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): headers[name] for name in headers if name.lower() in KEPT_HEADERS}


def _header_text(value: Any) -> str:
    """Return a header's value; vcrpy has lists, bytes and texts."""
    value = value[0] if isinstance(value, list) and value else value
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def text_of(body: Any) -> str:
    """Return a body as text, "" for binary data."""
    if not isinstance(body, bytes):
        return body if isinstance(body, str) else ""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return ""


def numbered(text: str) -> str:
    """Replace random UUIDs by numbered ones, in the order in which they occur."""
    numbers: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return numbers.setdefault(match[0], f"00000000-0000-4000-8000-{len(numbers):012d}")

    return _UUID.sub(number, text)
