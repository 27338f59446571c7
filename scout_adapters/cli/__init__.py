"""The command line `scout-adapters`, one file per command."""

from scout_adapters.cli.app import app as app
