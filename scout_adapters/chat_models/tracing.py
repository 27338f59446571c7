"""Names and parameters of a chat model in traces, cache keys and LangSmith."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import LangSmithParams
from typing_extensions import override

from scout_adapters._internal.redaction import mask_values

if TYPE_CHECKING:
    from scout_adapters._internal.json_values import Json
    from scout_adapters.chat_models.options import ChatOptions
else:
    ChatOptions = ABC  # a mixin: a pydantic class takes 2.5 ms to import and 45 kB


class TracedChatModel(ChatOptions):
    """Adds parameters for traces and cache keys to chat models, without secrets."""

    @abstractmethod
    def _default_model(self) -> str:
        """Return the name of the model that is tried first."""

    @property
    @abstractmethod
    def _ls_provider(self) -> str:
        """The provider's name in LangSmith."""

    @property
    @override
    def _identifying_params(self) -> dict[str, Any]:
        settings = self._settings()
        if "extra" in settings:
            settings["extra"] = mask_values(settings["extra"])
        return {"model": self._default_model(), "provider": self._ls_provider, **settings}

    @override
    def _get_invocation_params(self, stop: list[str] | None = None, **kwargs: Any) -> Json:
        # The call's `stop` replaces the model's, as in core. Core's own method would also look for
        # overrides of a deprecated method, which takes 10 µs.
        params = {**self._identifying_params, "_type": self._llm_type}
        return {**params, "stop": self.stop if stop is None else stop, **kwargs}

    @override
    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = LangSmithParams(
            ls_provider=self._ls_provider,
            ls_model_name=kwargs.get("model") or self._default_model(),
            ls_model_type="chat",
        )
        if (temperature := kwargs.get("temperature", self.temperature)) is not None:
            params["ls_temperature"] = temperature
        if (max_tokens := kwargs.get("max_tokens", self.max_tokens)) is not None:
            params["ls_max_tokens"] = max_tokens
        if stops := self.stop if stop is None else stop:
            params["ls_stop"] = [stops] if isinstance(stops, str) else stops
        return params
