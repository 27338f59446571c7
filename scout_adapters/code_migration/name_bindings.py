"""Which names of a module are imported, from where, and whether they have other meanings."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Imported:
    """A name that an import statement binds."""

    qualified: str
    """Module and name, such as `langchain_openai.ChatOpenAI`."""

    statement: ast.Import | ast.ImportFrom
    alias: ast.alias


@dataclass(slots=True)
class Bindings:
    """The names of a module, whatever their scope."""

    imports: dict[str, list[Imported]] = field(default_factory=lambda: defaultdict(list))
    others: dict[str, int] = field(default_factory=dict)
    """Names that are bound in another way, with the first line."""

    uses: Counter[str] = field(default_factory=Counter)
    """How often a name is read."""

    texts: list[str] = field(default_factory=list)
    """Strings, which may contain annotations."""

    def qualified(self, node: ast.expr) -> str | None:
        """Return module and name of what an expression is; None for what is not imported."""
        match node:
            case ast.Name(id=name) if name in self.imports:
                return self.imports[name][0].qualified
            case ast.Attribute(value=value, attr=attr):
                of_value = self.qualified(value)
                return f"{of_value}.{attr}" if of_value else None
        return None

    def conflict(self, node: ast.expr) -> str:
        """Return why an imported name may be something else; "" if it may not."""
        name = root_of(node)
        meanings = {imported.qualified for imported in self.imports.get(name, ())}
        if name in self.others:
            return f"{name} is bound again in line {self.others[name]}"
        if len(meanings) > 1:
            return f"{name} is imported from {' and '.join(sorted(meanings))}"
        return ""

    def is_free(self, name: str) -> bool:
        """Return whether a name is unused, or imported from this package."""
        own = (item.qualified.startswith("scout_adapters.") for item in self.imports.get(name, ()))
        return name not in self.others and all(own)


def root_of(node: ast.expr) -> str:
    """Return the name with which a chain of attributes begins."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def bindings_of(tree: ast.Module) -> Bindings:
    """Collect the names of a module."""
    found = Bindings()
    for node in ast.walk(tree):
        match node:
            case ast.Import() | ast.ImportFrom():
                _add_import(node, found)
            case ast.Name(id=name, ctx=ast.Load()):
                found.uses[name] += 1
            case ast.Name(id=name):
                found.others.setdefault(name, node.lineno)
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                found.others.setdefault(name, node.lineno)
            case ast.arg(arg=name):
                found.others.setdefault(name, node.lineno)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                found.others.setdefault(name, node.lineno)
            case ast.Constant(value=str(text)):
                found.texts.append(text)
    return found


def _add_import(node: ast.Import | ast.ImportFrom, found: Bindings) -> None:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            if node.level or alias.name == "*":
                continue  # of this code base itself; a star binds names that are not seen
            qualified = f"{node.module}.{alias.name}"
            found.imports[alias.asname or alias.name].append(Imported(qualified, node, alias))
        elif alias.asname:
            found.imports[alias.asname].append(Imported(alias.name, node, alias))
        else:
            root = alias.name.partition(".")[0]
            found.imports[root].append(Imported(root, node, alias))
