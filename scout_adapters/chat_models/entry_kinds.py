"""Which of `models=[...]` are chat models: of this package, or of another LangChain package.

Texts and dicts are told apart without the modules of chat models, which take 0.2 MB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from scout_adapters.chat_models.base import ScoutChatModel
from scout_adapters.chat_models.langchain_names import is_langchain_name

if TYPE_CHECKING:
    from scout_adapters.chat_models.langchain_entries import LangChainEntry
    from scout_adapters.chat_models.provider_base import ScoutProviderChatModel


def is_own_model(entry: Any) -> TypeGuard[ScoutProviderChatModel]:
    """Return whether an entry is a chat model of this package, of one provider."""
    if isinstance(entry, str | dict) or not isinstance(entry, ScoutChatModel):
        return False
    from scout_adapters.chat_models.provider_base import ScoutProviderChatModel

    return isinstance(entry, ScoutProviderChatModel)


def is_langchain_entry(entry: Any) -> TypeGuard[LangChainEntry]:
    """Return whether a checked entry is another package's chat model."""
    if isinstance(entry, str | dict | ScoutChatModel):
        return False
    from scout_adapters.chat_models.langchain_entries import LangChainEntry

    return isinstance(entry, LangChainEntry)


def may_be_of_langchain(entry: Any) -> bool:
    """Return whether an entry may be another package's chat model, or the name of one."""
    named = entry.get("model") if isinstance(entry, dict) else entry
    return is_langchain_name(named) if isinstance(named, str) else True
