"""Imports of the clouds' official packages, which come with extras of this library."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from scout_adapters.errors import ConfigurationError


def load(module: str, *, extra: str) -> Any:
    """Import a module of an official package, on first use.

    Raises: `ConfigurationError` with the line to install the package.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigurationError(
            f'{module.partition(".")[0]} is missing: pip install "scout-adapters[{extra}]"'
        ) from error
