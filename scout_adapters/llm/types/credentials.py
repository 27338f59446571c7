"""What authenticates a request besides a plain key: tokens that expire, and pairs of keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What a key source may return instead of a string, for an `Auth` that understands it.

    A subclass lists its secret texts in `secrets`: they are removed from errors and logs.
    """

    expires_at: float | None = None
    """Seconds since 1970 at which it expires; None if it does not, or if that is unknown. A
    `datetime` is accepted; one without a time zone counts as UTC."""

    def __post_init__(self) -> None:
        expiry: object = self.expires_at
        if isinstance(expiry, datetime):
            aware = expiry if expiry.tzinfo else expiry.replace(tzinfo=UTC)
            object.__setattr__(self, "expires_at", aware.timestamp())

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that no error, log or trace may show."""
        raise NotImplementedError


@dataclass(frozen=True)
class Token(Credential):
    """A token with the time at which it expires; it is sent as `Authorization: Bearer`.

    token = Token("eyJ0...", expires_at=time.time() + 3600)
    model = ScoutAzureOpenAIChatModel(model="gpt", api_key=lambda: token)
    """

    value: str = field(repr=False)

    def __init__(self, value: str, expires_at: float | datetime | None = None) -> None:
        """`expires_at`: seconds since 1970, or a `datetime`; None if it is unknown."""
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "expires_at", expires_at)
        self.__post_init__()

    @property
    def secrets(self) -> tuple[str, ...]:
        """The token."""
        return (self.value,)


@dataclass(frozen=True, kw_only=True)
class AwsCredentials(Credential):
    """Keys of an AWS account, which sign requests.

    credentials = AwsCredentials(access_key="AKIA...", secret_key="...", session_token=None)
    model = ScoutBedrockChatModel(model="...", api_key=lambda: credentials)
    """

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, credentials: Any) -> AwsCredentials:
        """Return the keys of credentials of botocore or boto3, with the time of their expiry."""
        frozen = credentials.get_frozen_credentials()  # renews them if they expire soon
        return cls(
            access_key=frozen.access_key,
            secret_key=frozen.secret_key,
            session_token=frozen.token,
            expires_at=getattr(credentials, "_expiry_time", None),  # there is no other name
        )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret key and the session token; the access key is a name."""
        return (self.secret_key, *([self.session_token] if self.session_token else ()))
