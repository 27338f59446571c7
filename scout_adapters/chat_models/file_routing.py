"""Routers made of route files: one route or several by name, and files that change while in use."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

if TYPE_CHECKING:
    from scout_adapters._internal.json_values import Json
    from scout_adapters.chat_models.base import ScoutChatModel
    from scout_adapters.chat_models.loaded_routes import LoadedRoutes
else:
    ScoutChatModel = object  # a mixin: a pydantic class takes 2.5 ms to import and 45 kB


class FileRouting(ScoutChatModel):
    """Adds to the router: creation from files, and routes that change while it is in use."""

    if TYPE_CHECKING:  # a private attribute of the router
        _loaded: LoadedRoutes | None

    @classmethod
    def from_file(
        cls,
        path: str | PathLike[str],
        *,
        route: str | None = None,
        watch: bool | float = False,
        **options: Any,
    ) -> Self:
        """Return the router of a route file, in YAML or JSON; `docs/route-files.md` has its form.

            model = ScoutRouterChatModel.from_file("route.yaml", watch=True)

        A file with several routes gives the one named `route`, else its default one; a call takes
        another by `model="name"`. `options` are those of the class and win over the file's;
        `transport=` is that of every entry, such as `emulator.transport()`.

        With `watch`, a changed file is taken over between calls: it is checked each second,
        or each `watch` seconds, and read when two checks found it the same. Calls in flight
        end on the old routes. A file with an error is not taken over; a warning is logged, and the
        old routes stay. A copy of the model does not follow the file.

        Raises: `ConfigurationError` for what is wrong in the file, with its line.
        """
        from scout_adapters.chat_models.route_loading import load_file

        model, source = load_file(cls, path, route, options)
        if watch:
            from scout_adapters.chat_models.route_watch import watch_file

            watch_file(model, source, 1.0 if watch is True else float(watch))
        return model

    @classmethod
    def from_litellm(
        cls,
        config: str | PathLike[str] | Mapping[str, Any],
        *,
        model: str | None = None,
        **options: Any,
    ) -> Self:
        """Return the router of a LiteLLM configuration: `config.yaml`, or a dict of its form.

            router = ScoutRouterChatModel.from_litellm("config.yaml", model="gpt-4o")

        Each `model_name` is a route; the router is that of `model`, by default the first one, and
        a call takes another by `model="name"`. `options` are those of the class and win over those
        of the configuration; `transport=` is that of every entry. Settings without an equal are
        logged once, with what they would have done: `scout-adapters migrate config.yaml` prints
        them.

        Raises: `ConfigurationError` for what cannot be used, `UnknownProvider`.
        """
        from scout_adapters.chat_models.route_loading import load_litellm

        return load_litellm(cls, config, model, options)

    @classmethod
    def from_chat_litellm(cls, model: Any, **options: Any) -> Self:
        """Return the router of a `ChatLiteLLM` or `ChatLiteLLMRouter`, or of a `litellm.Router`.

            router = ScoutRouterChatModel.from_chat_litellm(ChatLiteLLMRouter(router=my_router))

        Its deployments, keys and options are those of `model`; `options` win over them, and
        `transport=` is that of every entry. Settings without an equal are logged once.

        Raises: `ConfigurationError` for what cannot be used, `UnknownProvider`.
        """
        from scout_adapters.chat_models.route_loading import load_litellm
        from scout_adapters.migration.chat_litellm import config_of

        config, group, own = config_of(model)
        return load_litellm(cls, config, group, {**own, **options})

    @property
    def file_routes(self) -> dict[str, Self]:
        """By name: the routes of the file, each as a router; {} for a router without a file."""
        return dict(self._loaded.routers) if self._loaded else {}  # type: ignore[arg-type]  # of this class

    @override
    def _model_of(self, options: Json) -> ScoutChatModel:
        """Return the router of a call: another one if the call names a route of the file.

        The routes of a file are replaced in another thread: a call uses what this returns.

        Raises: `ConfigurationError` for a bare name that is no route.
        """
        private = self.__pydantic_private__
        loaded: LoadedRoutes | None = private["_loaded"] if private else None
        if loaded is None:
            return self
        if "model" in options:
            if (named := loaded.named(options["model"])) is not None:
                del options["model"]
                return named
            loaded.check_model(options["model"])
        default = loaded.default
        return default if self.__dict__ is default.__dict__ else self._fixed()

    def _fixed(self) -> ScoutChatModel:
        """Return a copy with the current fields, which later versions of the file do not change."""
        fixed = object.__new__(type(self))
        object.__setattr__(fixed, "__dict__", self.__dict__)
        object.__setattr__(fixed, "__pydantic_fields_set__", self.__pydantic_fields_set__)
        object.__setattr__(fixed, "__pydantic_extra__", None)
        object.__setattr__(fixed, "__pydantic_private__", self.__pydantic_private__)
        return fixed

    def _adopt(self, loaded: LoadedRoutes) -> None:
        """Replace the routes by those of a file, and the fields by those of its default route.

        This is one step: a call that has started keeps the old ones.
        """
        self._loaded = loaded
        fields = loaded.default.__dict__
        object.__setattr__(self, "__dict__", fields)
