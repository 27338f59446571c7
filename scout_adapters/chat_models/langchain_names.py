"""Names of chat models of other packages: `langchain:provider:model`, for `init_chat_model`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from langchain_core.language_models import BaseChatModel

from scout_adapters._internal.redaction import mask_secrets
from scout_adapters.errors import ConfigurationError, UnknownProvider

LANGCHAIN = "langchain"
NAMED = re.compile(r"[a-z0-9_-]+:[^/:].*", re.IGNORECASE)
"""Matches `provider:model`."""

INSTALL = re.compile(r"pip install (?:-U )?`?([A-Za-z0-9_.-]+)")
"""Matches the package to install in LangChain's error message."""


def is_langchain_name(name: str) -> bool:
    """Return whether a name is for `init_chat_model`: no card has its provider, or a prefix."""
    from scout_adapters.llm.router.functions import named_provider

    if name.startswith(f"{LANGCHAIN}:"):
        return True
    return bool(NAMED.fullmatch(name)) and named_provider(name) is None and _knows(name)


def _knows(name: str) -> bool:
    """Return whether LangChain has a package for the provider of `provider:model`."""
    from scout_adapters.llm.providers import registry

    if registry.find_for_model(name) is not None:
        return False
    try:
        from langchain.chat_models import base
    except ImportError:
        return False
    provider = name.partition(":")[0].replace("-", "_").lower()
    return provider in getattr(base, "_BUILTIN_PROVIDERS", ())


def model_by_name(name: str, options: Mapping[str, Any] | None = None) -> BaseChatModel:
    """Return a new chat model for `langchain:provider:model` or `provider:model`.

    `options` are passed to its class.

    Raises: `UnknownProvider` for a provider that LangChain does not list; `ConfigurationError` if
    its package is missing, with the line that installs it, or if the class refuses its arguments.
    """
    try:
        from langchain.chat_models import init_chat_model
    except ImportError:
        raise ConfigurationError(f"{name} needs LangChain: pip install langchain") from None
    provider, separator, model = name.removeprefix(f"{LANGCHAIN}:").partition(":")
    if not separator or not model:
        raise ConfigurationError(f'{name!r} must be "langchain:provider:model"')
    try:
        made: BaseChatModel = init_chat_model(model, model_provider=provider, **(options or {}))
    except ImportError as error:
        package = INSTALL.search(str(error))
        line = package[1] if package else f"langchain-{provider.replace('_', '-')}"
        raise ConfigurationError(f"{name} needs a package: pip install {line}") from None
    except Exception as error:  # noqa: BLE001  # SDKs raise errors of their own for a missing key
        if "nsupported" in str(error) and "provider" in str(error):
            raise UnknownProvider(f"LangChain has no provider {provider!r}") from None
        raise ConfigurationError(f"{name}: {_first_line(error)}") from None
    return made


def _first_line(error: Exception) -> str:
    """Return why a chat model cannot be created, such as a missing key, in one line."""
    return mask_secrets(" ".join(str(error).split()))[:300]
