"""What a configuration of another library has that is not mapped, and what it would have done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Note:
    """A setting that has no equal here."""

    setting: str
    """Where it stands, such as `router_settings.cooldown_time`."""

    message: str
    """What it would have done, or what happens instead."""

    place: str = ""
    """File and line; empty for a dict."""

    groups: tuple[str, ...] = ()
    """The `model_name` of each deployment that has it; empty for a setting of the router."""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        of = f" of {', '.join(self.groups)}" if self.groups else ""
        return f"{where}{self.setting}{of}: {self.message}"


@dataclass(slots=True)
class Notes:
    """Collects notes; the same setting of several models is noted once."""

    _notes: dict[tuple[str, str], Note] = field(default_factory=dict)

    def add(self, setting: str, message: str, place: str = "", group: str = "") -> None:
        """Add a note; `group` is the `model_name` of its deployment."""
        note = self._notes.setdefault((setting, message), Note(setting, message, place))
        if group and group not in note.groups:
            self._notes[setting, message] = replace(note, groups=(*note.groups, group))

    def __iter__(self) -> Iterator[Note]:
        return iter(self._notes.values())
