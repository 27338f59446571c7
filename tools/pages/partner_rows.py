"""The options of partner packages' chat models and ours, read from the installed packages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import version
from inspect import get_annotations
from itertools import product
from typing import NamedTuple

from langchain_core.language_models import BaseChatModel
from pydantic import AliasChoices, BaseModel, ValidationError

import scout_adapters
from scout_adapters.chat_models.option_rules import OptionRules
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.failures import error_from_response
from scout_adapters.llm.option_hints import HINTS
from scout_adapters.llm.option_names import LANGCHAIN_OPTIONS
from scout_adapters.llm.providers import registry
from tools.pages.markdown_table import code, table


class Partner(NamedTuple):
    """A chat model of a partner package, ours, and the package of its client."""

    module: str
    name: str
    ours: str
    sdk: str = ""


PARTNERS = (
    Partner("langchain_openai", "ChatOpenAI", "ScoutOpenAIChatModel", "openai"),
    Partner("langchain_openai", "AzureChatOpenAI", "ScoutAzureOpenAIChatModel", "openai"),
    Partner("langchain_anthropic", "ChatAnthropic", "ScoutAnthropicChatModel", "anthropic"),
    Partner("langchain_groq", "ChatGroq", "ScoutGroqChatModel", "groq"),
    Partner("langchain_google_genai", "ChatGoogleGenerativeAI", "ScoutGoogleChatModel"),
    Partner("langchain_aws", "ChatBedrockConverse", "ScoutBedrockChatModel"),
    Partner("langchain_openrouter", "ChatOpenRouter", "ScoutOpenRouterChatModel"),
)
SAME = "the same"


def partner_options() -> str:
    """Return a heading and a table for each chat model."""
    parts = []
    for partner in PARTNERS:
        theirs = getattr(import_module(partner.module), partner.name)
        rows = [(code(name), answer) for name, answer in sorted(options_of(theirs, partner.ours))]
        same = [name for name, answer in rows if answer == SAME]
        others = [row for row in rows if row[1] != SAME]
        parts.append(f"### `{partner.name}` → `{partner.ours}`\n\nThe same: {', '.join(same)}.\n")
        parts.append(table(("their option", "here"), others))
    return "\n".join(parts)


def packages() -> str:
    """Return the packages that the tables are read from, with their versions."""
    names = sorted({partner.module.replace("_", "-") for partner in PARTNERS})
    return ", ".join(f"{name} {version(name)}" for name in names) + "\n"


def options_of(theirs: type[BaseModel], ours: str) -> Iterator[tuple[str, str]]:
    """Yield each option of a partner's chat model, and what it is here."""
    own = getattr(scout_adapters, ours)
    rules = OptionRules.of(registry.get(own.provider).spec)
    for field, info in theirs.model_fields.items():
        if field not in BaseChatModel.model_fields and (not info.exclude or field in HINTS):
            options = [*dict.fromkeys((field, info.alias or field))]
            yield field, _refusal(own, options) or _here(options, _names(own), rules)


def _refusal(own: type[BaseModel], options: Sequence[str]) -> str | None:
    """Return why our chat model takes none of an option's names; None if it takes one."""
    reasons = {}
    for option, value in product(options, ("1", {})):
        try:
            own(**{option: value})
        except ConfigurationError as error:
            reasons[option, str(value)] = str(error)
        except ValidationError:  # of the value
            return None
        else:
            return None
    refused = [re.search(r"(?:takes|has) no \w+=:? ?(.*)", text) for text in reasons.values()]
    if not all(refused):
        return None
    text = next((found[1] for found in refused if found and found[1]), "")
    return f"none: {text}" if text and "(to send it" not in text else "none"


def _here(options: Sequence[str], names: frozenset[str], rules: OptionRules) -> str:
    """Return what becomes of an option, under one of its names."""
    for option in options:
        own = option if option in names else rules.name_of(option)
        if own == "extra":
            return code("model_kwargs")
        if own in names or own in rules.elsewhere or own in (rules.documented or ()):
            return SAME if own == options[0] else code(own)
    return "accepted, and not needed" if {*options} & LANGCHAIN_OPTIONS else "understood"


@cache
def _names(model: type[BaseModel]) -> frozenset[str]:
    """Return the names and aliases of a model's options."""
    names = set(model.model_fields)
    for info in model.model_fields.values():
        if isinstance(info.validation_alias, AliasChoices):
            names |= {str(choice) for choice in info.validation_alias.choices}
    return frozenset(names)


def partner_errors() -> str:
    """Return the classes of the SDKs' errors by status, and ours."""
    rows = []
    for sdk in sorted({partner.sdk for partner in PARTNERS if partner.sdk}):
        for status, theirs in _by_status(sdk):
            ours = type(error_from_response(sdk, status=status, headers={}, body=b"")).__name__
            rows.append((code(f"{sdk}.{theirs}"), str(status), code(ours)))
    return table(("their class", "status", "here, without a more telling code or text"), rows)


def _by_status(sdk: str) -> list[tuple[int, str]]:
    """Return the SDK's classes of errors by status, which it declares as `Literal[429]`."""
    module = import_module(sdk)
    found = {500: "InternalServerError"}  # of all from 500 on
    for name in dir(module):
        kind = getattr(module, name)
        if not (isinstance(kind, type) and issubclass(kind, Exception)):
            continue  # openai's proxies of names that are gone raise on any use
        declared = get_annotations(kind).get("status_code", "")
        if status := re.search(r"\d{3}", str(declared)):
            found[int(status[0])] = name
    return sorted(found.items())
