"""Credentials of the clouds' official packages, passed as a key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from scout_adapters.llm.types import AwsCredentials


@dataclass(slots=True, unsafe_hash=True)
class BotocoreKeys:
    """A function that returns the keys of credentials of botocore or boto3."""

    credentials: Any = field(repr=False)
    label: ClassVar[str] = "botocore credentials"

    def __call__(self) -> AwsCredentials:
        return AwsCredentials.of(self.credentials)


def source_of_credential(value: Any) -> Callable[[], Any] | None:
    """Return a key source for an object of azure-identity, botocore or google-auth; else None."""
    if hasattr(value, "get_token"):
        from scout_adapters.llm.auth.azure_tokens import azure_token  # noqa: PLC0415  # loads on first use

        return azure_token(credential=value)
    if hasattr(value, "get_frozen_credentials"):
        return BotocoreKeys(value)
    if hasattr(value, "refresh") and hasattr(value, "expiry"):
        from scout_adapters.llm.auth.google_tokens import google_token  # noqa: PLC0415  # as above

        return google_token(credentials=value)
    return None
