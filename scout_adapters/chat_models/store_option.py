"""The option `store=` of chat models: a store of health; as a bool it is a field of OpenAI."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from scout_adapters.chat_models.hidden import shown

if TYPE_CHECKING:
    from scout_adapters.llm.engine.candidate import Candidate


def take_store(options: dict[str, Any]) -> dict[str, Any]:
    """Move a store out of `store`, in place; hide its address, which may have a password.

    Return the options.
    """
    for name in ("store", "state_store"):
        value = options.get(name)
        if isinstance(value, str):
            del options[name]
            options["state_store"] = SecretStr(value)
        elif hasattr(value, "publish"):
            options["state_store"] = options.pop(name)
    return options


def share_health(candidates: Iterable[Candidate], store: Any) -> None:
    """Share the health of the candidates' keys and circuits through a model's store, if any.

    Raises: `ConfigurationError` for an address that cannot be used.
    """
    if store is not None:
        for candidate in candidates:
            candidate.endpoint.share_health(shown(store))
