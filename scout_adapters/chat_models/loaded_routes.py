"""The routes of one version of a route file, each as a router that is created once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, cast

from scout_adapters._internal.bounded_dict import BoundedDict
from scout_adapters.errors import ConfigurationError

if TYPE_CHECKING:
    from langchain_core.callbacks import BaseCallbackHandler

    from scout_adapters.chat_models.base import ScoutChatModel

MAX_MATCHED = 100
"""Number of routers kept for names that match a pattern; callers may use any number of names."""


class LoadedRoutes:
    """The routes of one version of a file; replaced as a whole.

    A name with `*` is a pattern: a call with `model="openai/gpt-4o"` takes the route `openai/*`,
    in whose entries `*` stands for the same text.
    """

    def __init__(
        self,
        routers: Mapping[str, ScoutChatModel],
        patterns: Mapping[str, Callable[[str], ScoutChatModel]],
        default: str,
        handlers: Sequence[BaseCallbackHandler] = (),
    ) -> None:
        """`patterns`: by name with `*`, a function from the text for `*` to a router.

        `default`: name of the default route. `handlers` are added to those of each router.
        """
        self._handlers = handlers
        self.routers = {name: self._with_handlers(router) for name, router in routers.items()}
        self._default = default
        self._pattern_names = tuple(patterns)
        self._patterns = [(_regex(name), patterns[name]) for name in sorted(patterns, key=_rank)]
        self._matched: BoundedDict[str, ScoutChatModel] = BoundedDict(MAX_MATCHED)

    @property
    def default(self) -> ScoutChatModel:
        """The router for calls that do not name a route."""
        return cast("ScoutChatModel", self.named(self._default))

    def named(self, name: Any) -> ScoutChatModel | None:
        """Return the router of a route's name, or of the first pattern that matches; else None."""
        if not isinstance(name, str):
            return None
        if name in self.routers:
            return self.routers[name]
        if not self._patterns:
            return None
        return self._matched.get(name) or self._match(name)

    def check_model(self, name: Any) -> None:
        """Raise `ConfigurationError` for a bare name that is no route: it may be misspelt.

        A name with its provider is a model, and so is one of the usual route's own. Where the only
        route is called like its model, all names are those of models.
        """
        if not isinstance(name, str) or "" in self.routers or _names_provider(name):
            return
        usual = getattr(self.default, "candidates", ())
        models = {*usual, *(model.partition("/")[2] for model in usual)}
        if name in models or (len(self.routers) == 1 and self._default in models):
            return
        routes = [*self.routers, *self._pattern_names]
        close = get_close_matches(name, routes, n=1)
        nearest = f"; did you mean {close[0]!r}?" if close else ""
        raise ConfigurationError(
            f"model={name!r:.200} is none of the routes {', '.join(routes)}{nearest} "
            '(a model outside of them is written "provider/model")'
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the routers, which leave their secrets out; patterns hold the text of the file."""
        return LoadedRoutes, (self.routers, {}, self._default)

    def __deepcopy__(self, memo: Any) -> LoadedRoutes:
        """Return this object: the routes do not change, so that copies share them."""
        return self

    def _match(self, name: str) -> ScoutChatModel | None:
        for pattern, make in self._patterns:
            if match := pattern.fullmatch(name):
                router = self._with_handlers(make(match[1]))
                if name == self._default:
                    self.routers[name] = router
                else:
                    self._matched.put(name, router)
                return router
        return None

    def _with_handlers(self, router: ScoutChatModel) -> ScoutChatModel:
        if self._handlers:
            own = cast("list[BaseCallbackHandler] | None", router.callbacks)
            router.callbacks = [*(own or []), *self._handlers]
        return router


def _names_provider(model: str) -> bool:
    from scout_adapters.llm.router.functions import named_provider

    return "/" in model or named_provider(model) is not None


def _rank(pattern: str) -> tuple[int, str]:
    """Return the sort key of a pattern: longer ones, which are more specific, come first."""
    return -len(pattern), pattern


def _regex(pattern: str) -> re.Pattern[str]:
    before, _, after = pattern.partition("*")
    return re.compile(f"{re.escape(before)}([^*]+){re.escape(after)}", re.DOTALL)
