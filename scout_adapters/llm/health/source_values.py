"""Convert what a key source returned to a `Secret`: text, token with expiry, or credentials.

Objects of the official packages are recognised by their attributes, so none of them is imported.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from scout_adapters.errors import InvalidKey
from scout_adapters.llm.health.key_texts import VARIABLE, clean_key, has_several, is_reference
from scout_adapters.llm.types import AwsCredentials, Credential, Token
from scout_adapters.llm.types.authentication import JWT

MAX_SKEW = 60.0
"""Seconds before its expiry at which a token is replaced; a tenth of its life if that is shorter.
"""

LAST_SECOND = 1e12
"""Seconds since 1970: a later expiry, in some 30,000 years, counts as none."""

ACCEPTED = "a string, a SecretStr, a Token, AwsCredentials, or (token, expiry)"


class BadSourceValue(Exception):  # internal: becomes a KeySourceError
    """A key source returned an unusable value; the message contains no part of the value."""


@dataclass(frozen=True, slots=True, eq=False)
class Secret:
    """A secret that a key source returned. Times are monotonic seconds of the calls' clock."""

    text: str = field(repr=False)
    """The key or token; empty for credentials that sign requests."""

    credential: Credential | None = field(default=None, repr=False)
    read_at: float = 0.0
    fresh_until: float = float("inf")
    """When the source is read again."""

    valid_until: float = float("inf")

    @property
    def parts(self) -> tuple[str, ...]:
        """The secret texts, which logs and errors must not contain."""
        return self.credential.secrets if self.credential else (self.text,)

    def equals(self, other: Secret) -> bool:
        """Return whether both have the same secret texts."""
        return self.parts == other.parts


def secret_of(value: Any, now: float, wall: float) -> Secret:
    """Return what a key source returned as a `Secret`.

    `now`: monotonic seconds of the calls' clock. `wall`: the same moment in seconds since 1970.

    Raises: `BadSourceValue` for a value that is neither a text nor a credential, for a text that
    is empty, a list or a reference, and for a token that has expired.
    """
    credential = _credential_of(value)
    if credential is None:
        text = _clean(value)
        return Secret(text, None, now, now + _fresh_for(_jwt_expiry(text), wall))
    if isinstance(credential, Token):
        credential = Token(_clean(credential.value), credential.expires_at)
    life = float("inf") if credential.expires_at is None else credential.expires_at - wall
    if life <= 0:
        raise BadSourceValue(f"returned a token that expired {-life:.0f} s ago")
    text = credential.value if isinstance(credential, Token) else ""
    fresh = _fresh_for(credential.expires_at or _jwt_expiry(text), wall)
    return Secret(text, credential, now, now + fresh, now + life)


def _fresh_for(expires_at: float | None, wall: float) -> float:
    """Return the seconds for which a token is used; it is replaced shortly before it expires."""
    if expires_at is None:
        return float("inf")
    life = max(expires_at - wall, 0.0)
    return life - min(MAX_SKEW, life / 10)


def _clean(value: Any) -> str:
    """Return a text without white space and quotes.

    Raises: `BadSourceValue` if it is empty, no text, a reference, a list or no valid key.
    """
    if value is None or value == "":
        raise BadSourceValue("returned nothing")
    if not isinstance(value, str | SecretStr):
        raise BadSourceValue(f"returned a {type(value).__name__}; return {ACCEPTED}")
    fault = ""
    try:
        key = clean_key(value, source="it")
        if not (fault := _not_one_key(key)):
            return key
    except InvalidKey as error:
        fault = str(error).removeprefix("a key from it ")
    raise BadSourceValue(f"returned a key that {fault}")


def _not_one_key(key: str) -> str:
    """Return an error message for a text that is a reference or a list; "" for one key."""
    if is_reference(key) or key.startswith(VARIABLE):
        return "is a reference itself; pass that one as api_key="
    return "is a list; pass a source for each key, api_keys=[...]" if has_several(key) else ""


def _credential_of(value: Any) -> Credential | None:
    """Return a credential of ours for one of an official package; None for a text."""
    if isinstance(value, Credential | str | SecretStr) or value is None:
        return value if isinstance(value, Credential) else None
    if callable(getattr(value, "get_frozen_credentials", None)):  # botocore
        return AwsCredentials.of(value)
    if access_key := getattr(value, "access_key", None):
        secret_key, token = getattr(value, "secret_key", ""), getattr(value, "token", None)
        return AwsCredentials(access_key=access_key, secret_key=secret_key, session_token=token)
    if isinstance(text := getattr(value, "token", None), str):  # azure-core and google-auth
        expiry = getattr(value, "expires_on", None)
        return Token(text, getattr(value, "expiry", None) if expiry is None else expiry)
    if isinstance(value, tuple) and len(value) == len(("token", "expiry")):
        text, expiry = value
        if isinstance(text, str | SecretStr) and isinstance(expiry, int | float | datetime | None):
            return Token(_clean(text), expiry)
    if hasattr(value, "token") and hasattr(value, "expiry"):
        raise BadSourceValue(f"returned a {type(value).__name__} without a token: refresh it first")
    return None


def _jwt_expiry(text: str) -> float | None:
    """Return the `exp` of a JWT in seconds since 1970; None without `exp` or for another text."""
    if not text.startswith("eyJ") or not JWT.fullmatch(text):
        return None
    payload = text.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return None
    expiry = claims.get("exp") if isinstance(claims, Mapping) else None
    # A larger integer counts as no expiry: `float` may overflow.
    return float(expiry) if isinstance(expiry, int | float) and expiry < LAST_SECOND else None
