"""A chat model without HTTP: its answers come from a script."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LangSmithParams, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, convert_to_openai_messages
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import ConfigDict, Field, PrivateAttr
from typing_extensions import override

from scout_adapters.testing.faults.broken_answers import CutMidStream
from scout_adapters.testing.faults.refusals import Fault
from scout_adapters.testing.ids import Ids
from scout_adapters.testing.model.answer import Answer, answer_for
from scout_adapters.testing.model.chat_request import ReceivedRequest
from scout_adapters.testing.protocols import openai_chat
from scout_adapters.testing.scripts.answer_script import AnswerScript, UnexpectedRequest
from scout_adapters.testing.scripts.fake_messages import fake_chunks, fake_message
from scout_adapters.testing.scripts.fault_errors import error_of
from scout_adapters.testing.scripts.scripted_answer import ScriptedAnswer


class ScoutFakeChatModel(BaseChatModel):
    """A LangChain chat model that answers from a script, without HTTP and keys.

        script = AnswerScript()
        script.on(contains="weather").calls("get_weather", city="Paris").then_says("21 °C")
        model = ScoutFakeChatModel(script=script)

    A request without a rule raises `UnexpectedRequest`; without any rule, the answer is made by the
    emulator's own rules. A fault of the script raises the error that it causes.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, populate_by_name=True)

    script: AnswerScript = Field(default_factory=AnswerScript, exclude=True)
    model_name: str = Field(default="fake", alias="model")
    provider: str | None = None
    """The provider that rules name; None to use all rules."""

    temperature: float | None = None
    max_tokens: int | None = None
    stop: list[str] | None = None
    timeout: float | None = None
    max_retries: int | None = None
    _requests: list[ReceivedRequest] = PrivateAttr(default_factory=list)
    _ids: Ids = PrivateAttr(default_factory=lambda: Ids("fake"))

    @property
    def requests(self) -> list[ReceivedRequest]:
        """The requests so far."""
        return self._requests

    @property
    @override
    def _llm_type(self) -> str:
        return "scout-fake"

    @override
    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop, **kwargs)
        model = kwargs.get("model") or self.model_name
        return params | LangSmithParams(ls_provider="fake", ls_model_name=model)

    @override
    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Bind tools; `tool_choice` is "auto", "any", "none" or the name of one."""
        forms = [convert_to_openai_tool(tool) for tool in tools]
        choice = {} if tool_choice is None else {"tool_choice": _choice(tool_choice)}
        return self.bind(tools=forms, **choice, **kwargs)

    @override
    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        request = self._request(messages, stream=False, **kwargs)
        scripted = self._scripted(request)
        if scripted.fault is not None:
            raise error_of(scripted.fault, self.provider or "openai", request)
        message = fake_message(request, self._answer(request, scripted), self._next_ids())
        return ChatResult(generations=[ChatGeneration(message=message)])

    @override
    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        request = self._request(messages, stream=True, **kwargs)
        scripted = self._scripted(request)
        chunks = fake_chunks(request, self._answer(request, scripted), self._next_ids())
        for message in chunks[: _arriving(scripted.fault)]:
            chunk = ChatGenerationChunk(message=message)
            if run_manager:
                run_manager.on_llm_new_token(str(message.text), chunk=chunk)
            yield chunk
        if scripted.fault is not None:
            raise error_of(scripted.fault, self.provider or "openai", request)

    def _request(
        self, messages: list[BaseMessage], *, stream: bool, **options: Any
    ) -> ReceivedRequest:
        form: Any = {"model": self.model_name, **options, "stream": stream}
        form["messages"] = convert_to_openai_messages(messages)
        request = openai_chat.read(form)
        self.requests.append(request)
        return request

    def _scripted(self, request: ReceivedRequest) -> ScriptedAnswer:
        if not self.script:
            return ScriptedAnswer(is_own=True)
        held = self.script.hold(self.provider, request)
        if isinstance(held, str):
            raise UnexpectedRequest(held)
        return held.answer

    def _answer(self, request: ReceivedRequest, scripted: ScriptedAnswer) -> Answer:
        return scripted.answer_to(request) or answer_for(request, self.model_name)

    def _next_ids(self) -> Ids:
        return self._ids.of(len(self.requests))


def _arriving(fault: Fault | None) -> int | None:
    """Return how many chunks arrive before a fault; None for all."""
    if fault is None:
        return None
    return fault.after if isinstance(fault, CutMidStream) else 0


def _choice(tool_choice: Any) -> Any:
    if tool_choice in {"auto", "none"} or not isinstance(tool_choice, str):
        return tool_choice
    if tool_choice in {"any", "required"}:
        return "required"
    return {"type": "function", "function": {"name": tool_choice}}
