"""Options that a provider's chat model accepts in addition to its fields, from its card."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters.chat_models.hidden_secrets import shown
from scout_adapters.llm.option_hints import changes_nothing
from scout_adapters.llm.option_names import LANGCHAIN_OPTIONS, standard_name

if TYPE_CHECKING:
    from scout_adapters.llm.types import ProviderSpec


class OptionRules(NamedTuple):
    """Options that a provider's chat model accepts in addition to its fields."""

    prefixes: tuple[str, ...] = ()
    """The provider's names in options of partner packages, such as `groq` in `groq_api_key`."""

    documented: frozenset[str] | None = frozenset()
    """Body fields that the provider documents; None if any field is accepted."""

    header_options: Mapping[str, str] = MappingProxyType({})
    """By option name: the header that it becomes."""

    aliases: Mapping[str, str] = MappingProxyType({})
    """By option named after a card's variable, such as `hf_token`: our name of the option."""

    adapt: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
    """Converts options with another meaning in the partner package; None if there are none."""

    placeholders: Collection[str] = ()
    """Options that fill the placeholders in the address."""

    @classmethod
    def of(cls, card: ProviderSpec) -> OptionRules:
        """Return the rules of a provider's card."""
        entry = _rules.get(id(card))
        if entry is None:
            entry = card, cls._of_card(card)
            _rules.put(id(card), entry)
        return entry[1]

    @classmethod
    def _of_card(cls, card: ProviderSpec) -> OptionRules:
        prefixes = (card.name, *(name.lower() for name in card.variables))
        aliases = {name.lower(): "api_key" for name in card.key_variables}
        aliases |= {name.lower(): "base_url" for name in card.address_variables or ()}
        for name, variables in card.placeholders.items():
            aliases |= {variable.lower(): name for variable in variables}
        return cls(
            *(prefixes, card.documented_fields, card.header_options),
            aliases=aliases,
            adapt=card.adapt_options,
            placeholders=card.placeholders,
        )

    @property
    def elsewhere(self) -> Collection[str]:
        """Options that become headers or parts of the address."""
        return (
            {*self.header_options, *self.placeholders}
            if self.placeholders
            else (self.header_options)
        )

    def name_of(self, option: str) -> str:
        """Return our name of an option, such as `api_key` for `groq_api_key`."""
        return self.aliases.get(option) or standard_name(option, self.prefixes)

    def field_of(self, option: str) -> str:
        """Return our name of an option if it is a documented body field; else `option` itself."""
        name = self.name_of(option)
        return name if self.documented is not None and name in self.documented else option

    def leaves_out(self, option: str, value: Any) -> bool:
        """Return whether an option is not sent in the body, such as LangChain's own or a header."""
        return (
            option in LANGCHAIN_OPTIONS
            or self.name_of(option) in self.elsewhere
            or changes_nothing(option, value, self.documented)
        )

    def headers_of(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the options that become headers; a list becomes one header."""
        if not self.header_options:
            return {}
        values = {self.name_of(alias): shown(value) for alias, value in options.items()}
        return {
            header: ",".join(map(str, values[name]))
            if isinstance(values[name], list)
            else values[name]
            for name, header in self.header_options.items()
            if name in values
        }


_rules: BoundedDict[int, tuple[ProviderSpec, OptionRules]] = BoundedDict(limit=512)
"""Rules by the id of a card. An entry holds its card, so that the id is not used again."""
