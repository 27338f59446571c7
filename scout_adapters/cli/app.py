"""The command line `scout-adapters`: one file per command, put together here."""

from __future__ import annotations

import sys

try:
    import rich  # noqa: F401  # every command needs it
    import typer
except ModuleNotFoundError as missing:  # the `cli` extra
    sys.exit(f"{missing.name} is not installed: pip install 'scout-adapters[cli]'")

from scout_adapters.cli import audit, keys
from scout_adapters.cli.budgets import budgets
from scout_adapters.cli.costs import costs
from scout_adapters.cli.demo import demo
from scout_adapters.cli.doctor import doctor
from scout_adapters.cli.prices import prices
from scout_adapters.cli.profile import profile
from scout_adapters.cli.provider_list import providers
from scout_adapters.cli.report import report
from scout_adapters.cli.serve_emulator import emulator

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Many providers, many keys.")
app.add_typer(audit.app, name="audit")
app.add_typer(keys.app, name="keys")
for command in (doctor, costs, report, prices, budgets, demo, emulator, providers, profile):
    app.command()(command)
