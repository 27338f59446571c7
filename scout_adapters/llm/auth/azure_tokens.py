"""Tokens of Microsoft Entra ID, by azure-identity."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, ClassVar

from scout_adapters.llm.auth.packages import load
from scout_adapters.llm.types import Token

SCOPE = "https://cognitiveservices.azure.com/.default"
"""https://learn.microsoft.com/azure/ai-foundry/openai/how-to/managed-identity"""


@dataclass(slots=True, unsafe_hash=True)
class AzureToken:
    """A function that returns Entra tokens; see `azure_token`."""

    scope: str
    credential: Any = field(repr=False)
    label: ClassVar[str] = "azure_token"
    _default: Any = field(default=None, init=False, repr=False, compare=False)

    def __call__(self) -> Token | Awaitable[Token]:
        credential = self.credential or self._default
        if credential is None:
            identity = load("azure.identity", extra="azure")
            credential = self._default = identity.DefaultAzureCredential()
        token = credential.get_token(self.scope)
        return _later(token) if isawaitable(token) else Token(token.token, token.expires_on)


async def _later(token: Awaitable[Any]) -> Token:
    """Return the token of a credential of `azure.identity.aio`."""
    value = await token
    return Token(value.token, value.expires_on)


def azure_token(scope: str = SCOPE, credential: Any = None) -> AzureToken:
    """Return a key source of Microsoft Entra tokens.

        model = ScoutAzureOpenAIChatModel(model="my-deployment", api_key=azure_token())

    `credential` is one of azure-identity, also of its `aio`; by default `DefaultAzureCredential`:
    environment, workload identity, managed identity, the logins of developers' tools.

    Raises: on first use, `ConfigurationError` without the extra `azure`.
    """
    return AzureToken(scope, credential)
