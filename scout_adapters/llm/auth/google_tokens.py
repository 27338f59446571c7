"""Access tokens of Google Cloud, by google-auth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from scout_adapters.llm.auth.packages import load
from scout_adapters.llm.types import Token

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
"""https://developers.google.com/identity/protocols/oauth2/scopes"""


@dataclass(slots=True, unsafe_hash=True)
class GoogleToken:
    """A function that returns Google's access tokens; see `google_token`."""

    scope: str
    credentials: Any = field(repr=False)
    label: ClassVar[str] = "google_token"
    _default: Any = field(default=None, init=False, repr=False, compare=False)
    _last: str = field(default="", init=False, repr=False, compare=False)

    def __call__(self) -> Token:
        credentials = self.credentials or self._default
        if credentials is None:
            auth = load("google.auth", extra="google")
            credentials, _ = auth.default(scopes=[self.scope])
            self._default = credentials
        if not credentials.valid or credentials.token == self._last:
            requests = load("google.auth.transport.requests", extra="google")
            credentials.refresh(requests.Request())
        self._last = credentials.token
        return Token(credentials.token, credentials.expiry)


def google_token(scope: str = SCOPE, credentials: Any = None) -> GoogleToken:
    """Return a key source of Google's access tokens.

        model = ScoutVertexChatModel(model="gemini-3.5-flash", api_key=google_token())

    `credentials` are those of google-auth, with the scope; by default the application default
    credentials: `GOOGLE_APPLICATION_CREDENTIALS`, gcloud's login, the metadata server.

    Raises: on first use, `ConfigurationError` without the extra `google`.
    """
    return GoogleToken(scope, credentials)
