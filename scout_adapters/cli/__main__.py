"""`python -m scout_adapters.cli`."""

from scout_adapters.cli.app import app

app()
