"""The command line `scout-adapters`: one file per command, put together here."""

from __future__ import annotations

import sys
from importlib.metadata import version as installed_version
from typing import Annotated, Any

from typing_extensions import override

try:
    import rich  # noqa: F401  # every command needs it
    import typer
    from typer.core import TyperGroup
except ModuleNotFoundError as missing:  # the `cli` extra
    sys.exit(f"{missing.name} is not installed: pip install 'scout-adapters[cli]'")

from scout_adapters._internal.logs import printable
from scout_adapters.cli import audit, cassette_commands, keys
from scout_adapters.cli.budgets import budgets
from scout_adapters.cli.console import fail, set_width
from scout_adapters.cli.costs import costs
from scout_adapters.cli.demo import demo
from scout_adapters.cli.doctor import doctor
from scout_adapters.cli.migrate import migrate
from scout_adapters.cli.models import models
from scout_adapters.cli.prices import prices
from scout_adapters.cli.profile import profile
from scout_adapters.cli.provider_list import providers
from scout_adapters.cli.report import report
from scout_adapters.cli.route_file import route
from scout_adapters.cli.serve_emulator import emulator
from scout_adapters.errors import ScoutError

USAGE_ERROR: type[Exception] = typer.BadParameter.__bases__[0]
"""Class of errors in arguments; older versions of typer have it from click."""


class CommandGroup(TyperGroup):
    """Commands whose expected errors are one line on stderr and exit code 1."""

    @override
    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # typer ends quietly: the reader has read enough
            raise
        except OSError as error:
            names = [str(error.filename)] if error.filename is not None else []
            fail(": ".join([*names, error.strerror or str(error)]))
        except ScoutError as error:
            fail(str(error))
        except USAGE_ERROR as error:  # it repeats what was typed, or pasted
            error.message = printable(error.message)  # type: ignore[attr-defined]  # typer has no name for it
            raise


app = typer.Typer(
    cls=CommandGroup,
    no_args_is_help=True,
    rich_markup_mode=None,  # text in help and usage errors is printed as it is
    pretty_exceptions_enable=False,  # they print values of variables, keys among them
)


def _print_version(*, is_set: bool) -> None:
    if is_set:
        typer.echo(f"scout-adapters {installed_version('scout-adapters')}")
        raise typer.Exit


@app.callback()
def main(
    *,
    version: Annotated[  # noqa: ARG001  # handled by its callback
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
    ] = False,
) -> None:
    """Show what calls cost, whether keys work, and what the audit log contains.

    Exits with 1 if a command fails or finds something wrong, with 2 if an argument cannot be used.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # text files, also in tests
    set_width()


app.add_typer(audit.app, name="audit")
app.add_typer(keys.app, name="keys")
app.add_typer(cassette_commands.app, name="cassettes")
COMMANDS = (
    doctor,
    costs,
    report,
    prices,
    models,
    budgets,
    demo,
    emulator,
    providers,
    profile,
    route,
    migrate,
)
for command in COMMANDS:
    app.command()(command)
