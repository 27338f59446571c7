"""The tables of options, made from fields, signatures and cards."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_type_hints

from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from scout_adapters.agents import ScoutBudgetMiddleware
from scout_adapters.callbacks import (
    ScoutAuditCallbackHandler,
    ScoutBudgetCallbackHandler,
    ScoutCostCallbackHandler,
)
from scout_adapters.chat_models.entry_settings import ENTRY_NAMES
from scout_adapters.chat_models.options import ChatOptions
from scout_adapters.chat_models.provider_base import ScoutProviderChatModel
from scout_adapters.chat_models.router import ScoutRouterChatModel
from scout_adapters.embeddings.scout_embeddings import ScoutEmbeddings
from scout_adapters.llm.option_hints import HINTS
from scout_adapters.llm.option_names import ALIASES
from scout_adapters.llm.providers import registry
from scout_adapters.llm.timeouts import Timeouts
from scout_adapters.telemetry import ScoutTelemetryCallbackHandler
from scout_adapters.testing import Emulator
from tools.pages.attribute_docs import inherited_docs
from tools.pages.markdown_table import code, table

HEADER = ("option", "default", "what it is")
CONFIGURED = (
    ScoutCostCallbackHandler,
    ScoutBudgetCallbackHandler,
    ScoutAuditCallbackHandler,
    ScoutTelemetryCallbackHandler,
    ScoutBudgetMiddleware,
    Emulator,
)
"""Classes besides the models that users create with options."""


def model_options() -> str:
    """Return the options of every chat model."""
    return _fields(ChatOptions, set())


def provider_options() -> str:
    """Return the options that only chat models of one provider have."""
    return _fields(ScoutProviderChatModel, set(ChatOptions.model_fields))


def router_options() -> str:
    """Return the options that only routers have."""
    return _fields(ScoutRouterChatModel, set(ChatOptions.model_fields))


def embedding_options() -> str:
    """Return the options of embeddings."""
    return _fields(ScoutEmbeddings, set())


def _fields(owner: Any, without: set[str]) -> str:
    docs = inherited_docs(owner)
    rows = (
        (_names(name, field), _default(field), docs[name])
        for name, field in owner.model_fields.items()
        if name in docs and name not in without
    )
    return table(HEADER, rows)


def _names(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    names = alias.choices if isinstance(alias, AliasChoices) else [name]
    return ", ".join(code(each) for each in names)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default_factory() if field.default_factory else field.default  # type: ignore[call-arg]  # pydantic
    plain = value is None or isinstance(value, str | int | float | list | dict)
    return code(repr(value)) if plain else ""


def entry_options() -> str:
    """Return the keys of an entry that is a dict."""
    return ", ".join(map(code, sorted(ENTRY_NAMES - {"extra", "placeholders"}))) + "\n"


def timeout_options() -> str:
    """Return the fields of `Timeouts`."""
    fields = ((code(each.name), f"{each.default} s") for each in dataclasses.fields(Timeouts))
    return table(("field", "default"), fields)


def further_options() -> str:
    """Return the options of each provider that all chat models do not have."""
    common = {*ChatOptions.model_fields, *ScoutProviderChatModel.model_fields}
    rows = []
    for spec in registry.specs():
        own = {*(spec.documented_fields or ()), *spec.header_options, *spec.placeholders}
        rows.append((spec.name, ", ".join(map(code, sorted(own - common - set(ALIASES))))))
    return table(("provider", "further options"), rows)


def other_names() -> str:
    """Return the names of other packages that are understood."""
    return _pairs(("their name", "here"), {name: code(own) for name, own in ALIASES.items()})


def refused_names() -> str:
    """Return the options of other packages that are refused, and what to write."""
    return _pairs(("their name", "instead"), HINTS)


def _pairs(header: tuple[str, str], pairs: Mapping[str, str]) -> str:
    return table(header, ((code(name), text) for name, text in sorted(pairs.items())))


def signatures() -> str:
    """Return what handlers, the agents' budget and the emulator take."""
    return "\n".join(line for owner in CONFIGURED for line in _signature(owner))


def _signature(owner: type) -> Iterator[str]:
    init = owner.__init__  # type: ignore[misc]  # any class
    yield f"### `{owner.__name__}`\n"
    rows: list[tuple[str, str]] = []
    for name, each in inspect.signature(init).parameters.items():
        if each.kind is each.VAR_KEYWORD:  # `**options: Unpack[a TypedDict]`
            further = get_args(get_type_hints(init, include_extras=True)[name])[0]
            rows += [(code(option), _of_handler(option)) for option in further.__annotations__]
        elif name != "self":
            rows.append((code(name), _given(each.default)))
    yield table(("option", "default"), rows)
    text = inspect.getdoc(init)
    is_own = text != inspect.getdoc(object.__init__)
    yield f"{text if is_own else inspect.getdoc(owner)}\n"


def _of_handler(option: str) -> str:
    """Return the default that a budget's option has in the handler, which has most of them."""
    each = inspect.signature(ScoutBudgetCallbackHandler).parameters.get(option)
    return _given(each.default) if each else code("False")


def _given(default: object) -> str:
    if default is inspect.Parameter.empty:
        return "required"
    if inspect.isbuiltin(default):
        return code(f"{default.__module__}.{default.__name__}")
    return code(repr(default))
