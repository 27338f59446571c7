"""The table of faults that the emulator plays, made from their classes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from scout_adapters import testing
from scout_adapters.testing import Fault
from tools.pages.markdown_table import code, table


def fault_table() -> str:
    """Return a row for each fault with its arguments."""
    return table(("fault", "what it plays"), _rows())


def _rows() -> Iterator[tuple[str, str]]:
    for name in sorted(testing.__all__):
        fault = getattr(testing, name)
        if isinstance(fault, type) and issubclass(fault, Fault) and fault is not Fault:
            first = inspect.cleandoc(fault.__doc__ or "").partition("\n\n")[0]
            yield code(f"{name}({_arguments(fault)})"), first.replace("\n", " ")


def _arguments(fault: type[Fault]) -> str:
    """Return the arguments of a fault that a test may set, with their defaults."""
    parameters = inspect.signature(fault).parameters.values()
    return ", ".join(_argument(each) for each in parameters if each.name != "clock")


def _argument(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return parameter.name
    default = repr(parameter.default)
    return f"{parameter.name}={'{}' if default == '<factory>' else default}"
