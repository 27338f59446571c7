"""Keyword arguments of other packages' chat models: which ones models of this package take."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from scout_adapters.chat_models.entry_settings import ENTRY_NAMES, ENTRY_REFUSED
from scout_adapters.chat_models.option_rules import OptionRules
from scout_adapters.chat_models.provider_base import ScoutProviderChatModel
from scout_adapters.errors import ConfigurationError
from scout_adapters.llm.option_hints import HINTS
from scout_adapters.llm.option_names import (
    LANGCHAIN_OPTIONS,
    check_undocumented,
    standard_name,
)
from scout_adapters.llm.providers import registry

MODEL = ("model", "model_name")
OF_INIT = frozenset({"model_provider", "configurable_fields", "config_prefix"})
OTHER_ADDRESSES = {
    "groq": "the address here ends with /openai/v1",
    "ollama": "the address here ends with /v1",
}
"""Providers whose packages add a path to `base_url=`."""

LITELLM_NAMES = {"extra_headers": "default_headers", "custom_llm_provider": "model_provider"}
"""Arguments of `ChatLiteLLM`, and ours."""


def argument(call: ast.Call, *names: str) -> ast.keyword | None:
    """Return the keyword argument of one of these names."""
    return next((keyword for keyword in call.keywords if keyword.arg in names), None)


def literal(node: ast.expr | None) -> str | None:
    """Return the value of a string literal."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def class_problems(call: ast.Call, provider: str) -> Iterator[str]:
    """Yield why a call of a partner's class is not one of ours."""
    if call.args:
        yield "positional arguments: write their names"
    if argument(call, *MODEL) is None and provider != "azure":
        yield "no model=: the other package's default is not ours"
    yield from _address_problems(call, provider)
    names = frozenset(ScoutProviderChatModel.model_fields)
    yield from _refused(call, provider, names)


def _address_problems(call: ast.Call, provider: str) -> Iterator[str]:
    """Yield what is otherwise about the address of a provider's package."""
    rules = OptionRules.of(registry.spec(provider))
    for keyword in call.keywords:
        if rules.name_of(keyword.arg or "") == "base_url" and provider in OTHER_ADDRESSES:
            yield f"{keyword.arg}=: {OTHER_ADDRESSES[provider]}"


def entry_problems(call: ast.Call, provider: str) -> Iterator[str]:
    """Yield why a call of a partner's class cannot become an entry of a route."""
    if call.args or argument(call, *MODEL) is None:
        yield "an entry needs model="
    yield from _address_problems(call, provider)
    if any(keyword.arg is None for keyword in call.keywords):
        yield "**: its names are not seen"
    for keyword in call.keywords:
        name = standard_name(keyword.arg or "")
        if name in ENTRY_REFUSED and name != "max_retries":
            yield f"{keyword.arg}= is of a whole route"
    yield from _refused(call, provider, ENTRY_NAMES | {"max_retries"})


def init_problems(call: ast.Call, provider: str | None, *, of_litellm: bool) -> Iterator[str]:
    """Yield why a call of `init_chat_model` or `ChatLiteLLM` is not one of ours.

    `provider` is None if the name of the model is not written in the call.
    """
    if of_litellm and (call.args or argument(call, *MODEL) is None):
        yield "no model=: the other package's default is not ours"
    names = frozenset(ScoutProviderChatModel.model_fields) | OF_INIT
    if provider is not None:
        yield from _refused(call, provider, names, LITELLM_NAMES if of_litellm else {})
        return
    for keyword in call.keywords:
        name = keyword.arg or ""
        name = LITELLM_NAMES.get(name, name) if of_litellm else name
        if name in HINTS and name not in OF_INIT:
            yield f"{name}=: {HINTS[name]}"


def _refused(
    call: ast.Call, provider: str, names: Collection[str], renamed: dict[str, str] | None = None
) -> Iterator[str]:
    """Yield the arguments that our model of a provider does not take, and what to write instead."""
    rules = OptionRules.of(registry.spec(provider))
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg in MODEL:
            continue
        name = (renamed or {}).get(keyword.arg, keyword.arg)
        if not _is_taken(name, rules, names) and (message := _message(name, rules, names)):
            yield message


def _is_taken(name: str, rules: OptionRules, names: Collection[str]) -> bool:
    own = rules.name_of(name)
    if own in names or name in names or own == "extra" or name in LANGCHAIN_OPTIONS:
        return True
    if own in rules.elsewhere or name == "reasoning":
        return True
    return rules.adapt is not None and name not in rules.adapt({name: ""})


def _message(name: str, rules: OptionRules, names: Collection[str]) -> str:
    try:
        check_undocumented(name, "", rules.documented, names)
    except ConfigurationError as error:
        return str(error).strip()
    return ""
