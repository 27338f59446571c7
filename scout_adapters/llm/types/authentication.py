"""How a key becomes headers of a request: the protocol `Auth`, and the usual forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.types.credentials import Credential, Token

JWT = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
"""Matches a token of an identity provider. https://www.rfc-editor.org/rfc/rfc7519#section-3"""


@runtime_checkable
class Auth(Protocol):
    """Returns the headers that authenticate one request; `auth=` of a card, a model or an entry.

    class Signature:
        def headers(self, key, method, url, headers, body):
            return {"X-Signature": sign(key, body)}
    """

    def headers(
        self,
        key: str | Credential,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
    ) -> Mapping[str, str]:
        """Return the headers to add to a request; a header of the same name is replaced.

        `key` is the key as text, or the credential that a key source returned; an empty text if
        the model has no key. `headers` are all others. Called for each attempt, also on an event
        loop: it must not block.
        """


@dataclass(frozen=True, slots=True)
class BearerAuth:
    """Sends the key, or a token, as `Authorization: Bearer`."""

    def headers(
        self,
        key: str | Credential,
        method: str,  # noqa: ARG002  # an Auth's signature
        url: str,  # noqa: ARG002  # as above
        headers: Mapping[str, str],  # noqa: ARG002  # as above
        body: bytes,  # noqa: ARG002  # as above
    ) -> Mapping[str, str]:
        text = text_of(key)
        return {"Authorization": f"Bearer {text}"} if text else {}


@dataclass(frozen=True, slots=True)
class HeaderAuth:
    """Sends the key in a header of its own; a `Token` or a JWT as `Authorization: Bearer`.

    Clouds accept both: `HeaderAuth("api-key")` suits Azure, `HeaderAuth("x-goog-api-key")` Google.
    """

    name: str
    """The header's name, such as `api-key`."""

    scheme: str = ""
    """The word before the key, such as `Token`; empty for none."""

    def headers(
        self,
        key: str | Credential,
        method: str,  # noqa: ARG002  # an Auth's signature
        url: str,  # noqa: ARG002  # as above
        headers: Mapping[str, str],  # noqa: ARG002  # as above
        body: bytes,  # noqa: ARG002  # as above
    ) -> Mapping[str, str]:
        text = text_of(key)
        if not text:
            return {}
        if isinstance(key, Token) or JWT.fullmatch(text):
            return {"Authorization": f"Bearer {text}"}
        return {self.name: f"{self.scheme} {text}" if self.scheme else text}


def text_of(key: str | Credential) -> str:
    """Return a key or a token as text.

    Raises: `ConfigurationError` for a credential that must sign requests instead.
    """
    if isinstance(key, str):
        return key
    if isinstance(key, Token):
        return key.value
    raise ConfigurationError(
        f"a {type(key).__name__} cannot be sent in a header: pass auth= with a signer for it"
    )
