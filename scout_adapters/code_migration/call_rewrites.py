"""Calls that make chat models of other packages, as edits that make ours."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scout_adapters.code_migration.argument_checks import (
    LITELLM_NAMES,
    MODEL,
    argument,
    class_problems,
    entry_problems,
    init_problems,
    literal,
)
from scout_adapters.code_migration.class_names import FUNCTIONS, INIT, PARTNERS, ROUTER, OwnClass
from scout_adapters.code_migration.source_text import Edit, SourceText
from scout_adapters.llm.providers import registry

_BEFORE_LIST = re.compile(r"\s*(\)*)\s*\.\s*with_fallbacks\s*\(\s*(?:fallbacks\s*=\s*)?\[\s*")
_QUOTE = re.compile(rb"[A-Za-z]*(\"\"\"|'''|\"|')")


@dataclass(slots=True)
class CallRewrite:
    """A call, and what makes it ours."""

    node: ast.Call
    target: tuple[str, str]
    """Package and class or function of the call."""

    name: str = ""
    """The name of ours that it needs."""

    edits: list[Edit] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Why it stays as it is."""

    notes: list[str] = field(default_factory=list)
    """What the rewritten call does otherwise."""

    replaced: list[ast.expr] = field(default_factory=list)
    """The functions whose names are no longer used."""


def rewrite_call(source: SourceText, node: ast.Call, target: tuple[str, str]) -> CallRewrite:
    """Return a call of a chat model's class or function as one of ours."""
    if partner := PARTNERS.get(target):
        return _class_call(source, node, target, partner)
    if FUNCTIONS[target] == ROUTER:
        return _router_call(source, node, target)
    return _init_call(source, node, target)


def _renamed(source: SourceText, node: ast.expr, name: str) -> Edit:
    return Edit(source.start(node), source.end(node), name.encode())


def _class_call(
    source: SourceText, node: ast.Call, target: tuple[str, str], own: OwnClass
) -> CallRewrite:
    rewrite = CallRewrite(node, target, own.name, replaced=[node.func])
    rewrite.problems = list(class_problems(node, own.provider))
    rewrite.edits = [_renamed(source, node.func, own.name)]
    return rewrite


def _router_call(source: SourceText, node: ast.Call, target: tuple[str, str]) -> CallRewrite:
    """Return a call of `from_chat_litellm` around a `ChatLiteLLMRouter`."""
    before = Edit(source.start(node), source.start(node), f"{ROUTER}.from_chat_litellm(".encode())
    after = Edit(source.end(node), source.end(node), b")")
    return CallRewrite(node, target, ROUTER, [before, after])


def _init_call(source: SourceText, node: ast.Call, target: tuple[str, str]) -> CallRewrite:
    """Return a call of `init_scout_model`, for `init_chat_model` and `ChatLiteLLM`."""
    of_litellm = target[1] == "ChatLiteLLM"
    rewrite = CallRewrite(node, target, INIT, replaced=[node.func])
    provider, known = _provider_of(node)
    if not known:
        rewrite.problems.append(f"{provider} is no provider of this package")
        return rewrite
    rewrite.problems = list(init_problems(node, provider, of_litellm=of_litellm))
    rewrite.edits = [_renamed(source, node.func, INIT)]
    for keyword in node.keywords if of_litellm else ():
        new = "model" if keyword.arg in MODEL else LITELLM_NAMES.get(keyword.arg or "")
        if new and new != keyword.arg:
            start = source.start(keyword)
            rewrite.edits.append(Edit(start, start + len(keyword.arg or ""), new.encode()))
    return rewrite


def _provider_of(node: ast.Call) -> tuple[str | None, bool]:
    """Return the provider that a call names, and whether it is ours; None if it names none."""
    by_name = argument(node, "model_provider", "custom_llm_provider")
    if by_name is not None:
        name = literal(by_name.value)
    else:
        model = argument(node, *MODEL)
        text = literal(model.value if model else node.args[0] if node.args else None)
        if text is None:
            return None, True
        if not re.search("[:/]", text):
            found = registry.find_for_model(text)
            return found or text, found is not None
        name = re.split("[:/]", text, maxsplit=1)[0]
    if name is None:
        return None, True
    found = registry.find_by_name(name)
    return found or name, found is not None


def rewrite_fallbacks(
    source: SourceText, node: ast.Call, parts: list[tuple[ast.Call, tuple[str, str]]]
) -> CallRewrite | None:
    """Return `A(...).with_fallbacks([B(...), ...])` as a route; None if a part is no entry.

    `parts` are the models in their order, with their packages and classes.
    """
    first, second = parts[0][0], parts[1][0]
    between = source.text(source.end(first), source.start(second))
    opened = _BEFORE_LIST.fullmatch(between)
    owns = [PARTNERS.get(target) for _, target in parts]
    if opened is None or node.keywords:
        return None
    rewrite = CallRewrite(node, parts[0][1], ROUTER)
    for (call, _), own in zip(parts, owns, strict=True):
        if own is None or any(True for _ in entry_problems(call, own.provider)):
            return None
        rewrite.edits += _entry_edits(source, call, own.provider)
        rewrite.edits += _without_retries(source, call)
        if call is not first and argument(call, "max_retries"):
            rewrite.notes.append("max_retries= of a fallback is left out: it is of the route")
        rewrite.replaced.append(call.func)
    start = source.start(node)
    rewrite.edits.append(Edit(start, start, f"{ROUTER}(models=[".encode()))
    rewrite.edits.append(Edit(source.end(first), source.start(second), f"{opened[1]}, ".encode()))
    rewrite.edits += _retries_of_route(source, node, parts)
    return rewrite


def _retries_of_route(
    source: SourceText, node: ast.Call, parts: list[tuple[ast.Call, tuple[str, str]]]
) -> Iterator[Edit]:
    """Yield the edit that gives the route the first model's `max_retries=`."""
    retries = argument(parts[0][0], "max_retries")
    if retries is not None:
        closing = source.end(node.args[0])
        value = source.text(source.start(retries.value), source.end(retries.value))
        yield Edit(closing, closing, f", max_retries={value}".encode())


def _entry_edits(source: SourceText, call: ast.Call, provider: str) -> Iterator[Edit]:
    """Yield what makes a class's call a dict whose model has its provider's name."""
    yield _renamed(source, call.func, "dict")
    model = argument(call, *MODEL)
    if model is None:
        return
    start = source.start(model.value)
    quote = _QUOTE.match(source.data, start)
    if isinstance(model.value, ast.Constant | ast.JoinedStr) and quote is not None:
        yield Edit(quote.end(), quote.end(), f"{provider}/".encode())
        return
    simple = isinstance(model.value, ast.Name | ast.Attribute | ast.Call | ast.Subscript)
    yield Edit(start, start, f'"{provider}/" + {"" if simple else "("}'.encode())
    if not simple:
        yield Edit(source.end(model.value), source.end(model.value), b")")


def _without_retries(source: SourceText, call: ast.Call) -> Iterator[Edit]:
    """Yield the edit that takes out `max_retries=`, which is of a route and not of an entry."""
    for index, keyword in enumerate(call.keywords):
        if keyword.arg != "max_retries":
            continue
        if index + 1 < len(call.keywords):
            yield Edit(source.start(keyword), source.start(call.keywords[index + 1]), b"")
        elif index:
            yield Edit(source.end(call.keywords[index - 1]), source.end(keyword), b"")
        else:
            yield Edit(source.start(keyword), source.end(keyword), b"")
