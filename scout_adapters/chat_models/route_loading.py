"""Create routers from a route file or a LiteLLM configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import ValidationError

from scout_adapters._internal.logs import logger_of
from scout_adapters.chat_models.route_building import RouteBuilder
from scout_adapters.route_files import parse_route, read_text
from scout_adapters.route_files.document import RouteDocument
from scout_adapters.route_files.route_text import first_error
from scout_adapters.route_files.yaml_text import YamlText

if TYPE_CHECKING:
    from scout_adapters.chat_models.base import ScoutChatModel
    from scout_adapters.chat_models.loaded_routes import LoadedRoutes

logger = logger_of(__name__)

RouterT = TypeVar("RouterT", bound="ScoutChatModel")


@dataclass(slots=True)
class RouteSource:
    """A route file, with the builder of routers for its current and later versions."""

    path: Path
    builder: RouteBuilder
    text: str = ""
    """Text of the file when it was last read."""

    def load_changed(self) -> LoadedRoutes | None:
        """Return the routes of the file; None if its text has not changed since the last read.

        Raises: `ConfigurationError` if the file cannot be read or used.
        """
        text = read_text(self.path)
        if text == self.text:
            return None
        self.text = text
        return self.builder.build(*parse_route(text, str(self.path)))


def load_file(
    model_class: type[RouterT],
    path: str | PathLike[str],
    route: str | None,
    options: Mapping[str, Any],
) -> tuple[RouterT, RouteSource]:
    """Return the router of a file, and the `RouteSource` that loads later versions."""
    source = RouteSource(Path(path), RouteBuilder(model_class, route, options))
    loaded = source.load_changed()
    if loaded is None:  # an empty file is the text that is read at first
        loaded = source.builder.build(*parse_route("", str(source.path)))
    return cast("RouterT", _following(loaded)), source


def load_litellm(
    model_class: type[RouterT],
    config: str | PathLike[str] | Mapping[str, Any],
    route: str | None,
    options: Mapping[str, Any],
) -> RouterT:
    """Return the router of a LiteLLM configuration; log what is not mapped.

    Raises: `ConfigurationError`.
    """
    from scout_adapters.migration import migrate_litellm, read_litellm

    migration = migrate_litellm(read_litellm(config))
    for note in migration.notes:
        logger.warning("LiteLLM's configuration: %s", note)
    name = "the configuration" if isinstance(config, Mapping) else str(fspath(config))
    return load_migration(model_class, migration.document, name, route, options)


def load_migration(
    model_class: type[RouterT],
    document: Mapping[str, Any],
    name: str,
    route: str | None,
    options: Mapping[str, Any],
) -> RouterT:
    """Return the router of a migrated configuration; `name` is its name in errors.

    Raises: `ConfigurationError`.
    """
    parsed = YamlText(name, document, {})
    try:
        checked = RouteDocument.model_validate(document)
    except ValidationError as error:
        raise first_error(parsed, error) from None
    builder = RouteBuilder(model_class, route, options)
    return cast("RouterT", _following(builder.build(checked, parsed)))


def _following(loaded: LoadedRoutes) -> Any:
    """Return a new router of the default route, whose routes can be replaced later."""
    model: Any = loaded.default.model_copy()
    model._adopt(loaded)  # noqa: SLF001  # same package
    return model
