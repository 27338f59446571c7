"""The option `store=` of chat models: a store of health; as a bool it is a field of OpenAI."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from scout_adapters.chat_models.hidden_secrets import shown

if TYPE_CHECKING:
    from scout_adapters.llm.engine.candidate import Candidate
    from scout_adapters.llm.limits.memory_limits import LimitStore


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


def limit_store_of(store: Any, candidates: Iterable[Candidate], *more: object) -> LimitStore | None:
    """Return where requests are counted for limits: a model's store, or None for this process.

    `more`: limits besides those of the candidates.
    """
    if not (any(more) or any(candidate.limits for candidate in candidates)):
        return None
    from scout_adapters.store.open_store import file_of, open_state_store, store_of_environment

    if not (store := shown(store) or store_of_environment()):
        return None
    if path := file_of(store):
        from scout_adapters.llm.limits.sqlite_limits import limits_in_file

        return limits_in_file(path)
    store = open_state_store(store)
    if not hasattr(store, "server"):  # a store within one process
        return None
    from scout_adapters.llm.limits.redis_limits import limits_of_store

    return limits_of_store(store)


def share_health(candidates: Iterable[Candidate], store: Any) -> None:
    """Share the health of the candidates' keys and circuits through a model's store, if any.

    Raises: `ConfigurationError` for an address that cannot be used.
    """
    if store is None:
        return
    from scout_adapters.store.open_store import file_of

    if not file_of(shown(store)):
        for candidate in candidates:
            candidate.endpoint.share_health(shown(store))
