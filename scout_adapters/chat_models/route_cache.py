"""A model's route, built once and reused until a field that it was built from changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from scout_adapters.llm.router.route import Route


class RouteCache:
    """Holds one route with the field values it was built from.

    Shallow copies of a model share the cache; deep copies and pickles start with an empty one,
    because a route belongs to its process (keys, connections).
    """

    def __init__(self) -> None:
        # One tuple, replaced as a whole: a thread never reads the route of one model beside the
        # field values of another.
        self._entry: tuple[tuple[Any, ...], Route] | None = None

    def __deepcopy__(self, memo: Any) -> RouteCache:
        return RouteCache()

    def route_of(self, parts: tuple[Any, ...], build: Callable[[], Route]) -> Route:
        """Return the cached route; build a new one if `parts`, the field values, have changed.

        A route without working keys is built again each time, so that a key which is set or
        corrected later in the environment is used.
        """
        entry = self._entry
        if entry is None or entry[0] != parts or not entry[1].has_keys:
            entry = self._entry = parts, build()
        return entry[1]

    @staticmethod
    def of(model: BaseModel) -> RouteCache:
        """Return the private attribute `_routes` of a model.

        Every call needs it, and pydantic's own look-up takes ten times as long.
        """
        routes: RouteCache = (model.__pydantic_private__ or {})["_routes"]
        return routes

    def __reduce__(self) -> tuple[type[RouteCache], tuple[()]]:
        return RouteCache, ()
