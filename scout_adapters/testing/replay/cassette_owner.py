"""Which test a cassette belongs to, by its line `test:`, and whether that test still exists."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

from scout_adapters.testing.replay.cassette_errors import SharedCassette
from scout_adapters.testing.replay.cassette_paths import FOLDER

if TYPE_CHECKING:
    from scout_adapters.testing.replay.cassette_paths import CassettePlan


def check_owner(plan: CassettePlan, owner: str | None) -> None:
    """Check that a cassette was recorded for the test that uses it.

    A test that was renamed or moved, so that its old name is gone, keeps its cassette.

    Raises:
        SharedCassette: if it belongs to another test, which still exists.
    """
    if owner is None or _is_same(owner, plan.test) or not has_test(plan.path, owner):
        return
    raise SharedCassette(
        f"{plan.shown_path} belongs to {owner}: give {plan.test} another name=\n"
        f"If it is the same test with a new name, write `test: {plan.test}` into the file, or"
        " delete the file and record again."
    )


def _is_same(owner: str, test: str) -> bool:
    """Return whether two ids are of one test; the folders depend on pytest's root."""
    (owner_module, _, owner_name), (module, _, name) = owner.partition("::"), test.partition("::")
    return owner_name == name and Path(owner_module).name == Path(module).name


def has_test(path: Path, test: str) -> bool:
    """Return whether the test of a cassette exists, by its source; parameters are not checked."""
    name, _, rest = test.partition("::")
    module = _module(path, Path(name))
    if module is None:
        return False
    try:
        tree = ast.parse(module.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return True  # a broken module shows itself when it is collected
    return _defines(tree, rest.partition("[")[0].split("::"))


def _module(path: Path, name: Path) -> Path | None:
    """Return the test module of a cassette: beside its folder, or below the current one."""
    parents = [parent for parent in path.resolve().parents if parent.name == FOLDER]
    candidates = [parent.parent / name.name for parent in parents[:1]] + [name]
    return next((module for module in candidates if module.is_file()), None)


def _defines(scope: ast.AST, names: list[str]) -> bool:
    """Return whether a scope defines a function, in the classes that are named before it."""
    for node in ast.walk(scope) if isinstance(scope, ast.Module) else ast.iter_child_nodes(scope):
        if getattr(node, "name", None) == names[0]:
            if len(names) == 1 or _defines(node, names[1:]):
                return True
            if isinstance(node, ast.ClassDef) and node.bases:
                return True  # the method may be inherited
    return False
