"""Fields of another package's chat model: option names, and plain data for cache keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.language_models import BaseChatModel

from scout_adapters._internal.redaction import mask_values
from scout_adapters.llm.option_names import SECRET

SHOWN_TYPES = (str, int, float, bool, type(None))
INTERNAL_FIELDS = frozenset(BaseChatModel.model_fields) | {"client", "async_client", "root_client"}
"""Fields that are no option of a request."""

NO_OPTION = ("url", "base", "endpoint", "timeout", "retries", "client", "proxy", "profile_name")
"""Parts of the names of fields that concern the connection."""


def option_names(model: BaseChatModel) -> frozenset[str]:
    """Return the names and aliases of a chat model's fields that are options of its requests."""
    fields = type(model).model_fields
    names = {name: {name, fields[name].alias or name} for name in fields}
    return frozenset(
        alias
        for name, aliases in names.items()
        if name not in INTERNAL_FIELDS
        for alias in aliases
        if not SECRET.fullmatch(alias) and not any(part in alias for part in NO_OPTION)
    )


def plain_fields(model: BaseChatModel) -> dict[str, Any]:
    """Return the fields of a chat model that may change its answers."""
    own = [name for name in type(model).model_fields if name not in INTERNAL_FIELDS]
    return {name: getattr(model, name, None) for name in own}


def plain_data(value: Any) -> Any:
    """Return a value with secrets masked, and without objects inside it that are no plain data."""
    if isinstance(value, Mapping):
        return {str(name): plain_data(item) for name, item in value.items() if _is_shown(item)}
    if isinstance(value, list | tuple):
        return [plain_data(item) for item in value if _is_shown(item)]
    return mask_values(value)


def _is_shown(value: Any) -> bool:
    return isinstance(value, (*SHOWN_TYPES, Mapping, list, tuple))
