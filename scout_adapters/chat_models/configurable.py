"""A chat model whose name and options are chosen by the configuration of each call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

from langchain_core.language_models import LanguageModelInput
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.configurable import DynamicRunnable
from pydantic import Field, SkipValidation
from typing_extensions import override

from scout_adapters._internal.json_values import Json
from scout_adapters.chat_models.hidden_secrets import without_given_secrets
from scout_adapters.errors import NoKeyError


class ScoutConfigurableChatModel(DynamicRunnable[LanguageModelInput, Any]):
    """Creates the chat model of each call from default options and `config["configurable"]`.

    model = init_scout_model("groq/llama-3.3-70b-versatile", configurable_fields="any")
    model.with_config(model="anthropic/claude-haiku-4-5").invoke("Hello")
    """

    default: Any = None
    """Unused: the model is created for each configuration."""

    create: SkipValidation[Callable[..., Any]]
    """Function that creates a chat model from options."""

    options: Json = Field(default_factory=dict, repr=False, exclude=True)
    """The options that a configuration does not replace."""

    names: Sequence[str] | None = None
    """The options that a configuration may replace; None for all."""

    prefix: str = ""
    """Prefix of option names in a configuration."""

    operations: tuple[tuple[str, tuple[Any, ...], Json], ...] = ()
    """`bind_tools` and `with_structured_output`, applied to the model when it is created."""

    missing_secrets: tuple[str, ...] = Field(default=(), repr=False)
    """Names of the options that this unpickled copy lacks, because pickles have no keys."""

    @classmethod
    @override
    def is_lc_serializable(cls) -> bool:
        return False  # the JSON of traces would have the options, keys included

    @override
    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Return a copy that shares the options, which never change, with this object."""
        memo = {} if memo is None else memo
        memo[id(self.options)] = self.options
        return super().__deepcopy__(memo)

    @override
    def __getstate__(self) -> dict[Any, Any]:
        """Return the state of a pickle, without keys and headers: anyone may read a pickle."""
        state = super().__getstate__()
        options, removed = without_given_secrets(self.options)
        missing = tuple(dict.fromkeys((*self.missing_secrets, *removed)))
        fields = {**state["__dict__"], "options": options, "missing_secrets": missing}
        return {**state, "__dict__": fields}

    @property
    @override
    def InputType(self) -> Any:
        return LanguageModelInput

    @property
    @override
    def OutputType(self) -> Any:
        return Any

    @override
    def _prepare(
        self, config: RunnableConfig | None = None
    ) -> tuple[Runnable[LanguageModelInput, Any], RunnableConfig]:
        if self.missing_secrets:
            raise NoKeyError(
                f"this model came without the {', '.join(self.missing_secrets)} of its original, "
                "because secrets are not pickled: create the model where it is used"
            )
        model: Any = self.create(self.options, self._chosen(config))
        for name, arguments, options in self.operations:
            model = getattr(model, name)(*arguments, **options)
        return model, config or {}

    def _chosen(self, config: RunnableConfig | None) -> Json:
        values = (config or {}).get("configurable") or {}
        chosen = {
            name.removeprefix(self.prefix): value
            for name, value in values.items()
            if name.startswith(self.prefix)
        }
        if self.names is None:
            return {name: chosen[name] for name in chosen if not name.startswith(RESERVED)}
        return {name: chosen[name] for name in self.names if name in chosen}

    def _then(self, name: str, *arguments: Any, **options: Any) -> ScoutConfigurableChatModel:
        operations = (*self.operations, (name, arguments, options))
        return self.model_copy(update={"operations": operations})

    def bind_tools(self, tools: Sequence[Any], **options: Any) -> Runnable[LanguageModelInput, Any]:
        """Return the model with tools for every call; see `ScoutChatModel.bind_tools`."""
        return self._then("bind_tools", tools, **options)

    def with_structured_output(
        self, schema: Any, **options: Any
    ) -> Runnable[LanguageModelInput, Any]:
        """Return a runnable that answers in the form of `schema`."""
        return self._then("with_structured_output", schema, **options)


RESERVED = ("__", "thread_id", "checkpoint", "user_id", "run_id", "assistant_id", "graph_id")
"""Prefixes of configuration keys that LangGraph sets, which are no options."""
