"""Checks of providers that are a user's own function: whether it uses the key that it receives."""

from __future__ import annotations

import dis
import importlib
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from types import CodeType, FunctionType, ModuleType
from typing import Any

from scout_adapters.doctor.finding import Finding
from scout_adapters.llm.providers import ProviderRegistry

ENVIRONMENT = frozenset({"environ", "getenv", "environb"})
DEPTH = 3
"""Levels of calls that are followed: a wrapper, what it calls, and what that calls."""


def check_functions(providers: ProviderRegistry) -> Iterator[Finding]:
    """Find functions that are called with one key and send another."""
    for name in providers.list_providers():
        function = providers.get(name).function
        if function is None:
            continue
        if not _takes_key(function):
            what = "its function takes no api_key=: it cannot be told which key to use"
            yield Finding(name, what, "add the parameter api_key, and send that key")
        elif reader := _reader(function, DEPTH):
            what = f"{reader}() reads the environment itself: rotation cannot change its key"
            yield Finding(name, what, "use the api_key that the function is called with")
        elif not _uses_key(function):
            what = "its function does not use the api_key that it is handed"
            yield Finding(name, what, "pass api_key on to what sends the request")


def _takes_key(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return True  # has no signature that can be read
    return "api_key" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _uses_key(function: Callable[..., Any]) -> bool:
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None or "api_key" not in code.co_varnames[: _arguments(code)]:
        return True  # probably passed on with other options
    return any(
        step.argval == "api_key" and step.opname.startswith("LOAD")
        for part in _parts(code)
        for step in dis.get_instructions(part)
    )


def _arguments(code: CodeType) -> int:
    return code.co_argcount + code.co_kwonlyargcount


def _parts(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of a function and of the functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _parts(constant)


def _reader(function: Any, depth: int) -> str | None:
    """Return the name of the function that reads the environment: this, or one that it calls."""
    plain = inspect.unwrap(function)
    plain = getattr(plain, "__func__", plain)
    if not isinstance(plain, FunctionType) or _is_library(plain.__module__):
        return None
    names = {name for part in _parts(plain.__code__) for name in part.co_names}
    if names & ENVIRONMENT:
        return plain.__name__
    called = _called(plain, names) if depth > 1 else ()
    readers = (_reader(function, depth - 1) for function in called if callable(function))
    return next((name for name in readers if name), None)


def _called(function: FunctionType, names: Iterable[str]) -> Iterator[Any]:
    """Yield what a function may call: globals, and what it imports in its body."""
    yield from (function.__globals__[name] for name in names if name in function.__globals__)
    module, loaded = "", [0, 0]
    for step in dis.get_instructions(function.__code__):
        if step.opname.startswith("LOAD"):
            loaded = [loaded[-1], step.argval]
        elif step.opname == "IMPORT_NAME":  # the number of dots and the names were loaded before it
            module = "." * loaded[0] + step.argval
        elif step.opname == "IMPORT_FROM" and not _is_library(module):
            yield getattr(_imported(module, function), step.argval, None)


def _imported(module: str, function: FunctionType) -> ModuleType | None:
    """Import a module as a call of the function would."""
    try:
        return importlib.import_module(module, function.__globals__.get("__package__"))
    except Exception:  # noqa: BLE001  # a user's module may raise anything
        return None


def _is_library(module: str) -> bool:
    """Return whether a module belongs to Python or an installed package, not to the user."""
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "scout_adapters":
        return top != "__main__"
    return "site-packages" in (getattr(sys.modules.get(top), "__file__", None) or "")
