"""Names of environment variables: those with keys and those with addresses, by provider."""

from __future__ import annotations


def prefixes(name: str, variables: tuple[str, ...]) -> tuple[str, ...]:
    """Return the prefixes of a provider's variables: those of its card, else its name."""
    return variables or (name.upper().replace("-", "_"),)


def key_names(prefixes: tuple[str, ...], whole_names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the variables that may contain keys, in order: lists, single keys, whole names.

    `key_numbers` of `llm.health.key_texts` adds `NAME_1`, `NAME_2`, … to each but a list.
    """
    lists = (f"{prefix}_API_KEYS" for prefix in prefixes)
    single = (f"{prefix}_API_KEY" for prefix in prefixes)
    return tuple(dict.fromkeys((*lists, *single, *whole_names)))


def address_names(
    prefixes: tuple[str, ...], whole_names: tuple[str, ...] | None
) -> tuple[str, ...]:
    """Return the variables that may contain the address, in order.

    `…_BASE_URL` and `…_API_BASE` are the names of the official SDKs, of LangChain's partner
    packages and of LiteLLM: the address of a gateway is used whatever the variable is called.
    """
    own = [f"{prefix}_API_URL" for prefix in prefixes]
    if whole_names is None:
        whole_names = tuple(f"{p}_{end}" for end in ("BASE_URL", "API_BASE") for p in prefixes)
    return tuple(dict.fromkeys((*own, *whole_names)))
