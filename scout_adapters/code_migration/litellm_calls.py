"""Calls of LiteLLM itself, which stay as they are: what to write instead."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from scout_adapters.code_migration.name_bindings import Bindings

LITELLM_ROUTER = "litellm.Router"
ADVICE = {
    LITELLM_ROUTER: "write ScoutRouterChatModel.from_litellm(config), of the same arguments as a "
    'dict {"model_list": ..., "router_settings": ...} or of config.yaml',
    "litellm.completion": 'write init_scout_model("provider/model").invoke(messages)',
    "litellm.acompletion": 'write await init_scout_model("provider/model").ainvoke(messages)',
    "litellm.embedding": 'write ScoutEmbeddings("provider/model").embed_documents(texts)',
}
"""What to write instead of a function or class of LiteLLM."""

OF_ROUTERS = {
    "completion": "write model.invoke(messages, model=group) of ScoutRouterChatModel.from_litellm",
    "acompletion": "write await model.ainvoke(messages, model=group) of "
    "ScoutRouterChatModel.from_litellm",
}
"""What to write instead of a method of a router of LiteLLM."""


@dataclass(frozen=True, slots=True)
class LiteLLMRouters:
    """The routers of LiteLLM that a module makes."""

    names: frozenset[str]
    """The names and attributes that they are assigned to."""

    passed_on: frozenset[ast.Call]
    """Calls whose router becomes the `router=` of another call, which is rewritten."""

    @classmethod
    def of(cls, tree: ast.Module, bindings: Bindings) -> LiteLLMRouters:
        """Find the routers of a module."""
        made = dict(_assigned(tree, bindings))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        values = [word.value for call in calls for word in call.keywords if word.arg == "router"]
        texts = {ast.unparse(value) for value in values}
        passed_on = {value for value in values if isinstance(value, ast.Call)}
        passed_on |= {call for name, call in made.items() if name in texts}
        return cls(frozenset(made), frozenset(passed_on))


def _assigned(tree: ast.Module, bindings: Bindings) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Call):
            continue
        if bindings.qualified(node.value.func) == LITELLM_ROUTER:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                yield ast.unparse(target), node.value


def advice_for(node: ast.Call, bindings: Bindings, routers: LiteLLMRouters) -> str:
    """Return what to write instead of a call of LiteLLM; "" for any other call."""
    qualified = bindings.qualified(node.func) or ""
    if qualified in ADVICE:
        return "" if node in routers.passed_on else ADVICE[qualified]
    match node.func:
        case ast.Attribute(value=owner, attr=method) if method in OF_ROUTERS:
            return OF_ROUTERS[method] if ast.unparse(owner) in routers.names else ""
    return ""
