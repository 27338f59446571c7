"""The environment of a test whose providers are emulated: keys and addresses as variables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from scout_adapters.llm.providers.card_summaries import CARD_SUMMARIES
from scout_adapters.llm.types.variable_names import prefixes
from scout_adapters.testing.emulated_providers import emulated_provider, is_emulated, named_provider

if TYPE_CHECKING:
    from scout_adapters.testing.emulator.emulator import Keys

KeysOf = Mapping[str, "int | Keys"]
"""By provider: the number of keys, or the keys, each with its fault."""

_SETTINGS = re.compile(r"_(API_KEYS?|API_URL|BASE_URL|API_BASE)(_\d+)?$")
_SDK_ADDRESSES = {
    "OPENAI_BASE_URL": ("openai", ""),
    "OPENAI_API_BASE": ("openai", ""),
    "ANTHROPIC_BASE_URL": ("anthropic", ""),
    "GOOGLE_GEMINI_BASE_URL": ("google", ""),
    "GROQ_BASE_URL": ("groq", "/openai/v1"),
    "GROQ_API_BASE": ("groq", "/openai/v1"),
}
"""Variables of the official SDKs: the provider, and the end of its address that the SDK adds."""


def emulated_key(provider: str, number: int = 1) -> str:
    """Return a key of a provider for tests; no real provider accepts it."""
    return f"emulated-key-{number}-of-{provider}"


def listed_keys(keys: KeysOf) -> dict[str, Keys]:
    """Return the keys of each provider, made where only their number is given."""
    return {
        name: [emulated_key(name, number) for number in range(1, of + 1)]
        if isinstance(of, int)
        else of
        for name, of in keys.items()
    }


def own_variables() -> Iterator[str]:
    """Yield the names of environment variables that contain keys or addresses of providers."""
    known = {prefix for names in _prefixes().values() for prefix in names}
    for name in os.environ:
        match = _SETTINGS.search(name)
        if match and name[: match.start()] in known:
            yield name


def key_variables(keys: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return variables with a key for every provider, or with the `keys` of some."""
    given = {named_provider(name).name: list(of) for name, of in keys.items()}
    variables = {}
    for name, starts in _prefixes().items():
        of = given.get(emulated_provider(name).name, [emulated_key(name)])
        for prefix in starts if of else ():
            variables[f"{prefix}_API_KEY"] = of[0]
            if len(of) > 1:
                variables[f"{prefix}_API_KEYS"] = ",".join(of)
    return variables


def address_variables(url: Callable[[str], str]) -> dict[str, str]:
    """Return variables with the addresses of an emulator; `url` returns that of a provider."""
    variables = {
        f"{prefix}_API_URL": url(name)
        for name, starts in _prefixes().items()
        for prefix in starts
        if is_emulated(name)
    }
    sdks = {
        variable: url(name).removesuffix(end) for variable, (name, end) in _SDK_ADDRESSES.items()
    }
    return variables | sdks


def _prefixes() -> dict[str, tuple[str, ...]]:
    return {name: prefixes(name, card.variables) for name, card in CARD_SUMMARIES.items()}
