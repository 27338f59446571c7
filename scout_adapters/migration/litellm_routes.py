"""LiteLLM's groups of deployments as routes: fallbacks follow a group's own entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scout_adapters.errors import ConfigurationError
from scout_adapters.migration.litellm_entries import ConvertedEntry, convert
from scout_adapters.migration.litellm_settings import (
    budgets_of,
    options_of,
    settings_of,
    strategy_of,
    window_of,
)
from scout_adapters.migration.litellm_source import LiteLLMConfig, list_of, mapping_of
from scout_adapters.migration.notes import Note, Notes

FALLBACKS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")
FALLBACK_FAILURES = {
    "context_window_fallbacks": "a context overflow",
    "content_policy_fallbacks": "a refusal of the content",
}
"""Settings of fallbacks that LiteLLM uses after one kind of failure."""

MAX_FALLBACKS = 5
"""LiteLLM's default of `max_fallbacks`."""

FROZEN = "the route has the value of this variable on this machine; secrets are left out"

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Migration:
    """A configuration as the content of a route file, and what has no equal."""

    document: dict[str, Any]
    """The sections of a route file; see `RouteDocument`."""

    notes: tuple[Note, ...]

    frozen: tuple[Note, ...] = ()
    """Variables whose present values are in the document."""


def migrate_litellm(config: LiteLLMConfig) -> Migration:
    """Return a configuration as routes, one for each group.

    Raises: `ConfigurationError` for a fallback to a group that does not exist.
    """
    notes = Notes()
    settings = settings_of(config, notes)
    groups = _Groups(config, settings, notes)
    rest = {
        "strategy": strategy_of(settings, config, notes),
        "options": options_of(settings, config),
    }
    routes = {name: {"models": groups.entries_of(name), **rest} for name in groups.names()}
    document: dict[str, Any] = {"routes": routes}
    if groups.prices:
        document["prices"] = groups.prices
    if budgets := [*budgets_of(settings, config, notes), *groups.budgets()]:
        document["budgets"] = budgets
    config.check_variables()
    frozen = tuple(Note(name, FROZEN, place) for name, place in config.frozen.items())
    return Migration(document, tuple(notes), frozen)


class _Groups:
    """The groups of a configuration, with the entries of their deployments."""

    def __init__(self, config: LiteLLMConfig, settings: Mapping[str, Any], notes: Notes) -> None:
        self._config, self._settings, self._notes = config, settings, notes
        self._own: dict[str, list[ConvertedEntry]] = {}
        self.prices: dict[str, dict[str, dict[str, float]]] = {}
        self._left_out: set[str] = set()
        for deployment in config.deployments:
            converted = convert(deployment, config, notes)
            if converted is None:
                self._left_out.add(deployment.group)
                continue
            self._own.setdefault(deployment.group, []).append(converted)
            self._add_prices(converted)
        if not self._own:
            raise ConfigurationError("no deployment of `model_list` is left for chats")
        self._fallbacks = [self._lists_of(name) for name in FALLBACKS]
        self._note_fallbacks()

    def names(self) -> list[str]:
        """Return the names of groups and aliases, and those within a pattern with fallbacks."""
        named = [name for lists in self._fallbacks for name in lists if self._members(name)]
        return list(dict.fromkeys([*self._own, *self._aliases(), *named]))

    def entries_of(self, name: str) -> list[Entry]:
        """Return the entries of a group, then those of its fallbacks."""
        group = self._aliases().get(name, name)
        entries: list[Entry] = []
        for index, member in enumerate(self._chain(group)):
            first = 1 + max((entry.get("order", 1) for entry in entries), default=0)
            for entry in _pooled(self._weighted(member)):
                own = entry.get("order", 1)
                entries.append({**entry, "order": own + first - 1} if index else entry)
        return entries

    def budgets(self) -> Iterator[Entry]:
        """Yield the budgets of single deployments."""
        for converted in (item for group in self._own.values() for item in group):
            if converted.budget is None:
                continue
            amount, duration = converted.budget
            model = converted.entry["model"]
            if (window := window_of(duration)) is None:
                self._notes.add(
                    "litellm_params.budget_duration",
                    f"{duration!r} is neither a day nor a month: the budget of {model} is left out",
                )
                continue
            limits = {model: str(amount)}
            yield {"limit_usd": limits, "per": window, "scope": "model", "on_exceeded": "cheaper"}

    def _chain(self, group: str) -> list[str]:
        """Return a group and the groups to which it falls back, each once."""
        most = self._settings.get("max_fallbacks")
        limit = MAX_FALLBACKS if most is None else self._config.number(most, "max_fallbacks")
        chain, queue = [group], self._next(group)
        while queue and len(chain) <= limit:
            name = queue.pop(0)
            if name not in chain:
                chain.append(name)
                queue += self._next(name)
        return chain

    def _next(self, group: str) -> list[str]:
        """Return the groups to which a group falls back."""
        found = [name for lists in self._fallbacks for name in lists.get(group, lists.get("*", []))]
        if not found:
            defaults = list_of(self._settings.get("default_fallbacks"), "default_fallbacks")
            found = [_group_name(name) for name in defaults]
        names = [self._aliases().get(name, name) for name in dict.fromkeys(found)]
        for name in names:
            if not self._members(name) and name not in self._left_out:
                raise ConfigurationError(
                    f"the fallback {name!r} of {group!r} is no group; there are "
                    f"{', '.join(self._own)}"
                )
        return [name for name in names if name != group and self._members(name)]

    def _members(self, name: str) -> list[ConvertedEntry]:
        """Return the deployments of a group, of an id, or of a pattern that matches the name."""
        if name in self._own:
            return self._own[name]
        with_id = [
            item for group in self._own.values() for item in group if item.deployment_id == name
        ]
        if with_id:
            return with_id[:1]
        for pattern in sorted((group for group in self._own if "*" in group), key=len)[::-1]:
            before, _, after = pattern.partition("*")
            matched = name.removeprefix(before).removesuffix(after)
            if name == f"{before}{matched}{after}" and matched:
                return [_matched(item, matched) for item in self._own[pattern]]
        return []

    def _lists_of(self, setting: str) -> dict[str, list[str]]:
        lists: dict[str, list[str]] = {}
        for item in list_of(self._settings.get(setting), setting):
            for group, names in mapping_of(item, f"an item of {setting}").items():
                lists[group] = [_group_name(name) for name in list_of(names, setting)]
        return lists

    def _note_fallbacks(self) -> None:
        names = {name for lists in self._fallbacks for name in lists}
        for name in names - self._left_out - self._aliases().keys() - {"*"}:
            if not self._members(name):
                place = self._config.place_of("fallbacks")
                self._notes.add("fallbacks", f"{name} has fallbacks, and is no group", place)
        for setting, failure in FALLBACK_FAILURES.items():
            if self._settings.get(setting):
                message = f"these groups are also tried after other failures than {failure}"
                self._notes.add(setting, message, self._config.place_of(setting))

    def _aliases(self) -> dict[str, str]:
        aliases = mapping_of(self._settings.get("model_group_alias"), "model_group_alias")
        return {alias: _group_name(group) for alias, group in aliases.items()}

    def _weighted(self, group: str) -> Iterator[Entry]:
        """Yield the entries of a group with their weights, as `simple-shuffle` finds them.

        They are `weight`, else `rpm`, else `tpm`: the first that any deployment has.
        """
        members = self._members(group)
        for weights in (
            [member.entry.get("weight", 0.0) for member in members],
            [member.rpm for member in members],
            [member.tpm for member in members],
        ):
            if any(weight > 0 for weight in weights):
                for member, weight in zip(members, weights, strict=True):
                    yield {**member.entry, "weight": weight}
                return
        yield from (dict(member.entry) for member in members)

    def _add_prices(self, converted: ConvertedEntry) -> None:
        if converted.prices:
            provider, _, model = converted.entry["model"].partition("/")
            row = self.prices.setdefault(provider, {})
            if row.setdefault(model, converted.prices) != converted.prices:
                self._notes.add(
                    "input_cost_per_token",
                    f"{provider}/{model} has two prices: the last one applies to all",
                )
            row[model] = converted.prices
            if missing := {"input", "output"} - converted.prices.keys():
                message = f"{provider}/{model} has no price for {', '.join(sorted(missing))}: "
                message += "its calls cost None until PRICING has both"
                self._notes.add("output_cost_per_token", message)


def _group_name(value: Any) -> str:
    """Return the name of a group, which may stand in a mapping with further settings."""
    return str(value.get("model") if isinstance(value, Mapping) else value)


def _matched(item: ConvertedEntry, matched: str) -> ConvertedEntry:
    """Return a deployment of a pattern with the text that stands for `*`."""
    model = item.entry["model"].replace("*", matched)
    return replace(item, entry={**item.entry, "model": model})


def _pooled(entries: Iterator[Entry]) -> list[Entry]:
    """Return the entries; those that differ only in their key and weight become one with a pool."""
    pools: list[tuple[Entry, Entry]] = []
    for entry in entries:
        rest = {name: value for name, value in entry.items() if name not in {"api_keys", "weight"}}
        pool = next(
            (pool for known, pool in pools if known == rest and _has_keys(pool, entry)), None
        )
        if pool is None:
            pools.append((rest, dict(entry)))
            continue
        pool["api_keys"] = list(dict.fromkeys([*pool["api_keys"], *entry["api_keys"]]))
        pool["weight"] = pool.get("weight", 1.0) + entry.get("weight", 1.0)
    return [pool for _, pool in pools]


def _has_keys(pool: Entry, entry: Entry) -> bool:
    return bool(pool.get("api_keys")) and bool(entry.get("api_keys"))
