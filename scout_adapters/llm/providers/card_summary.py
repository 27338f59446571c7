"""What is known of a card before its file is read: its names, and the variables of its keys."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from scout_adapters.llm.types.variable_names import key_names, prefixes

if TYPE_CHECKING:
    from scout_adapters.llm.types import ProviderSpec


class CardSummary(NamedTuple):
    """The fields of a card that find a provider by a name, a model, a host or a key."""

    name: str
    maker: str
    """The `model_provider` of its messages."""

    models: tuple[str, ...] = ()
    """Prefixes of the names of its models."""

    variables: tuple[str, ...] = ()
    """Prefixes of its variables; empty for the name."""

    has_default: bool = False
    """Whether it has a default model and needs a key: `call_llm` can use it by itself."""

    host: str = ""
    """The host of its address."""

    @classmethod
    def of(cls, spec: ProviderSpec) -> CardSummary:
        """Return the summary of a card."""
        has_default = bool(spec.default_model) and not spec.keyless
        host = urlsplit(spec.base_url).hostname or ""
        return cls(spec.name, spec.maker, spec.models, spec.variables, has_default, host)

    @property
    def key_variable(self) -> str:
        """The variable that an error names when no provider has a key."""
        return f"{prefixes(self.name, self.variables)[-1]}_API_KEY"

    def may_have_keys(self) -> bool:
        """Return whether a variable of the form `…_API_KEY` is set for it.

        Variables of other names, such as `HF_TOKEN`, are often set for other purposes.
        """
        names = key_names(prefixes(self.name, self.variables), ())
        starts = tuple(f"{name}_" for name in names)
        return any(os.environ.get(name) for name in names) or any(
            name.startswith(starts) for name in os.environ
        )
