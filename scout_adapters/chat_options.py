"""The options that every face takes, as LangChain's users write them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from pydantic import AliasChoices, ConfigDict, Field, PrivateAttr
from typing_extensions import override

from scout_adapters import llm
from scout_adapters.asking import timeouts_from
from scout_adapters.errors import NoKeyError
from scout_adapters.llm.clock import SYSTEM, Clock
from scout_adapters.options import FIELDS, PATIENCE, without_secrets

if TYPE_CHECKING:
    from scout_adapters.llm.types import Json


class ChatOptions(BaseChatModel):
    """What can be set on a model: of its requests, and of how long and how often a call tries."""

    model_config = ConfigDict(
        populate_by_name=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
        defer_build=True,  # it takes 3 ms a class, of which there are many, and few are used
    )

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = Field(
        default=None, validation_alias=AliasChoices("max_tokens", "max_completion_tokens")
    )
    """The most tokens to answer with."""

    stop: list[str] | str | None = Field(
        default=None, validation_alias=AliasChoices("stop", "stop_sequences")
    )
    reasoning_effort: str | None = None
    """`"none"`, `"minimal"`, `"low"`, `"medium"` or `"high"`, said in each provider's words."""

    streaming: bool = False
    timeout: Any = Field(
        default=None, validation_alias=AliasChoices("timeout", "request_timeout"), exclude=True
    )
    """Seconds for the whole answer and every silence; or (connect, read); or `Timeouts`."""

    max_retries: int = 2
    """Second tries of one key, and waits; other keys and candidates are tried besides. 0: none."""

    max_wait: float = 30.0
    """Seconds that a call may wait for a key or a provider to come back."""

    deadline: float | None = None
    """Seconds for the call over all its attempts; None is no limit."""

    failover_on_refusal: bool = False
    """Whether a content policy's refusal goes to the next candidate."""

    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """Further fields of the request's body."""

    clock: Clock = Field(default=SYSTEM, exclude=True, repr=False)
    """Time and sleep; for tests."""

    _left_behind: tuple[str, ...] = PrivateAttr(default=())
    """The secrets that the model was given, and that did not come along with this copy."""

    @override
    def __getstate__(self) -> dict[Any, Any]:
        """Leave keys and headers behind: a pickle is a message or a file, and anybody's to read."""
        state = super().__getstate__()
        fields, left = self._portable(state["__dict__"])
        private = {**(state["__pydantic_private__"] or {})}
        private["_left_behind"] = tuple(dict.fromkeys((*self._left_behind, *left)))
        return {**state, "__dict__": fields, "__pydantic_private__": private}

    def _portable(self, fields: Json) -> tuple[Json, list[str]]:
        """Return the fields as they may leave the process, and the names of those that may not."""
        return without_secrets(fields)

    def _check_whole(self) -> None:
        """Refuse to ask with other keys than those that were given."""
        if self._left_behind:
            raise NoKeyError(
                f"this copy came without the {', '.join(self._left_behind)} that it was given: "
                "secrets do not travel in pickles; make the model where it is used, or give it "
                "none and let it read the environment there"
            )

    def _settings(self) -> Json:
        """Return the options that are set on the model."""
        settings: Json = {}
        for name in _settings_of(type(self)):
            value = getattr(self, name)
            if value is not None and value != []:
                settings[name] = value
        if self.model_kwargs:
            settings["extra"] = self.model_kwargs
        return settings

    def _patience(self, options: Json) -> llm.patience.Patience:
        """Take what a call says of its patience out of its options; the rest is the model's."""
        own = {name: options.pop(name, getattr(self, name)) for name in PATIENCE}
        return llm.patience.Patience(timeouts=timeouts_from(own.pop("timeout")), **own)


@cache
def _settings_of(model: type[ChatOptions]) -> tuple[str, ...]:
    """Name the options of a request that a class has."""
    return tuple(name for name in sorted(FIELDS | {"stop"}) if name in model.model_fields)
