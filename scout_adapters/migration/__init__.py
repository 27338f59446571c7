"""Configurations of other libraries as routes: what maps, and what has no equal."""

from scout_adapters.migration.litellm_routes import Migration, migrate_litellm
from scout_adapters.migration.litellm_source import read_litellm
from scout_adapters.migration.printed_route import without_keys

__all__ = ["Migration", "migrate_litellm", "read_litellm", "without_keys"]
