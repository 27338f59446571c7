"""A module's source with the chat models of other packages rewritten to ours."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from scout_adapters.code_migration.call_rewrites import (
    CallRewrite,
    rewrite_call,
    rewrite_fallbacks,
)
from scout_adapters.code_migration.class_names import FUNCTIONS, ROUTER, target_of
from scout_adapters.code_migration.import_edits import Statement, import_edits
from scout_adapters.code_migration.litellm_calls import LiteLLMRouters, advice_for
from scout_adapters.code_migration.name_bindings import Bindings, bindings_of, root_of
from scout_adapters.code_migration.source_text import SourceText
from scout_adapters.errors import ConfigurationError

Calls = list[tuple[ast.Call, tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Change:
    """A call that makes a chat model, and what stands for it."""

    line: int
    before: str
    after: str
    """Equal to `before` for a call that stays as it is."""

    notes: tuple[str, ...] = ()
    """Why it stays, or what is otherwise."""

    @property
    def is_made(self) -> bool:
        """Whether the call is rewritten."""
        return self.after != self.before


@dataclass(frozen=True, slots=True)
class RewrittenSource:
    """The changes of a module, and its source after them."""

    changes: tuple[Change, ...]
    data: bytes = field(repr=False)


def rewrite(data: bytes) -> RewrittenSource:
    """Return a module's source with our chat models; imports are mended.

        rewrite(Path("app.py").read_bytes()).changes

    Raises: `ConfigurationError` for what is no UTF-8 or does not parse.
    """
    source = SourceText(data)
    bindings = bindings_of(source.tree)
    rewrites = sorted(_rewrites(source, bindings), key=lambda made: source.start(made.node))
    made = [item for item in rewrites if not item.problems]
    edits = [edit for item in made for edit in item.edits]
    changes = tuple(_change(source, item) for item in rewrites)
    if not made:
        return RewrittenSource(changes, data)
    replaced = [root_of(node) for item in made for node in item.replaced]
    edits += import_edits(source, bindings, _needed(made, bindings), _unused(replaced, bindings))
    text = source.edited(edits)
    try:
        SourceText(text)
    except ConfigurationError as error:
        raise ConfigurationError(f"cannot be rewritten: {error}") from None
    return RewrittenSource(changes, text)


def _rewrites(source: SourceText, bindings: Bindings) -> Iterator[CallRewrite]:
    """Yield the calls that make chat models; a route of several is one."""
    of_routes: set[ast.Call] = set()
    inside, routers = _inside_of_ours(source.tree), LiteLLMRouters.of(source.tree, bindings)
    for node in ast.walk(source.tree):  # outer calls come before inner ones
        if not isinstance(node, ast.Call) or node in of_routes or node in inside:
            continue
        if parts := _fallback_parts(node, bindings):
            route = rewrite_fallbacks(source, node, parts)
            if route is not None and not _conflicts(route, parts, bindings):
                of_routes |= {call for call, _ in parts}
                yield route
                continue
        if target := _target(node, bindings):
            call = rewrite_call(source, node, target)
            call.problems += _conflicts(call, [(node, target)], bindings)
            yield call
        elif advice := advice_for(node, bindings, routers):
            yield CallRewrite(node, ("litellm", ""), problems=[advice])


def _target(node: ast.Call, bindings: Bindings) -> tuple[str, str] | None:
    qualified = bindings.qualified(node.func)
    return target_of(qualified) if qualified else None


def _inside_of_ours(tree: ast.Module) -> set[ast.expr]:
    """Return the arguments of `from_chat_litellm`, which are rewritten already."""
    return {
        argument
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "from_chat_litellm"
        for argument in node.args
    }


def _fallback_parts(node: ast.Call, bindings: Bindings) -> Calls:
    """Return the models of `A(...).with_fallbacks([B(...)])`, if they are all written there."""
    match node:
        case ast.Call(
            func=ast.Attribute(attr="with_fallbacks", value=ast.Call() as first),
            args=[ast.List(elts=[_, *_] as others)],
        ) if not node.keywords:
            pass
        case _:
            return []
    calls = [first, *others]
    found = [
        (call, target)
        for call in calls
        if isinstance(call, ast.Call) and (target := _target(call, bindings))
    ]
    return found if len(found) == len(calls) else []


def _conflicts(rewrite: CallRewrite, parts: Calls, bindings: Bindings) -> list[str]:
    """Return which names mean something else, too."""
    found = [bindings.conflict(call.func) for call, _ in parts]
    if not bindings.is_free(rewrite.name):
        found.append(f"{rewrite.name} is the name of something else here")
    return [message for message in dict.fromkeys(found) if message]


def _needed(made: list[CallRewrite], bindings: Bindings) -> dict[Statement, set[str]]:
    """Return the names to import from scout_adapters, by the import statement they belong to."""
    needed: dict[Statement, set[str]] = {}
    for item in made:
        functions = item.replaced[:1] or [item.node.func]
        for imported in bindings.imports[root_of(functions[0])]:
            if not any(
                other.qualified == f"scout_adapters.{item.name}"
                for other in bindings.imports.get(item.name, ())
            ):
                needed.setdefault(imported.statement, set()).add(item.name)
    return needed


def _unused(replaced: list[str], bindings: Bindings) -> set[str]:
    """Return the imported names that only rewritten calls used."""
    return {
        name
        for name in set(replaced)
        if bindings.uses[name] == replaced.count(name)
        and not any(re.search(rf"\b{re.escape(name)}\b", text) for text in bindings.texts)
    }


def _change(source: SourceText, item: CallRewrite) -> Change:
    start, end = source.start(item.node), source.end(item.node)
    before = source.text(start, end)
    after = before if item.problems else source.text(start, end, item.edits)
    notes = [*item.problems, *item.notes]
    if FUNCTIONS.get(item.target) == ROUTER and not item.problems:
        notes.append(
            "the router of LiteLLM stays: from_litellm takes its configuration, as a file or a dict"
        )
    return Change(source.line_of(start), before, after, tuple(notes))
