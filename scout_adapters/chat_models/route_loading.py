"""Load a route file into routers, with its handlers and prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from scout_adapters._internal.logs import logger_of
from scout_adapters.chat_models.loaded_routes import LoadedRoutes
from scout_adapters.chat_models.router_entries import check_entries
from scout_adapters.errors import ConfigurationError, ScoutError
from scout_adapters.errors.error_response import one_line
from scout_adapters.llm.health.key_source import is_reference
from scout_adapters.route_files import parse_route, read_text
from scout_adapters.route_files.route_text import MAX_MESSAGE

if TYPE_CHECKING:
    from langchain_core.callbacks import BaseCallbackHandler
    from langchain_core.rate_limiters import BaseRateLimiter

    from scout_adapters.chat_models.base import ScoutChatModel
    from scout_adapters.route_files.document import RouteDocument, RouteEntry, RouteSection
    from scout_adapters.route_files.yaml_text import Path as YamlPath
    from scout_adapters.route_files.yaml_text import YamlText

logger = logger_of(__name__)

RouterT = TypeVar("RouterT", bound="ScoutChatModel")

Handlers = tuple[tuple[str, "BaseCallbackHandler"], ...]
"""Handlers with the text of the sections that they were made of."""


@dataclass(slots=True)
class RouteSource:
    """A route file, and what the routers that are made of it have in common."""

    path: Path
    model_class: Callable[..., ScoutChatModel]
    """Makes a router of `models`, `strategy` and options."""

    route: str | None
    options: Mapping[str, Any]
    """Options that win over those of the file."""

    text: str = ""
    """The text that was last read."""

    handlers: Handlers = ()
    """Those of the current text: an unchanged section keeps its handler, and so its balance."""

    prices: set[tuple[str, str]] = field(default_factory=set)
    """Providers and models whose prices in `PRICING` come from the file."""

    def load_changed(self) -> LoadedRoutes | None:
        """Read the file; None if its text is the one that was last read.

        Raises: `ConfigurationError`.
        """
        text = read_text(self.path)
        if text == self.text:
            return None
        self.text = text
        return self.load(text)

    def load(self, text: str) -> LoadedRoutes:
        """Make the routers of a text.

        Raises: `ConfigurationError`.
        """
        document, parsed = parse_route(text, str(self.path))
        sections = document.route_sections()
        default = document.default_route() if self.route is None else self.route
        if default not in sections:
            raise ConfigurationError(
                f"{self.path} has no route {default!r}; it has {', '.join(sections) or 'none'}"
            )
        handlers = self._handlers_of(document)
        routers = {
            name: self._router(section, parsed, name, [handler for _, handler in handlers])
            for name, section in sections.items()
        }
        self.handlers = handlers
        self._set_prices(document)
        return LoadedRoutes(routers, default)

    def _router(
        self,
        section: RouteSection,
        parsed: YamlText,
        name: str,
        handlers: list[BaseCallbackHandler],
    ) -> ScoutChatModel:
        path: tuple[str | int, ...] = ("routes", name) if name else ()
        options = {**section.options, **self.options}
        if handlers:
            options["callbacks"] = [*(options.get("callbacks") or []), *handlers]
        entries = [_entry(model) for model in section.models]
        for index, entry in enumerate(entries):
            _check_entry(entry, parsed, (*path, "models", index))
        try:
            return self.model_class(models=entries, strategy=section.strategy, **options)
        except (ScoutError, ValueError) as error:
            raise parsed.error((*path, "options"), _reason(error)) from None

    def _handlers_of(self, document: RouteDocument) -> Handlers:
        """Return the handlers of the file's sections; unchanged sections keep theirs."""
        from scout_adapters.callbacks import ScoutAuditCallbackHandler, ScoutBudgetCallbackHandler

        kept = dict(self.handlers)
        made: list[tuple[str, BaseCallbackHandler]] = []
        for number, section in enumerate(document.budgets):
            text = f"{number} {section.model_dump_json()}"
            made.append((text, kept.get(text) or ScoutBudgetCallbackHandler(**dict(section))))
        if document.audit is not None:
            from scout_adapters.audit.process_log import get_audit

            text = document.audit.model_dump_json()
            log = get_audit(**dict(document.audit))
            made.append((text, kept.get(text) or ScoutAuditCallbackHandler(log)))
        return tuple(made)

    def _set_prices(self, document: RouteDocument) -> None:
        """Write the file's prices to `PRICING`, and remove those that it no longer has."""
        from scout_adapters.llm.pricing.price_list import PRICING

        places = {(provider, model) for provider, row in document.prices.items() for model in row}
        for provider, model in self.prices - places:
            PRICING.get(provider, {}).pop(model, None)
        for provider, model in places:
            PRICING.setdefault(provider, {})[model] = document.prices[provider][model]
        self.prices = places


def load_file(
    model_class: type[RouterT],
    path: str | PathLike[str],
    route: str | None,
    options: Mapping[str, Any],
) -> tuple[RouterT, RouteSource]:
    """Return the router of a file, and the file as a source of further versions of it."""
    source = RouteSource(Path(path), model_class, route, options)
    source.text = read_text(source.path)
    loaded = source.load(source.text)
    model: Any = loaded.routers[loaded.default].model_copy()
    model._adopt(loaded)  # noqa: SLF001  # same package
    return model, source


def _entry(model: str | RouteEntry) -> dict[str, Any]:
    """Return an entry of a file as one of `models=[...]`."""
    if isinstance(model, str):
        return {"model": model}
    entry = model.model_dump(exclude_none=True)
    if (requests := entry.pop("requests_per_minute", None)) is not None:
        entry["rate_limiter"] = _limiter(requests / 60)
    return entry


def _limiter(per_second: float) -> BaseRateLimiter:
    from langchain_core.rate_limiters import InMemoryRateLimiter

    return InMemoryRateLimiter(
        requests_per_second=per_second, check_every_n_seconds=min(0.1, 1 / per_second)
    )


def _check_entry(entry: Mapping[str, Any], parsed: YamlText, path: YamlPath) -> None:
    """Check an entry by itself, so that an error has its line; warn of keys in the file."""
    for name in ("api_key", "api_keys"):
        for key in _keys_in(entry.get(name)):
            if not is_reference(key):
                logger.warning(
                    "%s, line %d: a key stands in the file: write env:NAME or file:/path instead",
                    *(parsed.source, parsed.line((*path, name))),
                )
    try:
        check_entries([entry])
    except (ScoutError, ValueError) as error:
        raise parsed.error(path, _reason(error)) from None


def _keys_in(keys: Any) -> Iterator[str]:
    """Yield the keys of an entry, in all their forms."""
    if isinstance(keys, str):
        yield from keys.split(",")
    elif isinstance(keys, Mapping):
        yield from _keys_in(keys.get("api_key"))
    elif isinstance(keys, list):
        for key in keys:
            yield from _keys_in(key)


def _reason(error: Exception) -> str:
    """Return what is wrong, in one line; pydantic's errors without values."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return one_line(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", MAX_MESSAGE)
    return one_line(str(error), MAX_MESSAGE)
