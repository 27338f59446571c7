"""Read a LiteLLM configuration: a dict, or a file with the files that it includes.

https://docs.litellm.ai/docs/proxy/config_settings
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scout_adapters.errors import ConfigurationError
from scout_adapters.route_files.route_text import read_text
from scout_adapters.route_files.yaml_text import YamlText, parse_yaml

VARIABLE = "os.environ/"
"""LiteLLM's notation for the value of an environment variable."""


Places = dict[tuple[str, str], str]
"""File and line of settings, by section and name."""


UNSET = "1"
"""Stands for a variable that is not set until all are known: a text that is a number, too."""


@dataclass(slots=True)
class Deployment:
    """An item of `model_list`."""

    group: str
    """Its `model_name`: deployments of one name are a group."""

    params: dict[str, Any]
    """Its `litellm_params`, with those of its credential and the defaults of the router."""

    info: dict[str, Any]
    """Its `model_info`."""

    place: str = ""
    """File and line."""

    places: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """File and line of each setting, by section and name."""

    def place_of(self, section: str, name: str) -> str:
        """Return file and line of a setting; of the deployment for one that stands elsewhere."""
        return self.places.get((section, name), self.place)


@dataclass(slots=True)
class LiteLLMConfig:
    """A configuration with the contents of all its files."""

    sections: dict[str, Any]
    """All sections but `model_list`, `credential_list` and `environment_variables`."""

    deployments: list[Deployment]
    places: dict[tuple[str, ...], str] = field(default_factory=dict)
    """File and line of each setting of a section."""

    variables: dict[str, str] = field(default_factory=dict)
    """`environment_variables` of the file: used where the environment has none of a name."""

    missing: dict[str, str] = field(default_factory=dict)
    """Variables that a value refers to and that are not set, with file and line."""

    frozen: dict[str, str] = field(default_factory=dict)
    """Variables whose present values are part of the routes, with file and line."""

    def place_of(self, setting: str) -> str:
        """Return file and line of a setting of the router; empty for a dict."""
        of_router = self.places.get(("router_settings", setting))
        return of_router or self.places.get(("litellm_settings", setting), "")

    def value(self, value: Any, place: str = "") -> Any:
        """Return a value; that of the variable for `os.environ/NAME`.

        A variable that is not set is noted: `check_variables` names all of them at the end.
        """
        if not (isinstance(value, str) and value.startswith(VARIABLE)):
            return value
        name = value.removeprefix(VARIABLE)
        found = os.environ.get(name) or self.variables.get(name)
        (self.frozen if found else self.missing).setdefault(name, place)
        return found or UNSET

    def reference(self, value: Any, place: str = "") -> Any:
        """Return a value as `value` does, but `env:NAME` for a variable of the environment."""
        if isinstance(value, str) and os.environ.get(name := value.removeprefix(VARIABLE)):
            return f"env:{name}" if value != name else value
        return self.value(value, place)

    def check_variables(self) -> None:
        """Raise `ConfigurationError` if values refer to variables that are not set; names all."""
        if self.missing:
            names = (f"{name} ({at})" if at else name for name, at in self.missing.items())
            first = VARIABLE + next(iter(self.missing))
            raise ConfigurationError(
                f"set {', '.join(names)}: the configuration refers to {first}"
                f"{' and others' if len(self.missing) > 1 else ''}"
            )

    def number(self, value: Any, name: str, place: str = "") -> float:
        """Return a number, also one that a variable has.

        Raises: `ConfigurationError` for any other value.
        """
        found = self.value(value, place)
        try:
            number = float(found)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number):
            raise ConfigurationError(f"{place}{': ' if place else ''}{name} must be a number")
        return number

    def key(self, value: Any) -> Any:
        """Return a key, by reference where it is one: the environment is read at each use."""
        if isinstance(value, str) and value.startswith(VARIABLE):
            name = value.removeprefix(VARIABLE)
            if not os.environ.get(name) and name in self.variables:
                return self.variables[name]
            return f"env:{name}"
        return value


def read_litellm(config: str | os.PathLike[str] | Mapping[str, Any]) -> LiteLLMConfig:
    """Read a configuration.

    Raises: `ConfigurationError` for a file that cannot be read, has a tag or includes a file
    outside its folder, and for sections of another form.
    """
    if isinstance(config, Mapping):
        return _Reader({}).config(dict(config), None)
    path = Path(config)
    reader = _Reader({})
    parsed = _parse(path, path)
    merged = reader.with_includes(parsed, path, (path.resolve(),))
    return reader.config(merged, parsed)


def _parse(path: Path, shown: Path) -> YamlText:
    parsed = parse_yaml(read_text(path), str(shown))
    if not isinstance(parsed.value, dict):
        raise parsed.error((), "a LiteLLM configuration is a mapping with `model_list`")
    return parsed


@dataclass(slots=True)
class _Reader:
    """Merges the files of a configuration, and notes where each setting stands."""

    places: dict[tuple[str, ...], str]
    items: list[tuple[Any, str, Places]] = field(default_factory=list)
    """The items of `model_list` with their places, and those of their settings."""

    def with_includes(
        self, parsed: YamlText, path: Path, open_files: tuple[Path, ...]
    ) -> dict[str, Any]:
        """Return the sections of a file and of those that it includes; lists are joined."""
        merged = dict(parsed.value)
        self._note_places(parsed)
        includes = list_of(merged.pop("include", None), "include")
        for index, name in enumerate(includes):
            included = (path.parent / str(name)).resolve()
            if not included.is_relative_to(open_files[0].parent):
                raise parsed.error(("include", index), f"{name!r} is outside its folder")
            if included in open_files:
                raise parsed.error(("include", index), f"{name!r} includes itself")
            inner = self.with_includes(
                _parse(included, path.parent / str(name)), included, (*open_files, included)
            )
            for section, value in inner.items():
                both_lists = isinstance(value, list) and isinstance(merged.get(section), list)
                merged[section] = [*merged[section], *value] if both_lists else value
        return merged

    def _note_places(self, parsed: YamlText) -> None:
        for path, line in parsed.lines.items():
            place = f"{parsed.source}, line {line}"
            if len(path) == 2 and path[0] == "model_list":  # noqa: PLR2004  # section and index
                value = parsed.value["model_list"][path[1]]
                self.items.append((value, place, {}))
            elif len(path) == 4 and path[0] == "model_list":  # noqa: PLR2004  # of a deployment
                self.items[-1][2][str(path[2]), str(path[3])] = place
            elif 1 <= len(path) <= 2:  # noqa: PLR2004  # section, setting
                self.places[tuple(map(str, path))] = place

    def config(self, sections: dict[str, Any], parsed: YamlText | None) -> LiteLLMConfig:
        """Return the configuration of merged sections."""
        variables = mapping_of(sections.pop("environment_variables", None), "environment_variables")
        credentials = _credentials(sections.pop("credential_list", None))
        router = mapping_of(sections.get("router_settings"), "router_settings")
        defaults = mapping_of(router.get("default_litellm_params"), "default_litellm_params")
        own = mapping_of(sections.get("litellm_settings"), "litellm_settings")
        if (at_once := {**own, **router}.get("default_max_parallel_requests")) is not None:
            defaults.setdefault("max_parallel_requests", at_once)
        sections.pop("include", None)
        models = sections.pop("model_list", None)
        if not isinstance(models, list) or not models:
            raise ConfigurationError(
                f"{parsed.source if parsed else 'the configuration'} has no `model_list`"
            )
        items = {id(value): (place, of_settings) for value, place, of_settings in self.items}
        deployments = [
            replace(deployment, places=items.get(id(item), ("", {}))[1])
            for item in models
            for deployment in _deployments(
                item, credentials, defaults, items.get(id(item), ("", {}))[0]
            )
        ]
        texts = {name: str(value) for name, value in variables.items()}
        return LiteLLMConfig(sections, deployments, self.places, texts)


def _deployments(
    item: Any, credentials: Mapping[str, Any], defaults: Mapping[str, Any], place: str
) -> Iterator[Deployment]:
    """Yield the deployments of an item: one for each of several organizations of OpenAI."""
    deployment = _deployment(item, credentials, defaults, place)
    organizations = deployment.params.get("organization")
    if not isinstance(organizations, list):
        yield deployment
        return
    for organization in organizations:
        params = {**deployment.params, "organization": organization}
        yield Deployment(deployment.group, params, deployment.info, place)


def _deployment(
    item: Any, credentials: Mapping[str, Any], defaults: Mapping[str, Any], place: str
) -> Deployment:
    where = f"{place}: " if place else ""
    if not isinstance(item, Mapping) or not isinstance(item.get("model_name"), str):
        raise ConfigurationError(f"{where}an item of model_list has no `model_name`")
    params = mapping_of(item.get("litellm_params"), "litellm_params", place)
    if not isinstance(params.get("model"), str):
        raise ConfigurationError(f"{where}{item['model_name']!r} has no `litellm_params.model`")
    if credential := params.pop("litellm_credential_name", None):
        if not isinstance(credential, str) or credential not in credentials:
            raise ConfigurationError(f"{where}credential_list has no {credential!r}")
        params = {**credentials[credential], **params}
    for limit in ("rpm", "tpm"):  # LiteLLM copies them from the item
        if limit in item:
            params.setdefault(limit, item[limit])
    info = mapping_of(item.get("model_info"), "model_info", place)
    return Deployment(item["model_name"], {**defaults, **params}, info, place)


def _credentials(items: Any) -> dict[str, dict[str, Any]]:
    name = "credential_list"
    named = [mapping_of(item, f"an item of {name}") for item in list_of(items, name)]
    return {
        str(item.get("credential_name")): mapping_of(item.get("credential_values"), name)
        for item in named
    }


def mapping_of(value: Any, name: str, place: str = "") -> dict[str, Any]:
    """Return a mapping; empty for None.

    Raises: `ConfigurationError` for any other value.
    """
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{place}{': ' if place else ''}{name} must be a mapping")
    return {str(key): item for key, item in value.items()}


def list_of(value: Any, name: str) -> list[Any]:
    """Return a list; empty for None.

    Raises: `ConfigurationError` for any other value.
    """
    if value is None:
        return []
    if not isinstance(value, list):
        raise ConfigurationError(f"{name} must be a list")
    return value
