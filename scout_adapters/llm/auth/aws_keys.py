"""Credentials of AWS, by botocore."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from scout_adapters.llm.auth.packages import load
from scout_adapters.llm.types import AwsCredentials


@dataclass(slots=True, unsafe_hash=True)
class AwsKeys:
    """A function that returns AWS credentials; see `aws_credentials`."""

    profile: str | None
    session: Any = field(repr=False)
    label: ClassVar[str] = "aws_credentials"
    _credentials: Any = field(default=None, init=False, repr=False, compare=False)

    def __call__(self) -> AwsCredentials:
        if self._credentials is None:
            session = self.session or load("botocore.session", extra="aws").Session(
                profile=self.profile
            )
            self._credentials = session.get_credentials()
        if self._credentials is None:
            raise LookupError("AWS has no credentials here: set AWS_PROFILE, or run `aws login`")
        return AwsCredentials.of(self._credentials)


def aws_credentials(profile: str | None = None, session: Any = None) -> AwsKeys:
    """Return a key source of AWS credentials, for requests that are signed.

        model = ScoutBedrockChatModel(model="anthropic.claude-...", api_key=aws_credentials())

    `session` is one of botocore or boto3; by default a new one with botocore's own chain:
    environment, shared files, SSO, container and instance roles.

    Raises: on first use, `ConfigurationError` without the extra `aws`.
    """
    return AwsKeys(profile, session)
