"""Create routers from the sections of a route file, with its handlers and prices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from scout_adapters._internal.logs import logger_of
from scout_adapters.chat_models.entry_variables import with_variables
from scout_adapters.chat_models.loaded_routes import LoadedRoutes
from scout_adapters.chat_models.router_entries import check_entries
from scout_adapters.errors import ConfigurationError, ScoutError
from scout_adapters.errors.error_response import one_line
from scout_adapters.llm.health.key_texts import is_reference
from scout_adapters.route_files.route_text import MAX_MESSAGE

if TYPE_CHECKING:
    from langchain_core.callbacks import BaseCallbackHandler
    from langchain_core.rate_limiters import BaseRateLimiter

    from scout_adapters.chat_models.base import ScoutChatModel
    from scout_adapters.route_files.document import (
        BudgetSection,
        RouteDocument,
        RouteEntry,
        RouteSection,
    )
    from scout_adapters.route_files.yaml_text import Path as YamlPath
    from scout_adapters.route_files.yaml_text import YamlText

logger = logger_of(__name__)

Handlers = tuple[tuple[str, "BaseCallbackHandler"], ...]
"""Pairs of a section's text and the handler that was created from it."""


@dataclass(slots=True)
class RouteBuilder:
    """Creates the routers of a route file, and those of its later versions."""

    model_class: Callable[..., ScoutChatModel]
    """Router class, called with `models`, `strategy` and options."""

    route: str | None
    """The default route for calls without a route; None for the document's own default."""

    options: Mapping[str, Any]
    """Options that win over those of the document; `transport` is that of every entry."""

    handlers: Handlers = ()
    """Handlers of the last version; an unchanged section keeps its handler with its balance."""

    store: str | None = None
    """Address of the state store in the last version; None without one."""

    prices: set[tuple[str, str]] = field(default_factory=set)
    """Providers and models whose prices in `PRICING` come from the last version."""

    def build(self, document: RouteDocument, parsed: YamlText) -> LoadedRoutes:
        """Return the routers of a document; `parsed` has the line numbers for errors.

        Raises: `ConfigurationError` for a section that cannot be used, with its line.
        """
        sections, self.store = document.route_sections(), document.store
        routers = {
            name: self._router(parsed, name, section)
            for name, section in sections.items()
            if "*" not in name
        }
        patterns = {
            name: partial(self._router, parsed, name, section)
            for name, section in sections.items()
            if "*" in name
        }
        default = document.default_route() if self.route is None else self.route
        # Handlers change the process's log, and keep balances: only a file without errors does.
        handlers = self._handlers_of(document, parsed)
        loaded = LoadedRoutes(routers, patterns, default, [handler for _, handler in handlers])
        if loaded.named(default) is None:
            raise ConfigurationError(
                f"{parsed.source} has no route {default!r} to begin with; it has "
                f"{', '.join(sections)}"
            )
        self.handlers = handlers
        self._set_prices(document)
        return loaded

    def _router(
        self, parsed: YamlText, name: str, section: RouteSection, matched: str = "*"
    ) -> ScoutChatModel:
        """Return the router of a route; `matched` replaces `*` in the names of its models."""
        path: YamlPath = ("routes", name) if name else ()
        entries = [
            with_variables(_entry(model, matched), parsed, (*path, "models", index))
            for index, model in enumerate(section.models)
        ]
        for index, entry in enumerate(entries):
            _check_entry(entry, parsed, (*path, "models", index))
        _add_transport(entries, self.options.get("transport"))
        own = {key: value for key, value in self.options.items() if key != "transport"}
        try:
            return self._made(entries, section, own)
        except (ScoutError, ValueError, TypeError) as error:
            if own and self._is_right(entries, section):
                raise ConfigurationError(_reason(error)) from None
            raise parsed.error((*path, "options"), _reason(error)) from None

    def _made(
        self, entries: list[dict[str, Any]], section: RouteSection, own: Mapping[str, Any]
    ) -> ScoutChatModel:
        options = {**section.options, **own}
        if self.store is not None:
            options.setdefault("state_store", self.store)
        if isinstance(options.get("timeout"), Mapping):
            options["timeout"] = _timeouts(options["timeout"])
        return self.model_class(models=entries, strategy=section.strategy, **options)

    def _is_right(self, entries: list[dict[str, Any]], section: RouteSection) -> bool:
        """Return whether only the caller's options are wrong, and not a line of the document."""
        try:
            self._made(entries, section, {})
        except (ScoutError, ValueError, TypeError):
            return False
        return True

    def _handlers_of(self, document: RouteDocument, parsed: YamlText) -> Handlers:
        """Return the handlers of the document's sections; unchanged sections keep theirs."""
        from scout_adapters.callbacks import ScoutAuditCallbackHandler, ScoutBudgetCallbackHandler

        kept = dict(self.handlers)
        made: list[tuple[str, BaseCallbackHandler]] = []
        for number, section in enumerate(document.budgets):
            text = f"{number} {section.model_dump_json()} {document.store}"
            try:
                options = _budget_options(section, document.store)
                handler = kept.get(text) or ScoutBudgetCallbackHandler(**options)
            except ScoutError as error:
                raise parsed.error(("budgets", number), _reason(error)) from None
            made.append((text, handler))
        if document.audit is not None:
            from scout_adapters.audit.process_log import get_audit

            text = document.audit.model_dump_json()
            log = get_audit(**dict(document.audit))
            made.append((text, kept.get(text) or ScoutAuditCallbackHandler(log)))
        return tuple(made)

    def _set_prices(self, document: RouteDocument) -> None:
        """Write the document's prices to `PRICING`, and remove those that it no longer has."""
        from scout_adapters.llm.pricing.price_list import PRICING

        places = {(provider, model) for provider, row in document.prices.items() for model in row}
        for provider, model in self.prices - places:
            PRICING.get(provider, {}).pop(model, None)
        for provider, model in places:
            PRICING.setdefault(provider, {})[model] = document.prices[provider][model]
        self.prices = places


def _budget_options(section: BudgetSection, store: str | None) -> dict[str, Any]:
    """Return a budget's options; without its own `path` or `store`, `store` is added."""
    options = dict(section)
    if section.path is None and section.store is None and section.per not in {"call", "run"}:
        options["store"] = store
    return options


def _entry(model: str | RouteEntry, matched: str) -> dict[str, Any]:
    """Return an entry of a document as one of `models=[...]`."""
    entry: dict[str, Any] = {"model": model}
    if not isinstance(model, str):
        entry = model.model_dump(exclude_none=True)
    entry["model"] = entry["model"].replace("*", matched)
    if (requests := entry.pop("requests_per_minute", None)) is not None:
        entry["rate_limiter"] = _limiter(requests / 60)
    if isinstance(entry.get("timeout"), Mapping):
        entry["timeout"] = _timeouts(entry["timeout"])
    return entry


def _add_transport(entries: list[dict[str, Any]], transport: Any) -> None:
    """Set the transport of every entry, such as that of an emulator.

    Raises: `ConfigurationError` for an entry of another package, whose requests it cannot carry.
    """
    for entry in entries if transport is not None else ():
        if entry["model"].startswith("langchain:"):
            raise ConfigurationError(
                f"transport= cannot carry the requests of {entry['model']}: in tests use the "
                "fixture scout_emulator, or emulator.serve() with base_url in the entry"
            )
        entry["transport"] = transport


def _timeouts(limits: Mapping[str, Any]) -> Any:
    from scout_adapters.llm.timeouts import Timeouts

    return Timeouts(**limits)


def _limiter(per_second: float) -> BaseRateLimiter:
    from langchain_core.rate_limiters import InMemoryRateLimiter

    return InMemoryRateLimiter(
        requests_per_second=per_second, check_every_n_seconds=min(0.1, 1 / per_second)
    )


def _check_entry(entry: Mapping[str, Any], parsed: YamlText, path: YamlPath) -> None:
    """Check an entry by itself, so that an error has its line; warn of keys in the file."""
    for name in ("api_key", "api_keys"):
        for key in keys_in(entry.get(name)):
            if parsed.lines and not is_reference(key):
                logger.warning(
                    "%s, line %d: a key stands in the file: write env:NAME or file:/path instead",
                    *(parsed.source, parsed.line((*path, name))),
                )
    try:
        check_entries([entry])
    except (ScoutError, ValueError) as error:
        raise parsed.error(path, _reason(error)) from None


def keys_in(keys: Any) -> Iterator[str]:
    """Yield the API keys of an entry, from a text, a dict or a list."""
    if isinstance(keys, str):
        yield from keys.split(",")
    elif isinstance(keys, Mapping):
        yield from keys_in(keys.get("api_key"))
    elif isinstance(keys, list):
        for key in keys:
            yield from keys_in(key)


def _reason(error: Exception) -> str:
    """Return an error's message in one line, for pydantic's errors without the wrong values."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return one_line(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", MAX_MESSAGE)
    return one_line(str(error), MAX_MESSAGE)
